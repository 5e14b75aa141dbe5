import DESReconciliation
import DESTelemetry
import Synchronization

/// Shows how far a reconciliation is.
final class ReconciliationObserver: Sendable {
    private let line: ProgressLine
    private let book = Mutex<FindingBook?>(nil)
    private let start = ContinuousClock().now

    init(line: ProgressLine) { self.line = line }

    /// What to look at from now on.
    func begin(_ book: FindingBook) { self.book.withLock { $0 = book } }

    /// Looks five times a second, until cancelled.
    func run() async throws {
        while true {
            try await Task.sleep(for: .milliseconds(200))
            guard let totals = book.withLock({ $0 })?.snapshot.totals else { continue }
            line.update(
                ProgressSnapshot(
                    [.init("marked rows", totals.markedRows), .init("files in shards", totals.files)], bytes: nil,
                    elapsed: start.duration(to: ContinuousClock().now)))
        }
    }

    /// Takes the line away.
    func finish() { line.finish() }
}
