import DESShard
import DESStorage
import Synchronization

/// A shard of a place that can be looked into.
final class OpenShard: Sendable {
    /// So many entries are looked up one by one; for more the index is read.
    private static let mostLookups = 64

    /// Of its file or object, without folders.
    let name: String
    private let content: any ShardContent
    private let shard: RemoteShard
    private let state = Mutex<(directory: RemoteShard.Directory?, lookups: Int)>((nil, 0))

    /// Reads its end.
    ///
    /// - Throws: `ShardProblem` when it cannot be read, or is no shard.
    init(name: String, _ content: any ShardContent) async throws(ShardProblem) {
        self.name = name
        self.content = content
        shard = try await Self.attempt(content) {
            let ends = try await content.ends()
            return try RemoteShard(end: ends.end, header: ends.header, size: ends.size, file: content.address) {
                range, _ in try await content.read(range, uid: nil)
            }
        }
    }

    /// Of the shard, in bytes.
    var sizeInBytes: UInt64 { shard.tail.fileSize }
    /// What is still to be read for the index, in bytes.
    var missingIndexBytes: Int { shard.tail.missing.count }
    /// Memory that it takes, in bytes.
    var memoryInBytes: Int { state.withLock { $0.directory?.sizeInBytes ?? 0 } + shard.tail.bytes.count }

    func problem(_ error: ShardError) -> ShardProblem { content.problem(error) }

    /// Reads what leads to single entries.
    ///
    /// - Throws: `ShardProblem` when it cannot be read, or is damaged.
    func prepare() async throws(ShardProblem) { _ = try await directory(usesTable: true) }

    /// All of its index.
    ///
    /// - Throws: as ``prepare()``.
    func index() async throws(ShardProblem) -> ShardIndex {
        while true {
            if case .index(let index) = try await directory(usesTable: false) { return index }
        }
    }

    /// The entry of a uid.
    ///
    /// - Throws: `ShardProblem` when the entry is there but damaged.
    func entry(uid: String) async throws(ShardProblem) -> ShardEntry? {
        let lookups = state.withLock { state in
            state.lookups += 1
            return state.lookups
        }
        let directory = try await directory(usesTable: lookups <= Self.mostLookups)
        let (entry, index) = try await Self.attempt(content) { [shard] in
            try await shard.entry(uid: uid, in: directory)
        }
        if let index { state.withLock { $0.directory = .index(index) } }
        return entry
    }

    /// Gives the bytes of any entry piece by piece, checked; a big file is checked while it is given.
    func forEachPiece(
        of entry: ShardEntry, decoder: PayloadDecoder, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) async throws(ShardProblem) {
        switch entry.content {
        case .inline(let offset, let storedSize, _, let size):
            let range = offset..<(offset + storedSize)
            let stored: [UInt8]
            if let known = shard.tail.bytes(in: range) {
                stored = Array(known)
            } else {
                stored = try await content.read(range, uid: entry.uid)
            }
            let output = ByteBuffer(capacity: Int(min(size, 16 << 20)))
            let decoded = stored.withUnsafeBytes { stored in
                Result { () throws(ShardError) in
                    try decoder.decode(entry, stored: stored, file: content.address, into: output)
                }
            }
            do throws(ShardError) { try decoded.get() } catch { throw problem(error) }
            do { try body(output.bytes) } catch {
                throw ShardProblem(.unreadable, file: content.address, uid: entry.uid, "\(error)")
            }
        case .bigFile(let hash, let size):
            try await content.forEachPiece(ofBigFile: hash, size: size, entry: entry, body)
        }
    }

    /// All of it in a local file, fetched if it is remote; big files are not in it.
    func whole() async throws(ShardProblem) -> WholeShard { try await content.whole(shard.tail) }

    /// Reads everything and tells of each entry whether it is whole; the big files of a remote shard come last.
    ///
    /// - Throws: `ShardProblem` when the shard cannot be read, and what `body` throws.
    func verify(
        decoder: PayloadDecoder, _ body: (Result<ShardEntry, ShardProblem>) throws -> Void
    ) async throws {
        let whole = try await whole()
        var bigFiles: [ShardEntry] = []
        try whole.reader.verify(includingBigFiles: whole.hasBigFiles, decoder: decoder) { result in
            switch result {
            case .success(let entry) where whole.isApart(entry): bigFiles.append(entry)
            case .success(let entry): try body(.success(entry))
            case .failure(let error): try body(.failure(whole.problem(error)))
            }
        }
        do throws(ShardError) { _ = try whole.reader.verifyLookupTable() } catch {
            try body(.failure(whole.problem(error)))
        }
        for entry in bigFiles {
            do throws(ShardProblem) {
                try await forEachPiece(of: entry, decoder: decoder) { _ in }
            } catch {
                try body(.failure(error))
                continue
            }
            try body(.success(entry))
        }
    }

    private func directory(usesTable: Bool) async throws(ShardProblem) -> RemoteShard.Directory {
        switch state.withLock({ $0.directory }) {
        case .index(let index): return .index(index)
        case .table(let table) where usesTable: return .table(table)
        case .table, nil: break
        }
        let loaded = try await Self.attempt(content) { [shard] in try await shard.load(usesTable: usesTable) }
        state.withLock { $0.directory = loaded.directory }
        return loaded.directory
    }

    private static func attempt<Value>(
        _ content: any ShardContent, _ body: () async throws -> Value
    ) async throws(ShardProblem) -> Value {
        do { return try await body() } catch let problem as ShardProblem {
            throw problem
        } catch let error as ShardError {
            throw content.problem(error)
        } catch {
            throw ShardProblem(.unreadable, file: content.address, "\(error)")
        }
    }
}
