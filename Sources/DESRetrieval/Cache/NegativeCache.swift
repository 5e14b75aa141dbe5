import Synchronization

/// Remembers for a short time that there is no such file, so that asking for it again and again costs the store nothing.
final class NegativeCache: Sendable {
    private static let largestCount = 65_536

    private let cache: Mutex<LRUCache<FileRequest, Duration>>
    private let lifetime: Duration

    init(lifetime: Duration) {
        cache = Mutex(LRUCache(capacity: Self.largestCount))
        self.lifetime = lifetime
    }

    /// Whether the store was found to have no such file a short time before `now`.
    func isUnknown(_ request: FileRequest, now: Duration) -> Bool {
        guard lifetime > .zero else { return false }
        guard let askedAt = cache.withLock({ $0.value(of: request) }) else { return false }
        return askedAt >= now - lifetime
    }

    /// - Parameter askedAt: when the store was asked that did not have it.
    func note(_ request: FileRequest, askedAt: Duration) {
        guard lifetime > .zero else { return }
        _ = cache.withLock { $0.insert(askedAt, cost: 1, for: request) }
    }
}
