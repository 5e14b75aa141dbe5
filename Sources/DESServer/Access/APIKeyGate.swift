package import DESBase
import DESConfiguration
import Synchronization

/// Lets in who has a key, as often as the key may, to the uids that it may read. Keys can be replaced while it works.
package final class APIKeyGate: RequestGate {
    /// Time, handed in so that tests decide it.
    package struct Clock: Sendable {
        /// By which keys expire.
        package var date: @Sendable () -> Timestamp
        /// By which requests are counted; never goes back, and its beginning does not matter.
        package var elapsed: @Sendable () -> Duration

        /// Makes a clock.
        package init(date: @escaping @Sendable () -> Timestamp, elapsed: @escaping @Sendable () -> Duration) {
            self.date = date
            self.elapsed = elapsed
        }
    }

    private struct State {
        var keys: APIKeySet
        var buckets: [String: TokenBucket]
    }

    private let state: Mutex<State>
    private let clock: Clock

    /// Makes a gate with its first keys.
    package init(_ keys: APIKeySet, clock: Clock) {
        self.clock = clock
        state = Mutex(State(keys: keys, buckets: Self.buckets(keys, keeping: [:], now: clock.elapsed())))
    }

    /// From now on only these keys count. Who has used up its rate has not got it back, unless its limits were changed.
    package func replaceKeys(_ keys: APIKeySet) {
        let now = clock.elapsed()
        state.withLock { state in
            state.buckets = Self.buckets(keys, keeping: state.buckets, now: now)
            state.keys = keys
        }
    }

    package func admit(_ request: GateRequest) -> GateDecision {
        // Hashing and comparing are done outside of the lock.
        let keys = state.withLock { $0.keys }
        switch PresentedKey(request) {
        case .missing:
            let ways = "as Authorization: Bearer KEY or X-API-Key: KEY"
            return .deny(GateDenial(.unauthorized, detail: "a key is needed, \(ways)"))
        case .ambiguous:
            return .deny(GateDenial(.unauthorized, detail: "two different keys were sent"))
        case .key(let text):
            guard let key = keys.key(presented: text) else {
                return .deny(GateDenial(.unauthorized, detail: "the key is not known"))
            }
            return admit(key, request)
        }
    }

    package func mayRead(uid: String, keyID: String?) -> Bool {
        guard let keyID, let key = state.withLock({ $0.keys.key(id: keyID) }) else { return false }
        return key.canRead && Self.allows(key, uid)
    }

    private func admit(_ key: APIKeyConfiguration, _ request: GateRequest) -> GateDecision {
        func denial(_ reason: GateDenial.Reason, _ detail: String, after seconds: Int? = nil) -> GateDecision {
            .deny(GateDenial(reason, detail: detail, retryAfterSeconds: seconds, keyID: key.id))
        }
        if let expiresAt = key.expiresAt, clock.date() >= expiresAt {
            return denial(.unauthorized, "the key has expired")
        }
        // Before anything else that the key may not: what is refused counts as well.
        let now = clock.elapsed()
        if let wait = state.withLock({ $0.buckets[key.id]?.take(now: now) }) {
            return denial(
                .tooManyRequests, "the key is used too often", after: max(1, Int((wait / .seconds(1)).rounded(.up))))
        }
        guard key.canRead else { return denial(.forbidden, "this key may not read files") }
        if let uid = request.uid, !Self.allows(key, uid) {
            return denial(.forbidden, "this key may not read this uid")
        }
        return .allow(keyID: key.id)
    }

    /// Compared byte by byte, as uids are.
    private static func allows(_ key: APIKeyConfiguration, _ uid: String) -> Bool {
        key.prefixes?.contains { uid.utf8.starts(with: $0.utf8) } ?? true
    }

    private static func buckets(
        _ keys: APIKeySet, keeping old: [String: TokenBucket], now: Duration
    ) -> [String: TokenBucket] {
        var buckets: [String: TokenBucket] = [:]
        for key in keys.keys {
            guard let rate = key.requestsPerSecond else { continue }
            let fresh = TokenBucket(perSecond: rate, capacity: key.burst, now: now)
            let kept = old[key.id].flatMap { $0.perSecond == rate && $0.capacity == fresh.capacity ? $0 : nil }
            buckets[key.id] = kept ?? fresh
        }
        return buckets
    }
}

extension APIKeyGate.Clock {
    /// Of the system.
    package static func system() -> Self {
        let start = ContinuousClock.now
        return Self(date: { .now() }, elapsed: { start.duration(to: .now) })
    }
}
