import DESRouting
import DESShard
import DESStorage

/// Answers without waiting, for what was asked for before. A service spares itself a task and its switches with them, which cost more
/// than the answer.
extension Retriever {
    package func cachedFile(_ request: FileRequest) -> StoredFile? {
        let key = ShardKey(uid: request.uid, createdAt: request.createdAt, bits: settings.bits)
        guard let part = store.isDivided ? try? store.parts(of: key).first : store,
            let listing = listings.cachedListing(key, of: part, since: now() - settings.listingLifetime)
        else { return nil }
        for listed in listing.shards {
            guard let (shard, index) = shards.cachedShard(listed) else { return nil }
            // What is damaged is told by the way that waits.
            guard let entry = try? index.entry(uid: request.uid) else { continue }
            let place = StoredPlace(key: key, shard: shard, store: part)
            var search = Search(request)
            if search.add(StoredFile(entry: entry, shard: listed.object.key, place: place)) {
                observer.indexLookup(.memory, isHit: true)
                return search.exact
            }
        }
        return nil
    }

    package func readCached(_ file: StoredFile, into output: UnsafeMutableRawBufferPointer) -> Bool {
        guard let handle = file.place?.shard.handle,
            case .inline(let offset, let storedSize, _, let size) = file.entry.content,
            storedSize + size <= RetrieverSettings.smallFile, storedSize > 0, size == output.count,
            (try? decoders.decode(
                file.entry, file: file.shard, to: output,
                reading: { handle.readCached(offset..<(offset + storedSize), into: $0) })) == true
        else { return false }
        observer.storeRead(.payload, bytes: Int(storedSize), succeeded: true)
        return true
    }
}
