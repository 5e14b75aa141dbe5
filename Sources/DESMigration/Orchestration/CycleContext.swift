import DESBase
import DESCatalog
import DESCoordination
import DESStorage
import DESTelemetry
import Logging

/// What every stage of one cycle shares.
struct CycleContext: Sendable {
    let control: CycleControl
    let ledger: CycleLedger
    let clock: any Clock<Duration>
    let retryPolicy: RetryPolicy
    let oddTimes: OddTimes
    /// Numbers of 0 ..< 1, for jitter.
    private let random: @Sendable () -> Double
    /// Time since the cycle began.
    private let elapsedTime: @Sendable () -> Duration

    /// - Parameter oddTimes: made when the cycle begins.
    init(
        control: CycleControl, ledger: CycleLedger, clock: some Clock<Duration>, retryPolicy: RetryPolicy,
        oddTimes: OddTimes, random: @escaping @Sendable () -> Double
    ) {
        self.oddTimes = oddTimes
        self.random = random
        self.control = control
        self.ledger = ledger
        self.clock = clock
        self.retryPolicy = retryPolicy
        let start = clock.now
        elapsedTime = { start.duration(to: clock.now) }
    }

    var elapsed: Duration { elapsedTime() }

    /// Repeats what fails for a passing reason.
    func retrying<Result: Sendable>(
        _ operation: @Sendable () async throws -> Result
    ) async throws -> Result {
        try await retryPolicy.retrying(
            clock: clock, random: random,
            onRetry: { error, delay in
                ledger.logger.warning("\(error); trying again", metadata: ["in": "\(delay)"])
            },
            operation
        )
    }
}
