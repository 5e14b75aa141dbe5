import Synchronization

/// Remembers for a short time that there is no such file, so that asking for it again and again costs the store nothing.
final class NegativeCache: Sendable {
    private static let largestCount = 65_536
    /// Uids are as long as whoever asks makes them.
    private static let capacity = 16 << 20
    /// About what an entry takes beside its uid, in bytes.
    private static let overhead = 128

    private let cache: Mutex<LRUCache<FileRequest, Duration>>
    private let lifetime: Duration

    init(lifetime: Duration) {
        cache = Mutex(LRUCache(capacity: Self.capacity, largestCount: Self.largestCount))
        self.lifetime = lifetime
    }

    /// Bytes that are held, about.
    var cost: Int { cache.withLock { $0.cost } }

    /// Whether the store was found to have no such file a short time before `now`.
    func isUnknown(_ request: FileRequest, now: Duration) -> Bool {
        guard lifetime > .zero else { return false }
        guard let askedAt = cache.withLock({ $0.value(of: request) }) else { return false }
        return askedAt >= now - lifetime
    }

    /// - Parameter askedAt: when the store was asked that did not have it.
    func note(_ request: FileRequest, askedAt: Duration) {
        guard lifetime > .zero else { return }
        _ = cache.withLock {
            $0.insert(askedAt, cost: request.uid.utf8.count + Self.overhead, for: request)
        }
    }
}
