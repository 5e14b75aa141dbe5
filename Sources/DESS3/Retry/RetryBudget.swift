/// Keeps the retries to one host in proportion, so that a host in trouble is not kept there by its clients.
///
/// A retry costs one token; a success earns a part of one, and time earns some too. A retry without a token waits for one:
/// an outage slows the clients down to a trickle, but does not make them fail before their deadline.
package struct RetryBudget: Sendable {
    package struct Limits: Sendable, Hashable {
        /// Most tokens.
        package var capacity: Double
        /// What a success earns.
        package var perSuccess: Double
        /// What a second earns.
        package var perSecond: Double

        package init(capacity: Double = 100, perSuccess: Double = 0.5, perSecond: Double = 10) {
            self.capacity = capacity
            self.perSuccess = perSuccess
            self.perSecond = perSecond
        }
    }

    private let limits: Limits
    /// Negative: retries that wait for theirs.
    private var tokens: Double
    private var lastSecond: Double?

    package init(_ limits: Limits = Limits()) {
        self.limits = limits
        tokens = limits.capacity
    }

    package mutating func succeeded() { tokens = min(limits.capacity, tokens + limits.perSuccess) }

    /// Takes a token for a retry.
    ///
    /// - Parameter now: seconds of a clock that never goes back.
    /// - Returns: how long the retry has to wait for it.
    package mutating func spend(now: Double) -> Duration {
        tokens = min(limits.capacity, tokens + max(0, now - (lastSecond ?? now)) * limits.perSecond)
        lastSecond = max(now, lastSecond ?? now)
        tokens -= 1
        return tokens >= 0 || limits.perSecond <= 0 ? .zero : .seconds(-tokens / limits.perSecond)
    }
}
