import DESShard
import DESStorage
import Synchronization

/// Shards that were looked into before, bounded in bytes, each loaded once for all who want it at the same time.
final class ShardCache: Sendable {
    private enum Item: Sendable {
        case shard(OpenedShard)
        case leaf(LookupLeaf)
    }

    /// What an entry takes besides its bytes: names, nodes, an open file.
    private static let overhead = 1024

    private let cache: Mutex<LRUCache<String, Item>>
    private let shardFlights = SingleFlight<String, OpenedShard>()
    private let leafFlights = SingleFlight<String, LoadedLeaf>()
    private let loader: ShardLoader
    private let observer: any RetrievalObserver

    init(capacity: Int, largestCount: Int, loader: ShardLoader, observer: any RetrievalObserver) {
        cache = Mutex(LRUCache(capacity: capacity, largestCount: largestCount))
        self.loader = loader
        self.observer = observer
    }

    /// - Throws: `RetrievalError`: the shard cannot be read, or is damaged.
    func shard(_ listed: ListedShard, of store: any ObjectStore) async throws(RetrievalError) -> OpenedShard {
        if case .shard(let shard) = cache.withLock({ $0.value(of: listed.id) }) {
            observer.indexLookup(.memory, isHit: true)
            return shard
        }
        return try await shardFlights.run(listed.id) { () async throws(RetrievalError) in
            // Somebody's load may have ended between the look and here.
            if case .shard(let shard) = self.cache.withLock({ $0.value(of: listed.id) }) { return shard }
            self.observer.indexLookup(.memory, isHit: false)
            let shard = try await self.attempt(listed) { try await self.loader.load(listed, from: store) }
            self.insert(.shard(shard), cost: shard.directory.sizeInBytes, for: listed.id)
            return shard
        }
    }

    /// A shard that is in the cache with its whole index.
    func cachedShard(_ listed: ListedShard) -> (shard: OpenedShard, index: ShardIndex)? {
        guard case .shard(let shard) = cache.withLock({ $0.value(of: listed.id) }),
            case .index(let index) = shard.directory
        else { return nil }
        return (shard, index)
    }

    /// The entry of a uid; nil if the shard has none.
    func entry(uid: String, in shard: OpenedShard) async throws(RetrievalError) -> ShardEntry? {
        switch shard.directory {
        case .index(let index):
            let entry: ShardEntry?
            do throws(ShardError) { entry = try index.entry(uid: uid) } catch { throw damaged(error) }
            guard entry == nil, shard.isSuspect else { return entry }
            throw RetrievalError(
                .damaged, uid: uid,
                "the lookup table or the index of \(shard.listed.object.key) is damaged, so nobody knows whether the file is in it"
            )
        case .table(let table):
            let (number, range) = table.leafRange(ofUID: uid)
            guard !range.isEmpty else { return nil }
            guard let leaf = try await leaf(number, range, table, shard) else {
                return try await entry(uid: uid, in: withoutTable(shard))
            }
            do throws(ShardError) { return try leaf.entry(uid: uid) } catch { throw damaged(error) }
        }
    }

    func forget(_ id: String) {
        let gone = cache.withLock { $0.removeValue(of: id) }
        withExtendedLifetime(gone) { tellSize() }
    }

    /// A part of the index; nil if it is damaged.
    private func leaf(
        _ number: Int, _ range: Range<UInt64>, _ table: LookupTable, _ shard: OpenedShard
    ) async throws(RetrievalError) -> LookupLeaf? {
        let id = "\(shard.listed.id)#\(number)"
        if case .leaf(let leaf) = cache.withLock({ $0.value(of: id) }) { return leaf }
        let found = try await leafFlights.run(id) { () async throws(RetrievalError) in
            if case .leaf(let leaf) = self.cache.withLock({ $0.value(of: id) }) { return LoadedLeaf(leaf: leaf) }
            let bytes = try await self.attempt(shard.listed) {
                try await CountingReader(handle: shard.handle, observer: self.observer).read(range, .index)
            }
            do throws(ShardError) {
                let leaf = try table.leaf(number, stored: bytes)
                self.insert(.leaf(leaf), cost: leaf.sizeInBytes, for: id)
                return LoadedLeaf(leaf: leaf)
            } catch {
                self.observer.damaged("\(error); the index is read instead of the lookup table")
                return LoadedLeaf(leaf: nil)
            }
        }
        return found.leaf
    }

    /// Replaces a shard whose lookup table is damaged by one with the whole index.
    private func withoutTable(_ shard: OpenedShard) async throws(RetrievalError) -> OpenedShard {
        let id = shard.listed.id
        return try await shardFlights.run(id) { () async throws(RetrievalError) in
            if case .shard(let known) = self.cache.withLock({ $0.value(of: id) }), case .index = known.directory {
                return known
            }
            let whole = try await self.attempt(shard.listed) { try await self.loader.loadWithoutTable(shard) }
            self.insert(.shard(whole), cost: whole.directory.sizeInBytes, for: id)
            return whole
        }
    }

    private func insert(_ item: Item, cost: Int, for id: String) {
        // What has to go is freed after the lock is given back.
        let gone = cache.withLock { $0.insert(item, cost: cost + Self.overhead, for: id) }
        withExtendedLifetime(gone) { tellSize() }
    }

    private func tellSize() {
        let (bytes, entries) = cache.withLock { ($0.cost, $0.count) }
        observer.cacheSize(bytes: bytes, entries: entries)
    }

    private func attempt<Value>(
        _ listed: ListedShard, _ body: () async throws -> Value
    ) async throws(RetrievalError) -> Value {
        do { return try await body() } catch let error as StorageError {
            throw RetrievalError(error, doing: "read the shard \(listed.object.key)")
        } catch let error as ShardError {
            throw damaged(error)
        } catch {
            throw RetrievalError(.unavailable, "the request was cancelled")
        }
    }

    private func damaged(_ error: ShardError) -> RetrievalError {
        observer.damaged("\(error)")
        return RetrievalError(error)
    }
}

/// What became of reading a leaf.
private struct LoadedLeaf: Sendable {
    /// Nil if it is damaged.
    let leaf: LookupLeaf?
}
