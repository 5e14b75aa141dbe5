/// Decodes and checks payloads with reused contexts; one task uses it at a time.
public final class PayloadDecoder {
    private let decompressor = PayloadDecompressor()

    /// A decoder with contexts of its own.
    public init() {}

    /// Appends the original bytes of an inline entry to the buffer, checked against its size and, if it has one, its
    /// CRC-32. On an error nothing is appended.
    ///
    /// - Parameters:
    ///   - stored: the bytes of the entry's range.
    ///   - file: what errors call the shard.
    package func decode(
        _ entry: ShardEntry, stored: UnsafeRawBufferPointer, file: String, into output: ByteBuffer
    ) throws(ShardError) {
        guard case .inline(let offset, _, let codec, let size) = entry.content else { return }
        let start = output.count
        do throws(PayloadDecompressor.Failure) {
            try decompressor.append(stored, codec: codec, size: Int(size), to: output)
        } catch {
            output.truncate(to: start)
            throw ShardError(.corrupt, file: file, offset: offset, uid: entry.uid, error.message)
        }
        guard let expected = entry.meta.crc32 else { return }
        let found = CRC32(of: output.bytes(start..<output.count))
        guard found == expected else {
            output.truncate(to: start)
            throw ShardError(
                .corrupt, file: file, offset: offset, uid: entry.uid, "expected CRC-32 \(expected), found \(found)"
            )
        }
    }
}
