import DESBase

/// The end of a shard that lies in a store, and what has to be read besides to have its index or an entry of it.
///
/// The header, which tells the version, may be left out: then the index itself has to show it.
package struct ShardTail: Sendable {
    /// How many bytes of the end to read at first: the index of most shards fits.
    package static let size = 64 << 10
    /// The bytes of a shard's header, which tells the format's version.
    package static let header: Range<UInt64> = 0..<UInt64(ShardFormat.headerSize)

    /// Where INDEX begins in the file.
    package let indexStart: UInt64
    /// Size of the shard in bytes.
    package let fileSize: UInt64
    /// 1 or 2; nil if neither the header was given nor the tail is the whole shard.
    package let version: UInt8?
    /// What errors call the shard.
    package let file: String

    /// The last bytes of the shard.
    package let bytes: [UInt8]
    private let index: Range<UInt64>

    /// - Parameters:
    ///   - bytes: the last bytes of the shard.
    ///   - header: the bytes of ``header``; nil if the tail is the whole shard, or if one read less is worth more than
    ///     knowing the version beforehand.
    ///   - file: what errors call the shard.
    /// - Throws: `ShardError` when header and footer are not those of a shard of that size.
    package init(_ bytes: [UInt8], header: [UInt8]? = nil, fileSize: UInt64, file: String) throws(ShardError) {
        let isWhole = UInt64(bytes.count) == fileSize
        guard UInt64(bytes.count) <= fileSize else {
            throw ShardError(.inputOutput, file: file, "the end of \(fileSize) bytes cannot have \(bytes.count)")
        }
        let header = isWhole ? Array(bytes.prefix(ShardFormat.headerSize)) : header
        let footer = Array(bytes.suffix(ShardFormat.footerSize))
        index = try Self.index(header, footer, fileSize: fileSize, file: file)
        // Byte 4 is there: the layout was checked with this header.
        version = header?[4]
        indexStart = index.lowerBound
        self.bytes = bytes
        self.fileSize = fileSize
        self.file = file
    }

    /// Bytes of INDEX.
    package var indexSize: UInt64 { UInt64(index.count) }

    /// What is to be read besides for the whole index, which may be nothing.
    package var missing: Range<UInt64> {
        let start = fileSize - UInt64(bytes.count)
        return index.lowerBound..<max(index.lowerBound, min(start, index.upperBound))
    }

    /// The bytes of a range of the file, if the tail has all of them: then they need not be read.
    package func bytes(in range: Range<UInt64>) -> ArraySlice<UInt8>? {
        let start = fileSize - UInt64(bytes.count)
        guard range.lowerBound >= start, range.upperBound <= fileSize else { return nil }
        return bytes[Int(range.lowerBound - start)..<Int(range.upperBound - start)]
    }

    /// Of INDEX's last bytes, as a lookup table has it; nil if the tail does not reach so far.
    var indexEndChecksum: CRC32? {
        let covered = min(indexSize, UInt64(LookupFormat.indexEndSize))
        return bytes(in: (index.upperBound - covered)..<index.upperBound).map {
            $0.withUnsafeBytes { CRC32(of: $0) }
        }
    }

    /// The index.
    ///
    /// - Parameter front: the bytes of ``missing``.
    /// - Throws: `ShardError` when they are not all there, or the index breaks a rule of the format. `ambiguousVersion`
    ///   if only the header can tell how to read it, which no index that was written for its files is known to need.
    package func index(front: [UInt8]) throws(ShardError) -> ShardIndex {
        guard UInt64(front.count) == UInt64(missing.count) else {
            throw ShardError(
                .inputOutput, file: file, offset: missing.lowerBound,
                "expected \(missing.count) bytes, found \(front.count)")
        }
        let storage = ByteBuffer(capacity: Int(indexSize))
        front.withUnsafeBytes { storage.append($0) }
        bytes.withUnsafeBytes { bytes in
            let end = bytes.count - ShardFormat.footerSize
            let start = max(0, end - (Int(indexSize) - front.count))
            storage.append(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
        }
        guard let version else { return try indexOfUnknownVersion(storage) }
        return try index(storage, version: version)
    }

    private func index(_ storage: ByteBuffer, version: UInt8) throws(ShardError) -> ShardIndex {
        try ShardIndex(
            storage: storage, version: version, indexStart: indexStart, file: file, seed: .random(in: .min ... .max))
    }

    /// Entries of version 2 have at least five bytes more, so with one version right, the other loses its way at the
    /// second entry and hardly ever ends exactly. "Hardly ever" is not enough where uids can be chosen, so what can be
    /// read both ways is an error.
    private func indexOfUnknownVersion(_ storage: ByteBuffer) throws(ShardError) -> ShardIndex {
        // Its bytes are a pointer, which keeps nothing alive.
        defer { withExtendedLifetime(storage) {} }
        let newer: ShardIndex
        do throws(ShardError) { newer = try index(storage, version: 2) } catch {
            // If it is neither, what is wrong with it as what is written today says more.
            guard let older = try? index(storage, version: 1) else { throw error }
            return older
        }
        guard newer.count > 0, ShardIndex.canBeRead(storage.bytes, version: 1, dataEnd: indexStart) else {
            return newer
        }
        throw ShardError(
            .ambiguousVersion, file: file, offset: indexStart,
            "the index can be read as version 1 and as version 2; only the header can tell which it is")
    }

    private static func index(
        _ header: [UInt8]?, _ footer: [UInt8], fileSize: UInt64, file: String
    ) throws(ShardError) -> Range<UInt64> {
        let result = (header ?? []).withUnsafeBytes { bytes in
            footer.withUnsafeBytes { footer in
                Result { () throws(ShardError) in
                    guard header != nil else {
                        return try ShardLayout.index(footer: footer, fileSize: fileSize, file: file)
                    }
                    return try ShardLayout(header: bytes, footer: footer, fileSize: fileSize, file: file).index
                }
            }
        }
        return try result.get()
    }
}
