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
        var jsonPace = LogPace(every: .seconds(1))
        var stop: StopProgress?
        var stopPace = LogPace(every: .seconds(10))
    }

    /// How the pending files are counted, which costs a pass over the catalog.
    enum Counting {
        /// Somebody looks.
        case atOnce
        /// Nobody looks yet.
        case afterAWhile
        case never
    }

    private static let patience = Duration.seconds(60)

    private let state = Mutex(State())
    private let line: ProgressLine
    private let start = ContinuousClock().now
    private let metrics: MigrationMetrics
    private let health: HealthState
    private let catalog: any SourceCatalog
    private let settings: MigrationSettings
    private let control: CycleControl
    private let counting: Counting
    private let printsJSON: Bool
    private let logger: Logger

    /// - Parameter printsJSON: whether progress goes to standard output for programs.
    init(
        console: ConsoleSink, metrics: MigrationMetrics, health: HealthState, catalog: any SourceCatalog,
        settings: MigrationSettings, control: CycleControl, counting: Counting, printsJSON: Bool, logger: Logger
    ) {
        line = ProgressLine(sink: console) { logger.info("\($0)") }
        self.metrics = metrics
        self.health = health
        self.catalog = catalog
        self.settings = settings
        self.control = control
        self.counting = counting
        self.printsJSON = printsJSON
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
        switch counting {
        case .atOnce: break
        case .afterAWhile: guard (try? await Task.sleep(for: Self.patience)) != nil else { return }
        case .never: return
        }
        do {
            let done = state.withLock { $0.ledger }?.snapshot.filesProcessed ?? 0
            let cutoff = settings.cutoff(at: Timestamp.now())
            let statistics = try await catalog.statistics(olderThan: cutoff)
            state.withLock { $0.total = done + Int(statistics.totalFiles + statistics.rowsWithoutTime) }
            look()
        } catch {
            logger.debug("the pending files are not counted: \(error)")
        }
    }

    /// Takes the progress line away.
    func finish() {
        look(isLast: true)
        line.finish()
    }

    private func look(isLast: Bool = false) {
        health.heartbeat()
        let (ledger, total) = state.withLock { ($0.ledger, $0.total) }
        guard let ledger else { return }
        let result = ledger.snapshot
        if let total { metrics.pendingFiles(max(0, total - result.filesMigrated)) }
        let elapsed = start.duration(to: ContinuousClock().now)
        if let recovery = ledger.recovery {
            line.show(recovery.text)
        } else {
            let stop =
                control.readsOn || isLast
                ? nil
                : stopText(left: ledger.filesFetched - result.filesProcessed, done: result.filesProcessed, elapsed)
            show(ledger, total, elapsed, stop, isLast: isLast)
        }
    }

    private func show(_ ledger: CycleLedger, _ total: Int?, _ elapsed: Duration, _ stop: String?, isLast: Bool) {
        let counts = ledger.counts
        var snapshot = ProgressSnapshot(
            [
                .init("read", counts.read), .init("packed", counts.packed), .init("published", counts.published),
                .init("marked", counts.marked),
            ], bytes: ledger.bytesRead, elapsed: elapsed)
        snapshot.filesFailed = counts.ended
        snapshot.filesTotal = total
        snapshot.limit = ledger.limit?.rawValue
        let progress = line.update(snapshot, showing: stop)
        let isPrinted = printsJSON && state.withLock { $0.jsonPace.isDue(at: elapsed) || isLast }
        // Who reads it may be gone; the migration goes on.
        if isPrinted, let text = try? JSONOutput.text(ProgressReport(progress, runID: ledger.snapshot.runID)) {
            try? Console.out(text)
        }
    }

    /// Whoever asked for the end sees what it waits for; nil if that is nothing.
    private func stopText(left: Int, done: Int, _ elapsed: Duration) -> String? {
        guard left > 0 else { return nil }
        let (stop, isDue) = state.withLock { state in
            let stop = state.stop ?? StopProgress(elapsed: elapsed, done: done)
            state.stop = stop
            return (stop, state.stopPace.isDue(at: elapsed))
        }
        let text = stop.text(left: left, done: done, elapsed: elapsed)
        if isDue { logger.notice("\(text)") }
        return text
    }
}
