import DESBase
import DESShard
import DESStorage

/// A shard in a store.
struct RemoteObject: ShardContent {
    let source: RemoteSource
    private let key: String
    /// As the store told of it, in bytes.
    private let listedSize: UInt64

    init(_ object: ObjectAttributes, _ source: RemoteSource) {
        self.source = source
        key = object.key
        listedSize = object.size
    }

    var address: String { source.address(of: key) }

    func ends() async throws(ShardProblem) -> ShardEnds {
        async let early = early()
        let (end, size) = try await end()
        // It may have been replaced since it was listed.
        var header = try await early.get()
        if header == nil, size > UInt64(end.count) { header = try await source.read(key, ShardTail.header) }
        return ShardEnds(header: UInt64(end.count) < size ? header : nil, end: end, size: size)
    }

    /// The header, unless it is among the last bytes.
    private func early() async -> Result<[UInt8]?, ShardProblem> {
        guard listedSize > UInt64(ShardTail.size) else { return .success(nil) }
        do throws(ShardProblem) { return .success(try await source.read(key, ShardTail.header)) } catch {
            return .failure(error)
        }
    }

    private func end() async throws(ShardProblem) -> (bytes: [UInt8], size: UInt64) {
        // Some servers refuse to give the end of nothing.
        guard listedSize > 0 else { return ([], 0) }
        let tail: (bytes: [UInt8], size: UInt64)
        do throws(StorageError) { tail = try await source.store.readTail(key, count: ShardTail.size) } catch {
            throw source.unreadable(key, error)
        }
        guard UInt64(tail.bytes.count) == min(tail.size, UInt64(ShardTail.size)) else {
            throw ShardProblem(.unreadable, file: address, "asked for its end, \(tail.bytes.count) bytes came")
        }
        return tail
    }

    func read(_ range: Range<UInt64>, uid: String?) async throws(ShardProblem) -> [UInt8] {
        guard range.count > RemoteSource.pieceSize else { return try await source.read(key, range, uid: uid) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        try await source.forEachPiece(of: key, range, uid: uid) { piece, _ in bytes += piece }
        return bytes
    }

    func forEachPiece(
        ofBigFile hash: String, size: UInt64, entry: ShardEntry, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) async throws(ShardProblem) {
        let key = "\(source.bigFilesPrefix)/\(hash)"
        let part = source.part(of: self.key)
        func damage(_ message: String) -> ShardProblem {
            ShardProblem(.damage, file: source.address(of: key), uid: entry.uid, message)
        }
        let attributes: ObjectAttributes?
        do throws(StorageError) { attributes = try await part.store.attributes(of: key) } catch {
            throw source.unreadable(key, uid: entry.uid, error)
        }
        guard let attributes else { throw damage("there is no such object") }
        guard attributes.size == size else { throw damage("expected \(size) bytes, found \(attributes.size)") }
        let proof = BigFileProof(sha256: hash, size: size, crc32: entry.meta.crc32)
        try await part.forEachPiece(of: key, 0..<size, uid: entry.uid) { bytes, _ in
            try bytes.withUnsafeBytes { piece in
                proof.add(piece)
                try body(piece)
            }
        }
        if let problem = proof.finish() { throw damage(problem) }
    }

    func whole(_ tail: ShardTail) async throws(ShardProblem) -> WholeShard {
        let file = try kept { () throws(SystemError) in
            try TemporaryFile(in: source.temporaryFolder, size: tail.fileSize)
        }
        let start = tail.fileSize - UInt64(tail.bytes.count)
        try kept { () throws(SystemError) in try file.write(tail.bytes, at: start) }
        try await source.forEachPiece(of: key, 0..<start) { bytes, offset in
            try kept { () throws(SystemError) in try file.write(bytes, at: offset) }
        }
        let problem: @Sendable (ShardError) -> ShardProblem = { [address] error in
            ShardProblem(error, copy: file.path, address: address)
        }
        do throws(ShardError) {
            return WholeShard(reader: try ShardReader(path: file.path), hasBigFiles: false, problem: problem)
        } catch { throw problem(error) }
    }

    func problem(_ error: ShardError) -> ShardProblem { ShardProblem(error, copy: address, address: address) }

    private func kept<Value>(_ body: () throws(SystemError) -> Value) throws(ShardProblem) -> Value {
        do throws(SystemError) { return try body() } catch {
            throw ShardProblem(
                .unreadable, file: address, isOfLocalDisk: error.isUnwritable,
                "no copy of it could be kept in \(source.temporaryFolder): \(error.reason)")
        }
    }
}
