import Synchronization

/// Where findings are counted and the first of each kind kept.
package final class FindingBook: Sendable {
    private let report = Mutex(ReconciliationReport())
    private let limit: Int

    /// - Parameter limit: how many of a kind are kept.
    init(limit: Int) { self.limit = limit }

    package var snapshot: ReconciliationReport { report.withLock { $0 } }

    func add(_ finding: Finding) {
        report.withLock { report in
            report.found[finding.kind, default: 0] += 1
            if finding.isRepaired { report.repaired[finding.kind, default: 0] += 1 }
            if report.findings[finding.kind, default: []].count < limit {
                report.findings[finding.kind, default: []].append(finding)
            }
        }
    }

    /// Counts what is too young to be judged.
    func addYoung(_ kind: Finding.Kind) { report.withLock { $0.young[kind, default: 0] += 1 } }

    func note(_ text: String) { report.withLock { $0.notes.append(text) } }

    func count(_ change: (inout ReconciliationReport.Totals) -> Void) { report.withLock { change(&$0.totals) } }

    /// How many of a kind were found.
    func found(_ kind: Finding.Kind) -> Int { report.withLock { $0.found[kind, default: 0] } }
}
