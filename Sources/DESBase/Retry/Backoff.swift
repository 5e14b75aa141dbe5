/// When to try again after a transient failure: exponentially growing pauses with full jitter, until a deadline.
package struct RetryPolicy: Sendable, Hashable {
    /// Longest first pause.
    package var firstDelay: Duration
    /// Longest pause of all.
    package var longestDelay: Duration
    /// No try begins later than this after the first.
    package var deadline: Duration

    package init(
        firstDelay: Duration = .milliseconds(100), longestDelay: Duration = .seconds(10),
        deadline: Duration = .seconds(120)
    ) {
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
        self.deadline = deadline
    }
}

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

/// Runs the operation until it succeeds, fails for good, or the policy's time is up; cancellation ends the waiting.
///
/// - Parameter isTransient: whether trying again can help.
package func retrying<Result: Sendable>(
    _ policy: RetryPolicy, clock: any Clock<Duration>, isTransient: @Sendable (any Error) -> Bool,
    onRetry: @Sendable (any Error, Duration) -> Void = { _, _ in },
    _ operation: @Sendable () async throws -> Result
) async throws -> Result {
    try await retryingOpened(policy, clock, isTransient, onRetry, operation)
}

private func retryingOpened<C: Clock<Duration>, Result: Sendable>(
    _ policy: RetryPolicy, _ clock: C, _ isTransient: @Sendable (any Error) -> Bool,
    _ onRetry: @Sendable (any Error, Duration) -> Void, _ operation: @Sendable () async throws -> Result
) async throws -> Result {
    let start = clock.now
    var backoff = Backoff(policy)
    while true {
        do {
            return try await operation()
        } catch {
            guard isTransient(error), !Task.isCancelled,
                let delay = backoff.delay(
                    afterFailureAt: start.duration(to: clock.now), random: .random(in: 0..<1)
                )
            else { throw error }
            onRetry(error, delay)
            try await clock.sleep(for: delay)
        }
    }
}
