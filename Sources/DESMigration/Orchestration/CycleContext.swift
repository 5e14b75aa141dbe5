import DESBase
import DESCatalog
import DESStorage
import DESTelemetry
import Logging

/// What every part of one cycle shares.
struct CycleContext: Sendable {
    let world: MigrationWorld
    let settings: MigrationSettings
    let plan: PipelinePlan
    let threads: MigrationThreads
    let control: CycleControl
    let ledger: CycleLedger
    let oddTimes: OddTimes
    /// Time since the cycle began.
    private let elapsedTime: @Sendable () -> Duration

    /// Of a cycle that begins now.
    init(
        world: MigrationWorld, settings: MigrationSettings, plan: PipelinePlan, threads: MigrationThreads,
        control: CycleControl, ledger: CycleLedger
    ) {
        func timer(_ clock: some Clock<Duration>) -> @Sendable () -> Duration {
            let start = clock.now
            return { start.duration(to: clock.now) }
        }
        self.world = world
        self.settings = settings
        self.plan = plan
        self.threads = threads
        self.control = control
        self.ledger = ledger
        oddTimes = OddTimes(now: world.now())
        elapsedTime = timer(world.clock)
    }

    var staging: StagingFolder { world.staging }

    var elapsed: Duration { elapsedTime() }

    /// Repeats what fails for a passing reason.
    func retrying<Result: Sendable>(
        _ operation: @Sendable () async throws -> Result
    ) async throws -> Result {
        try await world.retryPolicy.retrying(
            clock: world.clock,
            random: {
                var numbers = world.random()
                return .random(in: 0..<1, using: &numbers)
            },
            onRetry: { error, delay in
                ledger.logger.warning("\(error); trying again", metadata: ["in": "\(delay)"])
            },
            operation
        )
    }
}
