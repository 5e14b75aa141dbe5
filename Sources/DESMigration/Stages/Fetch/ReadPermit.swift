import DESCatalog

/// Tells before each file whether it is still to be read. Thousands of rows may wait for that when a cycle is to stop.
struct ReadPermit: Sendable {
    let gate: SharedFetchGate
    let cycle: CycleContext

    func mayRead() -> Bool {
        guard cycle.control.readsOn else { return false }
        let limit = gate.withGate { $0.readingLimit(elapsed: cycle.elapsed, bytesRead: cycle.ledger.bytesRead) }
        guard let limit else { return true }
        cycle.control.stop(.limit(limit), stopsReading: true)
        return false
    }

    /// What became of a row that was fetched: its file was read or not, or is left as it is.
    func settled(_ row: CatalogRow, hasFailed: Bool = false) {
        gate.settle(size: row.size.integerValue, hasFailed: hasFailed)
    }
}
