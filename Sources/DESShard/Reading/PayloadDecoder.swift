import DESBase

/// Decodes and checks payloads with reused contexts; one task uses it at a time.
public final class PayloadDecoder {
    private let decompressor = PayloadDecompressor()
    private let scratch = ByteBuffer(capacity: 0)

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
        if codec == .none {
            try check(stored, size: size, entry, offset: offset, file: file)
            output.append(stored)
            return
        }
        let start = output.count
        do throws(PayloadDecompressor.Failure) {
            try decompressor.append(stored, codec: codec, size: Int(size), to: output)
        } catch {
            output.truncate(to: start)
            throw ShardError(.corrupt, file: file, offset: offset, uid: entry.uid, error.message)
        }
        do throws(ShardError) {
            try check(output.bytes(start..<output.count), size: size, entry, offset: offset, file: file)
        } catch {
            output.truncate(to: start)
            throw error
        }
    }

    /// Puts the original bytes of an inline entry where they are wanted, checked against its size and, if it has one, its
    /// CRC-32. On an error what is there then is of no use.
    ///
    /// - Parameter output: as large as the entry says.
    package func decode(
        _ entry: ShardEntry, stored: UnsafeRawBufferPointer, file: String, to output: UnsafeMutableRawBufferPointer
    ) throws(ShardError) {
        guard case .inline(let offset, _, let codec, let size) = entry.content else { return }
        if codec == .zstd {
            do throws(PayloadDecompressor.Failure) {
                try decompressor.decodeZstd(stored, to: output)
            } catch {
                throw ShardError(.corrupt, file: file, offset: offset, uid: entry.uid, error.message)
            }
            try check(UnsafeRawBufferPointer(output), size: size, entry, offset: offset, file: file)
        } else {
            scratch.removeAll()
            try decode(entry, stored: stored, file: file, into: scratch)
            output.copyMemory(from: scratch.bytes)
        }
    }

    /// Decodes an inline entry only to see whether it is whole.
    ///
    /// - Parameter scratch: an empty buffer for the original bytes, if the entry is compressed.
    package func verify(
        _ entry: ShardEntry, stored: UnsafeRawBufferPointer, file: String, scratch: ByteBuffer
    ) throws(ShardError) {
        if case .inline(let offset, _, .none, let size) = entry.content {
            try check(stored, size: size, entry, offset: offset, file: file)
        } else {
            try decode(entry, stored: stored, file: file, into: scratch)
        }
    }

    private func check(
        _ original: UnsafeRawBufferPointer, size: UInt64, _ entry: ShardEntry, offset: UInt64, file: String
    ) throws(ShardError) {
        guard UInt64(original.count) == size else {
            throw ShardError(
                .corrupt, file: file, offset: offset, uid: entry.uid,
                "expected \(size) bytes, found \(original.count)"
            )
        }
        guard let expected = entry.meta.crc32 else { return }
        let found = CRC32(of: original)
        guard found == expected else {
            throw ShardError(
                .corrupt, file: file, offset: offset, uid: entry.uid, "expected CRC-32 \(expected), found \(found)"
            )
        }
    }
}
