/// The pauses of one operation. Knows no clock: it is told how long the operation has been at it.
package struct Backoff: Sendable {
    private let policy: RetryPolicy
    private var failures = 0

    package init(_ policy: RetryPolicy) { self.policy = policy }

    /// How long to wait before the next try; nil when the time is up.
    ///
    /// - Parameter random: 0 ..< 1; the pause is that part of its upper limit.
    package mutating func delay(afterFailureAt elapsed: Duration, random: Double) -> Duration? {
        let doublings = min(failures, 30)
        failures += 1
        let limit = min(policy.firstDelay * (1 << doublings), policy.longestDelay)
        let delay = limit * random
        return elapsed + delay <= policy.deadline ? delay : nil
    }
}
