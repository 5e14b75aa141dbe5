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

extension RetryPolicy {
    /// Runs the operation until it succeeds, fails for good, or the policy's time is up; cancellation ends the waiting.
    ///
    /// - Parameters:
    ///   - random: numbers of 0 ..< 1, for the jitter.
    ///   - onRetry: is told of each failure that may pass, and of the pause after it.
    package func retrying<Result: Sendable>(
        clock: any Clock<Duration>, random: @Sendable () -> Double = { .random(in: 0..<1) },
        onRetry: @Sendable (any Error, Duration) -> Void = { _, _ in },
        _ operation: @Sendable () async throws -> Result
    ) async throws -> Result {
        try await run(clock, random, onRetry, operation)
    }

    private func run<C: Clock<Duration>, Result: Sendable>(
        _ clock: C, _ random: @Sendable () -> Double, _ onRetry: @Sendable (any Error, Duration) -> Void,
        _ operation: @Sendable () async throws -> Result
    ) async throws -> Result {
        let start = clock.now
        var backoff = Backoff(self)
        while true {
            do {
                return try await operation()
            } catch {
                guard (error as? any Transient)?.isTransient ?? false, !Task.isCancelled,
                    let delay = backoff.delay(afterFailureAt: start.duration(to: clock.now), random: random())
                else { throw error }
                onRetry(error, delay)
                try await clock.sleep(for: delay)
            }
        }
    }
}
