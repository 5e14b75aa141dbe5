import DESBase
import DESRouting
import DESStorage
import Synchronization

/// A shard in a store, all shards of a store, or those whose names begin in one way.
final class RemotePlace: ShardPlace {
    /// Shards whose indexes are fetched at a time, before they are needed.
    private static let shardsAhead = 8
    /// Larger indexes are read one at a time, in bytes.
    private static let largestIndexAhead = 4 << 20
    /// Shards that are kept for the next search, and the memory of one at most, in bytes.
    private static let keptCount = 8
    private static let keptBytes = 32 << 20

    private let source: RemoteSource
    /// The only one, if the place is one shard.
    private let shard: ObjectAttributes?
    /// What the names of the shards begin with.
    private let namePrefix: String
    private let state = Mutex(State())

    private struct State {
        /// Those that a search has looked into.
        var visited: [ByteString: ObjectAttributes] = [:]
        /// All shards, once they were needed at a time.
        var shards: [ObjectAttributes]?
        /// Those of the last searches, the latest last.
        var kept: [(key: String, shard: OpenShard)] = []
    }

    private init(_ source: RemoteSource, shard: ObjectAttributes? = nil, namePrefix: String = "") {
        self.source = source
        self.shard = shard
        self.namePrefix = namePrefix
    }

    /// Asks the store for the shard, if the address may be that of one; a prefix is not looked into yet.
    ///
    /// - Throws: `PlaceError` when the store does not tell; what making the store throws.
    static func open(
        _ address: RemoteAddress, _ opening: PlaceOpening, bigFilesPrefix: String
    ) async throws -> RemotePlace {
        func source(_ address: RemoteAddress) async throws -> RemoteSource {
            RemoteSource(
                store: try await opening.store(address.text), address: address, bigFilesPrefix: bigFilesPrefix,
                temporaryFolder: opening.temporaryFolder)
        }
        if address.mayBeShard {
            let (folder, name) = address.folderAndName
            let source = try await source(folder)
            do throws(StorageError) {
                if let shard = try await source.store.attributes(of: name) { return RemotePlace(source, shard: shard) }
            } catch {
                throw PlaceError(message: "cannot read \(address.text): \(error)")
            }
        }
        let all = try await source(address)
        guard let prefix = address.namePrefix else { return RemotePlace(all) }
        // A prefix of the store that is called so goes first.
        var listing = RemoteListing(all)
        if try await listing.next() != nil { return RemotePlace(all) }
        return RemotePlace(try await source(address.folderAndName.folder), namePrefix: prefix.text)
    }

    func forEachShard(_ body: (Result<OpenShard, ShardProblem>) async throws -> Void) async throws {
        if let shard {
            try await body(await opened(shard))
            return
        }
        var listing = RemoteListing(source, prefix: namePrefix)
        var isEmpty = true
        try await ReadAhead.run(
            Self.shardsAhead, next: { try await listing.next() }, work: { await self.opened($0) },
            use: { shard in
                isEmpty = false
                try await body(shard)
                return true
            })
        if isEmpty { throw nothing }
    }

    func search(
        day: String?, wants: (ShardFileName?) -> Bool, _ body: (Result<OpenShard, ShardProblem>) async throws -> Void
    ) async throws {
        if let shard {
            try await visit([shard], body)
            return
        }
        var visited: Set<ByteString> = []
        if let day, namePrefix.isEmpty {
            let shards = ShardOrder.newestFirst(try await list(prefix: "\(day)_"), name: \.key)
            visited = Set(shards.map { ByteString($0.key) })
            try await visit(shards, wants: wants, body)
            // What is not named after a day may have it as well.
            guard wants(nil) else { return }
        }
        let rest = ShardOrder.newestFirst(try await allShards(), name: \.key).filter { shard in
            guard !visited.contains(ByteString(shard.key)) else { return false }
            return day == nil || tellingName(shard.key).map { $0.dateDirectory == day } ?? true
        }
        try await visit(rest, wants: wants, body)
    }

    func open(
        _ names: [String], _ body: (Result<OpenShard, ShardProblem>) async throws -> Void
    ) async throws {
        let known = state.withLock { $0.visited }
        try await visit(names.compactMap { known[ByteString($0)] }, body)
    }

    func tellingName(_ shard: String) -> ShardFileName? { self.shard == nil ? ShardFileName(shard) : nil }

    private var nothing: PlaceError {
        let place = namePrefix.isEmpty ? source.address.text : "\(source.address.text)/\(namePrefix)"
        return PlaceError(message: "there is nothing at \(place)")
    }

    private func allShards() async throws -> [ObjectAttributes] {
        if let known = state.withLock({ $0.shards }) { return known }
        let shards = try await list(prefix: namePrefix)
        guard !shards.isEmpty else { throw nothing }
        state.withLock { $0.shards = shards }
        return shards
    }

    private func list(prefix: String) async throws -> [ObjectAttributes] {
        var listing = RemoteListing(source, prefix: prefix)
        var shards: [ObjectAttributes] = []
        while let shard = try await listing.next() { shards.append(shard) }
        return shards
    }

    /// - Parameter wants: asked before a shard is fetched, some of them ahead.
    private func visit(
        _ shards: [ObjectAttributes], wants: (ShardFileName?) -> Bool = { _ in true },
        _ body: (Result<OpenShard, ShardProblem>) async throws -> Void
    ) async throws {
        var rest = shards[...]
        try await ReadAhead.run(
            Self.shardsAhead,
            next: {
                while let shard = rest.popFirst() {
                    guard wants(tellingName(shard.key)) else { continue }
                    state.withLock { $0.visited[ByteString(shard.key)] = shard }
                    return shard
                }
                return nil
            },
            work: { await self.prepared($0) },
            use: { shard in
                try await body(shard)
                return true
            })
    }

    /// A shard that is to be gone through: its index is read ahead unless it is large.
    private func opened(_ object: ObjectAttributes) async -> Result<OpenShard, ShardProblem> {
        do throws(ShardProblem) {
            let shard = try await OpenShard(name: object.key, RemoteObject(object, source))
            if shard.missingIndexBytes <= Self.largestIndexAhead { _ = try await shard.index() }
            return .success(shard)
        } catch {
            return .failure(error)
        }
    }

    /// A shard in which single files are to be looked up; it is kept.
    private func prepared(_ object: ObjectAttributes) async -> Result<OpenShard, ShardProblem> {
        let known = state.withLock { state -> OpenShard? in
            guard let position = state.kept.firstIndex(where: { $0.key.isByteEqual(to: object.key) }) else {
                return nil
            }
            let known = state.kept.remove(at: position)
            guard known.shard.memoryInBytes < Self.keptBytes else { return nil }
            state.kept.append(known)
            return known.shard
        }
        if let known { return .success(known) }
        do throws(ShardProblem) {
            let shard = try await OpenShard(name: object.key, RemoteObject(object, source))
            try await shard.prepare()
            state.withLock { state in
                state.kept.append((object.key, shard))
                if state.kept.count > Self.keptCount { state.kept.removeFirst() }
            }
            return .success(shard)
        } catch {
            return .failure(error)
        }
    }
}
