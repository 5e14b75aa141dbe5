import DESRouting
import DESStorage
import Synchronization

/// Keeps for a while which shards there are of a key, and asks the store once for all who want to know it at the same time.
final class ListingCache: Sendable {
    private static let pageSize = 1000

    private let cache: Mutex<LRUCache<ListingID, ShardListing>>
    private let flights = SingleFlight<ListingID, ShardListing>()
    private let now: @Sendable () -> Duration
    private let observer: any RetrievalObserver

    /// - Parameters:
    ///   - count: keys that are kept.
    ///   - now: the time since some moment.
    init(count: Int, now: @escaping @Sendable () -> Duration, observer: any RetrievalObserver) {
        cache = Mutex(LRUCache(capacity: count))
        self.now = now
        self.observer = observer
    }

    /// The shards of a key.
    ///
    /// - Parameter since: the listing may be one that was asked for then or later.
    /// - Throws: `RetrievalError` when the store does not tell.
    func shards(
        _ key: ShardKey, of store: any ObjectStore, since: Duration
    ) async throws(RetrievalError) -> ShardListing {
        let id = ListingID(key, store)
        while true {
            if let known = known(id, since: since) { return known }
            // Another reader's request may have been sent before `since`: then it is done again.
            let listing = try await flights.run(id) { () async throws(RetrievalError) in
                // Somebody's request may have ended between the look and here.
                if let known = self.known(id, since: since) { return known }
                return try await self.list(key.namePrefix, store, id)
            }
            if listing.askedAt >= since { return listing }
        }
    }

    /// A listing that was asked for at `since` or later and is known.
    func cachedListing(_ key: ShardKey, of store: any ObjectStore, since: Duration) -> ShardListing? {
        known(ListingID(key, store), since: since)
    }

    /// Forgets the listing that has a shard, because the store has it no more.
    func forget(_ key: ShardKey, of store: any ObjectStore) {
        _ = cache.withLock { $0.removeValue(of: ListingID(key, store)) }
    }

    private func known(_ id: ListingID, since: Duration) -> ShardListing? {
        guard let known = cache.withLock({ $0.value(of: id) }), known.askedAt >= since else { return nil }
        return known
    }

    private func list(
        _ prefix: String, _ store: any ObjectStore, _ id: ListingID
    ) async throws(RetrievalError) -> ShardListing {
        let askedAt = now()
        var shards: [ListedShard] = []
        var after: String?
        repeat {
            let page: ObjectPage
            do throws(StorageError) {
                page = try await store.list(prefix: prefix, after: after, limit: Self.pageSize)
                observer.storeRead(.list, bytes: 0, succeeded: true)
            } catch {
                observer.storeRead(.list, bytes: 0, succeeded: false)
                throw RetrievalError(error, doing: "list the shards \(prefix)… of \(store.name)")
            }
            for object in page.objects where ShardFileName(object.key) != nil {
                shards.append(ListedShard(object, store: store.name))
            }
            after = page.next
        } while after != nil
        shards.sort(by: ListedShard.isNewer)
        let listing = ShardListing(shards: shards, askedAt: askedAt)
        _ = cache.withLock { $0.insert(listing, cost: 1, for: id) }
        return listing
    }
}

/// What a listing is of.
private struct ListingID: Hashable {
    let store: String
    let dayNumber: Int64
    let shardIndex: Int

    init(_ key: ShardKey, _ store: any ObjectStore) {
        self.store = store.identity
        dayNumber = key.dayNumber
        shardIndex = key.shardIndex
    }
}
