import DESBase
import DESCatalog

/// A real catalog with faults in it.
struct PipelineFaultyCatalog: SourceCatalog {
    let real: any SourceCatalog
    let faults: PipelineFaults

    private func pass(_ point: PipelinePoint) throws {
        guard faults.strike(point) else { return }
        throw CatalogError(
            code: faults.isPassing ? .locked : .inputOutput, what: "cannot go on at \(point.rawValue)", place: "test",
            reason: "a fault was injected"
        )
    }

    var hasSizes: Bool { real.hasSizes }

    func refresh() async { await real.refresh() }

    func checkSchema() async throws { try await real.checkSchema() }

    func pendingRows(in range: PendingRange) async throws -> any PendingRowScan {
        try pass(.page)
        return Scan(real: try await real.pendingRows(in: range), catalog: self)
    }

    func statistics(olderThan cutoff: Timestamp) async throws -> CatalogStatistics {
        try await real.statistics(olderThan: cutoff)
    }

    func mark(_ rows: [RowMark], within fence: Fence?) async throws -> [MarkOutcome] {
        try pass(.markBefore)
        let outcomes = try await real.mark(rows, within: fence)
        try pass(.markAfter)
        return outcomes
    }

    func pendingDays(olderThan cutoff: Timestamp) async throws -> [PendingDay] {
        try await real.pendingDays(olderThan: cutoff)
    }

    func raise(_ fence: Fence) async throws { try await real.raise(fence) }

    func recoveredRows(for keys: [(uid: String, createdAt: Timestamp)]) async throws -> [[RecoveredRow]] {
        try pass(.recoveryLookup)
        return try await real.recoveredRows(for: keys)
    }

    func locationsStillPending(_ locations: [String]) async throws -> Set<ByteString> {
        try pass(.locationLookup)
        return try await real.locationsStillPending(locations)
    }

    func close() async { await real.close() }

    private struct Scan: PendingRowScan {
        let real: any PendingRowScan
        let catalog: PipelineFaultyCatalog

        var pagingNote: String? { real.pagingNote }

        func nextPage(atMost count: Int) async throws -> [CatalogRow] {
            try catalog.pass(.page)
            return try await real.nextPage(atMost: count)
        }

        func close() async { await real.close() }
    }
}
