/// Decides when a lease is renewed and when it counts as lost. Knows no clock: times are durations since some moment, of a
/// clock that runs on while the process is stopped.
package struct LeaseState: Sendable, Hashable {
    /// What to do now.
    package enum Action: Sendable, Hashable {
        /// Ask for a renewal, and tell of the answer.
        case renew
        /// Nothing before this time.
        case wait(until: Duration)
        /// Nothing was heard for as long as the lease lasts: somebody else may have the work.
        case lost
    }

    private let length: Duration
    private var validUntil: Duration
    private var nextRenewal: Duration
    private var isRefused = false

    /// - Parameter grantedAt: before the request was sent, so that the lease never seems longer than it is.
    package init(length: Duration, grantedAt: Duration) {
        self.length = length
        validUntil = grantedAt + length
        nextRenewal = grantedAt + length / 3
    }

    package func action(at now: Duration) -> Action {
        if isRefused { return .lost }
        // Also after the end: nobody may have taken it, and the answer to a renewal tells.
        if now >= nextRenewal { return .renew }
        return .wait(until: nextRenewal)
    }

    /// The renewal, whose request was sent at that time, was granted.
    package mutating func renewed(requestedAt sent: Duration) {
        validUntil = sent + length
        nextRenewal = sent + length / 3
    }

    /// Somebody else has it.
    package mutating func refused() { isRefused = true }

    /// There was no answer to the renewal.
    package mutating func failed(at now: Duration) {
        if now >= validUntil { isRefused = true }
        nextRenewal = now + length / 10
    }
}
