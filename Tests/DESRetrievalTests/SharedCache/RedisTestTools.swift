import DESRetrieval
import Synchronization

/// Waits for a condition, for a minute at most.
func becomes(_ condition: () async throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
        if try await condition() { return true }
        await Task.yield()
    }
    return false
}

/// A clock that goes on when it is told to.
final class RedisTestClock: Sendable {
    private let time = Mutex(Duration.zero)

    var now: Duration { time.withLock { $0 } }

    func advance(by duration: Duration) { time.withLock { $0 += duration } }
}

/// Remembers what it is told of the shared cache.
final class SharedCacheFailures: RetrievalObserver {
    private let recorded = Mutex<[String]>([])

    var messages: [String] { recorded.withLock { $0 } }

    func storeRead(_ kind: StoreReadKind, bytes: Int, succeeded: Bool) {}
    func indexLookup(_ level: CacheLevel, isHit: Bool) {}
    func cacheSize(bytes: Int, entries: Int) {}
    func damaged(_ message: String) {}
    func sharedCacheFailed(_ message: String) { recorded.withLock { $0.append(message) } }
}
