/// Is told what the retriever does, for metrics and logs. Calls come from any task and must be quick.
package protocol RetrievalObserver: Sendable {
    /// A request to the store has ended.
    func storeRead(_ kind: StoreReadKind, bytes: Int, succeeded: Bool)
    /// An index was looked for in a cache.
    func indexLookup(_ level: CacheLevel, isHit: Bool)
    /// Memory that cached indexes take now.
    func cacheSize(bytes: Int, entries: Int)
    /// A shard or a big file turned out to be damaged; the message names it.
    func damaged(_ message: String)
    /// The second-level cache did not work; reads go on without it.
    func sharedCacheFailed(_ message: String)
}

/// What a request to the store is for; the name of a case is the label `type` of `des_s3_range_calls_total`.
package enum StoreReadKind: Int, Sendable, CaseIterable {
    case list, tail, header, footer, index, payload, bigfile
}

/// Where an index was looked for; the name of a case is the label `level` of `des_index_cache_lookups_total`.
package enum CacheLevel: Int, Sendable, CaseIterable {
    /// In this process.
    case memory
    /// In Redis.
    case shared
}

/// For whoever does not look.
package struct SilentObserver: RetrievalObserver {
    package init() {}
    package func storeRead(_ kind: StoreReadKind, bytes: Int, succeeded: Bool) {}
    package func indexLookup(_ level: CacheLevel, isHit: Bool) {}
    package func cacheSize(bytes: Int, entries: Int) {}
    package func damaged(_ message: String) {}
    package func sharedCacheFailed(_ message: String) {}
}
