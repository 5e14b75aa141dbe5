import DESBase
import DESCatalog

/// A real catalog whose pages wait for something.
struct PipelineHookedCatalog: SourceCatalog {
    let real: any SourceCatalog
    /// Whether it stays open for another cycle.
    var staysOpen = false
    /// Changes what a mark is answered.
    var answer: @Sendable ([MarkOutcome]) -> [MarkOutcome] = { $0 }
    /// Gets the number of the page, from 1.
    let beforePage: @Sendable (Int) async throws -> Void

    var hasSizes: Bool { real.hasSizes }

    func refresh() async { await real.refresh() }

    func checkSchema() async throws { try await real.checkSchema() }

    func pendingRows(in range: PendingRange) async throws -> any PendingRowScan {
        Scan(real: try await real.pendingRows(in: range), beforePage: beforePage)
    }

    func statistics(olderThan cutoff: Timestamp) async throws -> CatalogStatistics {
        try await real.statistics(olderThan: cutoff)
    }

    func pendingDays(olderThan cutoff: Timestamp) async throws -> [PendingDay] {
        try await real.pendingDays(olderThan: cutoff)
    }

    func mark(_ rows: [RowMark], within fence: Fence?) async throws -> [MarkOutcome] {
        answer(try await real.mark(rows, within: fence))
    }

    func raise(_ fence: Fence) async throws { try await real.raise(fence) }

    func recoveredRows(for keys: [(uid: String, createdAt: Timestamp)]) async throws -> [[RecoveredRow]] {
        try await real.recoveredRows(for: keys)
    }

    func locationsStillPending(_ locations: [String]) async throws -> Set<ByteString> {
        try await real.locationsStillPending(locations)
    }

    func close() async {
        if !staysOpen { await real.close() }
    }

    private struct Scan: PendingRowScan {
        let real: any PendingRowScan
        let beforePage: @Sendable (Int) async throws -> Void
        private let count = PipelineLocked(0)

        init(real: any PendingRowScan, beforePage: @escaping @Sendable (Int) async throws -> Void) {
            self.real = real
            self.beforePage = beforePage
        }

        var pagingNote: String? { real.pagingNote }

        func nextPage(atMost count: Int) async throws -> [CatalogRow] {
            let page = self.count.change { count -> Int in
                count += 1
                return count
            }
            try await beforePage(page)
            return try await real.nextPage(atMost: count)
        }

        func close() async { await real.close() }
    }
}
