import DESBase
import DESRouting
import DESStorage
import Synchronization

/// A shard in a store, all shards of a store, or those whose names begin in one way.
final class RemotePlace: ShardPlace {
    /// Shards whose indexes are fetched at a time, before they are needed.
    private static let shardsAhead = 8
    /// Copies that are kept for the next search, and how many bytes of one.
    private static let keptCopies = 8
    private static let keptBytes: UInt64 = 256 << 20

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
        var copies: [(key: String, copy: RemoteCopy)] = []
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
            try await visit([shard], keepingCopies: false, body)
            return
        }
        var listing = RemoteListing(source, prefix: namePrefix)
        var isEmpty = true
        try await ReadAhead.run(
            Self.shardsAhead, next: { try await listing.next() }, work: { await self.copy(of: $0, isKept: false) },
            use: { copy in
                isEmpty = false
                try await body(Self.open(copy))
                return true
            })
        if isEmpty { throw nothing }
    }

    func search(
        day: String?, wants: (ShardFileName?) -> Bool, _ body: (Result<OpenShard, ShardProblem>) async throws -> Void
    ) async throws {
        if let shard {
            try await visit([shard], keepingCopies: true, body)
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
        try await visit(names.compactMap { known[ByteString($0)] }, keepingCopies: true, body)
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
        _ shards: [ObjectAttributes], keepingCopies: Bool = true, wants: (ShardFileName?) -> Bool = { _ in true },
        _ body: (Result<OpenShard, ShardProblem>) async throws -> Void
    ) async throws {
        var rest = shards[...]
        try await ReadAhead.run(
            Self.shardsAhead,
            next: {
                while let shard = rest.popFirst() {
                    guard wants(tellingName(shard.key)) else { continue }
                    if keepingCopies { state.withLock { $0.visited[ByteString(shard.key)] = shard } }
                    return shard
                }
                return nil
            },
            work: { await self.copy(of: $0, isKept: keepingCopies) },
            use: { copy in
                try await body(Self.open(copy))
                return true
            })
    }

    private static func open(_ copy: Result<RemoteCopy, ShardProblem>) -> Result<OpenShard, ShardProblem> {
        do throws(ShardProblem) { return .success(try copy.get().open()) } catch { return .failure(error) }
    }

    private func copy(of shard: ObjectAttributes, isKept: Bool) async -> Result<RemoteCopy, ShardProblem> {
        let known = state.withLock { state -> RemoteCopy? in
            guard let position = state.copies.firstIndex(where: { $0.key.isByteEqual(to: shard.key) }) else {
                return nil
            }
            let known = state.copies.remove(at: position)
            guard known.copy.fetchedBytes < Self.keptBytes else { return nil }
            state.copies.append(known)
            return known.copy
        }
        if let known { return .success(known) }
        do throws(ShardProblem) {
            let copy = try await RemoteCopy.begin(shard, source)
            if isKept {
                state.withLock { state in
                    state.copies.append((shard.key, copy))
                    if state.copies.count > Self.keptCopies { state.copies.removeFirst() }
                }
            }
            return .success(copy)
        } catch {
            return .failure(error)
        }
    }
}
