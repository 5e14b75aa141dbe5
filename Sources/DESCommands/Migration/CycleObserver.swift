import DESBase
import DESCatalog
import DESMigration
import DESServer
import DESTelemetry
import Logging
import Synchronization

/// Shows how far a cycle is: on the terminal, in the metrics, and to the probes.
final class CycleObserver: Sendable {
    private struct State {
        var ledger: CycleLedger?
        var total: Int?
        var stop: StopProgress?
        var pace = LogPace(every: .seconds(10))
    }

    private let state = Mutex(State())
    private let line: ProgressLine
    private let start = ContinuousClock().now
    private let metrics: MigrationMetrics
    private let health: HealthState
    private let catalog: any SourceCatalog
    private let settings: MigrationSettings
    private let control: CycleControl
    private let wantsTotals: Bool
    private let logger: Logger

    /// - Parameter wantsTotals: whether anybody looks, so that counting what is pending is worth a pass over the catalog.
    init(
        console: ConsoleSink, metrics: MigrationMetrics, health: HealthState, catalog: any SourceCatalog,
        settings: MigrationSettings, control: CycleControl, wantsTotals: Bool, logger: Logger
    ) {
        line = ProgressLine(sink: console)
        self.metrics = metrics
        self.health = health
        self.catalog = catalog
        self.settings = settings
        self.control = control
        self.wantsTotals = wantsTotals
        self.logger = logger
    }

    /// The books to look at from now on.
    func begin(_ ledger: CycleLedger) { state.withLock { $0.ledger = ledger } }

    /// Looks five times a second, until cancelled.
    func run() async {
        while !Task.isCancelled {
            look()
            try? await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Counts what is pending, once.
    func countPending() async {
        guard wantsTotals else { return }
        do {
            let cutoff = settings.cutoff(at: Timestamp.now())
            let statistics = try await catalog.statistics(olderThan: cutoff)
            state.withLock { $0.total = Int(statistics.totalFiles + statistics.rowsWithoutTime) }
            look()
        } catch {
            logger.debug("the pending files are not counted: \(error)")
        }
    }

    /// Takes the progress line away.
    func finish() {
        look()
        line.finish()
    }

    private func look() {
        health.heartbeat()
        let (ledger, total) = state.withLock { ($0.ledger, $0.total) }
        guard let ledger else { return }
        let result = ledger.snapshot
        if let total { metrics.pendingFiles(max(0, total - result.filesMigrated)) }
        let elapsed = start.duration(to: ContinuousClock().now)
        if let recovery = ledger.recovery {
            line.show(recovery.text)
        } else if control.readsOn {
            line.update(
                ProgressSnapshot(
                    filesDone: result.filesProcessed, filesTotal: total, bytesDone: result.totalSizeBytes,
                    elapsed: elapsed
                )
            )
        } else {
            showStop(left: ledger.filesFetched - result.filesProcessed, done: result.filesProcessed, elapsed)
        }
    }

    /// Whoever asked for the end sees what it waits for.
    private func showStop(left: Int, done: Int, _ elapsed: Duration) {
        guard left > 0 else { return }
        let (stop, isDue) = state.withLock { state in
            let stop = state.stop ?? StopProgress(elapsed: elapsed, done: done)
            state.stop = stop
            return (stop, state.pace.isDue(at: elapsed))
        }
        let text = stop.text(left: left, done: done, elapsed: elapsed)
        line.show(text)
        if isDue { logger.notice("\(text)") }
    }
}
