import DESRouting
import DESStorage
import Synchronization

/// A shard in a store, or all shards of a store.
final class RemotePlace: ShardPlace {
    /// Shards whose indexes are fetched at a time, before they are needed.
    private static let shardsAhead = 8
    /// Copies that are kept for the next search, and how many bytes of one.
    private static let keptCopies = 8
    private static let keptBytes: UInt64 = 256 << 20

    private let source: RemoteSource
    /// The only one, if the place is one shard.
    private let shard: ObjectAttributes?
    private let state = Mutex(State())

    private struct State {
        /// All shards, once they were needed at a time.
        var shards: [ObjectAttributes]?
        /// Those of the last searches, the latest last.
        var copies: [(key: String, copy: RemoteCopy)] = []
    }

    private init(_ source: RemoteSource, shard: ObjectAttributes?) {
        self.source = source
        self.shard = shard
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
        return RemotePlace(try await source(address), shard: nil)
    }

    func forEachShard(_ body: (Result<OpenShard, ShardProblem>) async throws -> Void) async throws {
        if let shard {
            try await visit([shard], keepingCopies: false) {
                try await body($0)
                return true
            }
            return
        }
        var listing = RemoteListing(source)
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
        for uid: String, day: String?, _ body: (Result<OpenShard, ShardProblem>) async throws -> Bool
    ) async throws {
        if let shard {
            try await visit([shard], keepingCopies: true, body)
            return
        }
        func mayHold(_ shard: ObjectAttributes) -> Bool {
            guard let name = ShardFileName(shard.key) else { return true }
            return name.mayHold(uid: uid) && (day == nil || name.dateDirectory == day)
        }
        var visited: Set<String> = []
        if let day {
            let shards = try await list(prefix: "\(day)_").reversed().filter(mayHold)
            visited = Set(shards.map(\.key))
            guard try await visit(shards, keepingCopies: true, body) else { return }
        }
        // What is not named after a day may have it as well.
        let all = try await allShards()
        let rest = all.reversed().filter { !visited.contains($0.key) && (all.count == 1 || mayHold($0)) }
        try await visit(rest, keepingCopies: true, body)
    }

    private var nothing: PlaceError { PlaceError(message: "there is nothing at \(source.address.text)") }

    private func allShards() async throws -> [ObjectAttributes] {
        if let known = state.withLock({ $0.shards }) { return known }
        let shards = try await list(prefix: "")
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

    /// - Returns: false if `body` wanted no more.
    @discardableResult private func visit(
        _ shards: [ObjectAttributes], keepingCopies: Bool,
        _ body: (Result<OpenShard, ShardProblem>) async throws -> Bool
    ) async throws -> Bool {
        var rest = shards[...]
        var goesOn = true
        try await ReadAhead.run(
            Self.shardsAhead, next: { rest.popFirst() }, work: { await self.copy(of: $0, isKept: keepingCopies) },
            use: { copy in
                goesOn = try await body(Self.open(copy))
                return goesOn
            })
        return goesOn
    }

    private static func open(_ copy: Result<RemoteCopy, ShardProblem>) -> Result<OpenShard, ShardProblem> {
        do throws(ShardProblem) { return .success(try copy.get().open()) } catch { return .failure(error) }
    }

    private func copy(of shard: ObjectAttributes, isKept: Bool) async -> Result<RemoteCopy, ShardProblem> {
        let known = state.withLock { state -> RemoteCopy? in
            guard let position = state.copies.firstIndex(where: { $0.key == shard.key }) else { return nil }
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
