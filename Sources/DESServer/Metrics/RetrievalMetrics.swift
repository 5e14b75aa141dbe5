import CoreMetrics
package import DESRetrieval
package import DESTelemetry
package import Logging

/// Counts what the retriever does. Handles are made once.
package struct RetrievalMetrics: RetrievalObserver {
    /// By the raw value of ``StoreReadKind``, as the next two: found at once, where a dictionary would hash.
    private let calls: [Counter]
    private let failedCalls: [Counter]
    private let bytes: [Counter]
    /// By the raw value of ``CacheLevel``, as the next.
    private let hits: [Counter]
    private let misses: [Counter]
    private let cacheBytes: Meter
    private let cacheEntries: Meter
    private let damage: Counter
    private let sharedCacheFailures: Counter
    private let damageLog: ThrottledLog
    private let sharedCacheLog: ThrottledLog

    /// Makes the handles.
    ///
    /// - Parameters:
    ///   - backend: `local`, `s3` or `multi_s3`.
    ///   - logger: is told of damage and of failures of the shared cache, at most once a second each.
    /// - Throws: `MetricRegistrationError` when one of the names means something else already.
    package init(registry: PrometheusRegistry, backend: String, logger: Logger) throws {
        try registry.register(
            name: "des_s3_range_calls_total", help: "Requests to the store, failed ones too, by what they are for.",
            kind: .counter, isLabelled: true)
        try registry.register(
            name: "des_store_read_failures_total", help: "Requests to the store that failed.", kind: .counter,
            isLabelled: true)
        try registry.register(
            name: "des_store_read_bytes_total", help: "Bytes that came from the store.", kind: .counter,
            isLabelled: true)
        try registry.register(
            name: "des_index_cache_lookups_total", help: "Looks for an index in a cache, by level and result.",
            kind: .counter, isLabelled: true)
        try registry.register(
            name: "des_index_cache_bytes", help: "Memory of the indexes that are cached.", kind: .gauge)
        try registry.register(name: "des_index_cache_entries", help: "Indexes that are cached.", kind: .gauge)
        try registry.register(
            name: "des_damaged_total", help: "Times that a shard or big file was found damaged.", kind: .counter)
        try registry.register(
            name: "des_shared_cache_failures_total", help: "Failures of the cache that processes share.",
            kind: .counter)
        func counter(_ name: String, _ labels: [(String, String)] = []) -> Counter {
            Counter(label: name, dimensions: labels, factory: registry)
        }
        func byKind(_ name: String) -> [Counter] {
            StoreReadKind.allCases.map { counter(name, [("backend", backend), ("type", "\($0)")]) }
        }
        func byLevel(_ result: String) -> [Counter] {
            CacheLevel.allCases.map {
                counter("des_index_cache_lookups_total", [("level", "\($0)"), ("result", result)])
            }
        }
        calls = byKind("des_s3_range_calls_total")
        failedCalls = byKind("des_store_read_failures_total")
        bytes = byKind("des_store_read_bytes_total")
        hits = byLevel("hit")
        misses = byLevel("miss")
        cacheBytes = Meter(label: "des_index_cache_bytes", dimensions: [], factory: registry)
        cacheEntries = Meter(label: "des_index_cache_entries", dimensions: [], factory: registry)
        damage = counter("des_damaged_total")
        sharedCacheFailures = counter("des_shared_cache_failures_total")
        damageLog = ThrottledLog(logger, level: .error)
        sharedCacheLog = ThrottledLog(logger, level: .warning)
    }

    /// Counts a request to the store.
    package func storeRead(_ kind: StoreReadKind, bytes count: Int, succeeded: Bool) {
        calls[kind.rawValue].increment()
        bytes[kind.rawValue].increment(by: count)
        if !succeeded { failedCalls[kind.rawValue].increment() }
    }

    /// Counts a look into a cache.
    package func indexLookup(_ level: CacheLevel, isHit: Bool) {
        (isHit ? hits : misses)[level.rawValue].increment()
    }

    /// Shows the size of the cache.
    package func cacheSize(bytes: Int, entries: Int) {
        cacheBytes.set(bytes)
        cacheEntries.set(entries)
    }

    /// Counts and logs damage.
    package func damaged(_ message: String) {
        damage.increment()
        damageLog.log(message)
    }

    /// Counts and logs a failure of the shared cache.
    package func sharedCacheFailed(_ message: String) {
        sharedCacheFailures.increment()
        sharedCacheLog.log(message)
    }
}
