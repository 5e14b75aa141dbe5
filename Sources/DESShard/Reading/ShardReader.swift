import DESBase

/// Reads a shard in a local file: its index once, then each file by one read of its range. Calls block.
///
/// Big files are read from `_bigFiles/` beside the shard.
public final class ShardReader: Sendable {
    /// The shard's file.
    public let path: String
    /// What is in it.
    public let index: ShardIndex
    /// Size of the shard in bytes, big files not included.
    public let sizeInBytes: UInt64

    let file: OpenFile
    private let bigFilesDirectory: String

    /// Opens a shard and checks its index.
    ///
    /// - Parameters:
    ///   - path: the shard's file.
    ///   - bigFilesDirectory: where its big files are; by default `_bigFiles` beside it.
    /// - Throws: `ShardError` when it cannot be read or breaks a rule of the format.
    public init(path: String, bigFilesDirectory: String? = nil) throws(ShardError) {
        self.path = path
        self.bigFilesDirectory =
            bigFilesDirectory ?? FileSystem.parentDirectory(of: path) + "/\(StoreDefaults.bigFilesFolder)"
        (file, sizeInBytes) = try Self.openFile(path)
        let header = try Self.read(file, 0..<min(sizeInBytes, UInt64(ShardFormat.headerSize)))
        let footerStart = sizeInBytes - min(sizeInBytes, UInt64(ShardFormat.footerSize))
        let footer = try Self.read(file, footerStart..<sizeInBytes)
        let layout = try ShardLayout(header: header.bytes, footer: footer.bytes, fileSize: sizeInBytes, file: path)
        index = try ShardIndex(
            storage: try Self.read(file, layout.index),
            version: layout.version,
            indexStart: layout.index.lowerBound,
            file: path,
            seed: .random(in: .min ... .max)
        )
    }

    /// The bytes of a file, checked; nil if the shard has no such uid.
    ///
    /// - Throws: `ShardError` when the entry or its bytes are damaged, or its big file cannot be had.
    public func contents(uid: String) throws(ShardError) -> [UInt8]? {
        guard let entry = try index.entry(uid: uid) else { return nil }
        var contents: [UInt8] = []
        try withPieces(of: entry, decoder: PayloadDecoder()) { contents.append(contentsOf: $0) }
        return contents
    }

    /// Gives the bytes of an entry piece by piece: an inline one whole and checked, a big file in pieces of at most
    /// 1 MiB, whose size and hash are checked at the end.
    ///
    /// - Throws: `ShardError` on damage; what `body` throws ends the walk as an `inputOutput` error.
    public func withPieces(
        of entry: ShardEntry, decoder: PayloadDecoder, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws(ShardError) {
        switch entry.content {
        case .inline(let offset, let storedSize, _, let size):
            let stored = try Self.read(file, offset..<(offset + storedSize))
            let output = ByteBuffer(capacity: Int(min(size, 16 << 20)))
            try decoder.decode(entry, stored: stored.bytes, file: path, into: output)
            try deliver(output.bytes, of: entry, to: body)
        case .bigFile(let hash, let size):
            let bigFile = BigFileReader(
                path: "\(bigFilesDirectory)/\(hash)", sha256: hash, size: size, crc32: entry.meta.crc32, uid: entry.uid)
            try bigFile.forEachPiece { (piece) throws(ShardError) in try deliver(piece, of: entry, to: body) }
        }
    }

    private func deliver(
        _ piece: UnsafeRawBufferPointer, of entry: ShardEntry, to body: (UnsafeRawBufferPointer) throws -> Void
    ) throws(ShardError) {
        do { try body(piece) } catch let error as ShardError {
            throw error
        } catch {
            throw ShardError(.inputOutput, file: path, uid: entry.uid, "\(error)")
        }
    }

    /// Reads every inline entry in the order of the file, a window at a time, decodes and checks it, and tells of each
    /// entry whether it is whole. Big files are read too, unless told not to.
    ///
    /// - Parameters:
    ///   - includingBigFiles: whether the files in `_bigFiles` are read and hashed as well.
    ///   - body: gets the entry if it could be parsed, and the error if it is damaged.
    public func verify(
        includingBigFiles: Bool = true, decoder: PayloadDecoder = PayloadDecoder(),
        _ body: (Result<ShardEntry, ShardError>) throws -> Void
    ) rethrows {
        let window = ReadWindow(file: file)
        var output = ByteBuffer(capacity: 64 << 10)
        try index.forEachEntry { result in
            // One large file must not keep its memory for the small ones after it.
            if output.capacity > 4 << 20 { output = ByteBuffer(capacity: 64 << 10) }
            guard case .success(let entry) = result else { return try body(result) }
            do throws(ShardError) {
                if case .inline(let offset, let storedSize, _, _) = entry.content {
                    output.removeAll()
                    let stored: UnsafeRawBufferPointer
                    do throws(SystemError) { stored = try window.bytes(at: offset, count: Int(storedSize)) } catch {
                        throw ShardError(
                            .inputOutput, file: path, offset: offset, uid: entry.uid, error.description
                        )
                    }
                    guard stored.count == Int(storedSize) else {
                        throw ShardError(.corrupt, file: path, offset: offset, uid: entry.uid, "the file ends early")
                    }
                    try decoder.verify(entry, stored: stored, file: path, scratch: output)
                } else if includingBigFiles {
                    try withPieces(of: entry, decoder: decoder) { _ in }
                }
            } catch {
                return try body(.failure(error))
            }
            try body(result)
        }
    }

    /// Opens the file of a shard, which is not looked into.
    ///
    /// - Returns: also its size in bytes.
    package static func openFile(_ path: String) throws(ShardError) -> (file: OpenFile, size: UInt64) {
        do throws(SystemError) {
            let file = try OpenFile(path)
            let status = try file.status()
            guard status.kind == .regular else {
                throw SystemError(
                    code: 22, operation: "read as a shard, it is a \(status.kind.rawValue):", subject: path)
            }
            return (file, UInt64(status.size))
        } catch {
            throw ShardError(.inputOutput, file: path, error.description)
        }
    }

    /// Just the bytes of a range.
    package static func bytes(_ range: Range<UInt64>, of file: OpenFile) throws(ShardError) -> [UInt8] {
        let buffer = try read(file, range)
        defer { withExtendedLifetime(buffer) {} }
        return Array(buffer.bytes)
    }

    static func read(_ file: OpenFile, _ range: Range<UInt64>) throws(ShardError) -> ByteBuffer {
        let size = Int(range.count)
        let buffer = ByteBuffer(capacity: size)
        do throws(SystemError) {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer.reserve(size).prefix(size))
            let count = try file.read(into: room, at: Int64(range.lowerBound))
            buffer.commit(count)
        } catch {
            throw ShardError(.inputOutput, file: file.path, offset: range.lowerBound, error.description)
        }
        guard buffer.count == size else {
            throw ShardError(
                .corrupt, file: file.path, offset: range.lowerBound + UInt64(buffer.count),
                "expected \(size) bytes, the file ends"
            )
        }
        return buffer
    }
}
