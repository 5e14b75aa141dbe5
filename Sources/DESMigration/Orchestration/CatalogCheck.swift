import DESBase
import DESCatalog
import Logging

/// Looks at the catalog before a cycle packs anything.
struct CatalogCheck: Sendable {
    let cycle: CycleContext
    /// Rows of this time and later are not packed.
    let cutoff: Timestamp

    private var catalog: any SourceCatalog { cycle.world.catalog }

    /// Looks the table up anew, tells what an operator should know, and tries a mark.
    ///
    /// - Throws: `CatalogError` if no row can be marked, or rows may be hidden whose loss could not be made good later.
    func run() async throws {
        // A process that runs for months sees the table change.
        await catalog.refresh()
        try await cycle.retrying { try await catalog.checkSchema() }
        let findings = try await cycle.retrying { try await catalog.findings() }
        for warning in findings.warnings { cycle.ledger.logger.warning("\(warning)") }
        if let hidden = findings.hiddenRows, !hidden.isAccepted, hidden.isFinal || cycle.settings.deletesSources {
            throw CatalogError(
                code: .accessDenied, what: "DES refuses to work on rows that it may not all see", place: "database.url",
                reason: hidden.reason + " is in force for its user"
                    + (hidden.isFinal
                        ? ", and the watermark would pass the rows that it hides"
                        : ", and a row that it hides may still need a source that is to be deleted"),
                advice: """
                    let the user see all rows (a policy for it, or BYPASSRLS), or confirm that those it sees are all that is \
                    meant: database.allow_row_security: true; nothing was packed
                    """)
        }
        try await cycle.retrying { try await catalog.tryMark(olderThan: cutoff) }
        try await checkClock()
    }

    private func checkClock() async throws {
        let server = try await cycle.retrying { try await catalog.serverTime() }
        switch ClockCheck(now: cycle.world.now(), server: server).verdict {
        case .inOrder: break
        case .behind(let clocks):
            cycle.ledger.logger.warning("\(clocks): files may wait longer than they should; set the clocks")
        case .ahead(let clocks):
            throw CatalogError(
                code: .queryFailed, what: "DES cannot tell which files are old enough", place: "system clock",
                reason: clocks, advice: "set the clocks; nothing was packed")
        }
    }
}
