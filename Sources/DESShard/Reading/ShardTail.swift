/// The end of a shard that lies in a store, and what has to be read besides to have its index.
package struct ShardTail: Sendable {
    /// How many bytes of the end to read at first: the index of most shards fits.
    package static let size = 64 << 10
    /// The bytes of a shard's header, which tells the format's version.
    package static let header: Range<UInt64> = 0..<UInt64(ShardFormat.headerSize)

    private let bytes: [UInt8]
    private let fileSize: UInt64
    private let layout: ShardLayout
    private let file: String

    /// - Parameters:
    ///   - bytes: the last bytes of the shard.
    ///   - header: the bytes of ``header``; nil if the tail is the whole shard.
    ///   - file: what errors call the shard.
    /// - Throws: `ShardError` when header and footer are not those of a shard of that size.
    package init(_ bytes: [UInt8], header: [UInt8]?, fileSize: UInt64, file: String) throws(ShardError) {
        let header = header ?? Array(bytes.prefix(ShardFormat.headerSize))
        let footer = Array(bytes.suffix(ShardFormat.footerSize))
        layout = try Self.layout(header, footer, fileSize: fileSize, file: file)
        self.bytes = bytes
        self.fileSize = fileSize
        self.file = file
    }

    /// Bytes of INDEX.
    package var indexSize: UInt64 { UInt64(layout.index.count) }

    /// What is to be read besides, which may be nothing.
    package var missing: Range<UInt64> {
        let start = fileSize - UInt64(bytes.count)
        return layout.index.lowerBound..<max(layout.index.lowerBound, min(start, layout.index.upperBound))
    }

    /// The index.
    ///
    /// - Parameter front: the bytes of ``missing``.
    /// - Throws: `ShardError` when they are not all there, or the index breaks a rule of the format.
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
        return try ShardIndex(
            storage: storage, version: layout.version, indexStart: layout.index.lowerBound, file: file,
            seed: .random(in: .min ... .max))
    }

    private static func layout(
        _ header: [UInt8], _ footer: [UInt8], fileSize: UInt64, file: String
    ) throws(ShardError) -> ShardLayout {
        let result = header.withUnsafeBytes { header in
            footer.withUnsafeBytes { footer in
                Result { () throws(ShardError) in
                    try ShardLayout(header: header, footer: footer, fileSize: fileSize, file: file)
                }
            }
        }
        return try result.get()
    }
}
