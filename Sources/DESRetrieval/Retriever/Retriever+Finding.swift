import DESRouting
import DESShard
import DESStorage

extension Retriever {
    /// What the index says of a file; nil if there is none of that uid and day.
    ///
    /// Of several files of one uid that day it is the one whose stored `created_at` is that of the request, else the one of the newest
    /// shard.
    ///
    /// - Throws: `RetrievalError` when it is not known whether there is such a file.
    public func find(_ request: FileRequest) async throws(RetrievalError) -> StoredFile? {
        try await find(request, arrival: now())
    }

    /// - Parameter arrival: when it was asked for; that there is no such file is said by no listing older than that.
    func find(_ request: FileRequest, arrival: Duration) async throws(RetrievalError) -> StoredFile? {
        if negatives.isUnknown(request, now: arrival) {
            try await confirmAbsence()
            return nil
        }
        let key = ShardKey(uid: request.uid, createdAt: request.createdAt, bits: settings.bits)
        let parts: [any ObjectStore]
        do throws(StorageError) { parts = try store.parts(of: key) } catch {
            throw RetrievalError(error, doing: "find the zone", uid: request.uid)
        }
        var all = Search(request)
        for part in parts {
            all.merge(try await search(request, key, part, arrival))
            if let exact = all.exact { return exact }
        }
        if let problem = all.problem { throw problem }
        if let other = all.other { return other }
        try await confirmAbsence()
        negatives.note(request, askedAt: arrival)
        return nil
    }

    /// Looks first into the shards that are known, and into a new listing if those do not settle it.
    private func search(
        _ request: FileRequest, _ key: ShardKey, _ part: any ObjectStore, _ arrival: Duration
    ) async throws(RetrievalError) -> Search {
        let listing = try await listings.shards(key, of: part, since: arrival - settings.listingLifetime)
        var search = try await look(for: request, in: listing, key, of: part)
        guard search.exact == nil else { return search }
        // A file of another time will do for a short while; that there is none is said by no listing older than the request.
        var oldest = search.other == nil ? arrival : arrival - settings.negativeLifetime
        if search.isOutdated { oldest = now() }
        guard listing.askedAt < oldest else { return search }
        let fresh = try await listings.shards(key, of: part, since: oldest)
        guard fresh.shards != listing.shards || search.isOutdated else { return search }
        search = try await look(for: request, in: fresh, key, of: part)
        if search.exact == nil, search.isOutdated {
            search.add(
                problem: RetrievalError(
                    .unavailable, uid: request.uid,
                    "a shard \(key)_… of \(part.name) vanished while it was looked into; the next try lists again"))
        }
        return search
    }

    private func look(
        for request: FileRequest, in listing: ShardListing, _ key: ShardKey, of part: any ObjectStore
    ) async throws(RetrievalError) -> Search {
        var search = Search(request)
        for listed in listing.shards {
            do throws(RetrievalError) {
                let shard = try await shards.shard(listed, of: part)
                guard let entry = try await shards.entry(uid: request.uid, in: shard) else { continue }
                let place = StoredPlace(key: key, shard: shard, store: part)
                if search.add(StoredFile(entry: entry, shard: listed.object.key, place: place)) { break }
            } catch {
                switch error.code {
                case .damaged: search.add(problem: error)
                case .unavailable where error.isOutdated:
                    shards.forget(listed.id)
                    search.noteOutdated()
                default: throw error
                }
            }
        }
        return search
    }
}
