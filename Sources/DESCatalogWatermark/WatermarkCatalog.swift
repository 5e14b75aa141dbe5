package import DESBase
package import DESCatalog

/// A catalog whose table is never changed: which rows are still to be packed follows from the watermark and what an
/// ``ArchiveStore`` keeps beside it.
///
/// Pending are the rows after the watermark that are neither packed nor set aside.
package final class WatermarkCatalog: SourceCatalog {
    private let base: any SourceCatalog
    private let store: any ArchiveStore

    /// - Parameter base: a catalog without archived column: all its rows are pending.
    package init(base: any SourceCatalog, store: any ArchiveStore) {
        self.base = base
        self.store = store
    }

    package var hasSizes: Bool { base.hasSizes }

    package func refresh() async { await base.refresh() }

    package func checkSchema() async throws {
        try await base.checkSchema()
    }

    package func findings() async throws -> CatalogFindings { try await base.findings() }

    package func serverTime() async throws -> Timestamp? { try await base.serverTime() }

    package var storeMemory: (any StoreMemory)? { store }

    package func pendingRows(in range: PendingRange) async throws -> any PendingRowScan {
        guard range.state == .pending else { return try await archivedRows(in: range) }
        var range = range
        // An empty range asks for the rows without a readable time alone.
        if range.from < range.before, let until = try await store.config()?.archivedUntil {
            range.from = max(range.from, until.next)
        }
        let scan = try await base.pendingRows(in: range)
        return try await hasLeftOut(in: range) ? LeftOutScan(base: scan, store: store) : scan
    }

    private func hasLeftOut(in range: PendingRange) async throws -> Bool {
        guard range.from < range.before else { return false }
        for kind in LeftOutKind.allCases
        where try await !store.leftOut(kind, in: range, after: nil, atMost: 1).isEmpty {
            return true
        }
        return false
    }

    /// The rows of a range that are set aside and not accepted, wherever the watermark is.
    package func setAsideRows(in range: PendingRange) async throws -> any PendingRowScan {
        var range = range
        range.includesUndated = false
        var setAside = IdentitySet()
        try await setAside.add(.setAside, of: store, in: range)
        setAside.sort()
        return WatermarkScan(base: try await base.pendingRows(in: range)) { [setAside] row in
            setAside.contains(RowIdentity(row.key))
        }
    }

    /// The rows behind the watermark but those set aside, and the packed ones after it. A row without a readable time is never
    /// archived.
    private func archivedRows(in range: PendingRange) async throws -> any PendingRowScan {
        var range = range
        range.state = .pending
        range.includesUndated = false
        let until = try await store.config()?.archivedUntil
        var setAside = IdentitySet()
        try await setAside.add(.setAside, of: store, in: range)
        try await setAside.add(.accepted, of: store, in: range)
        setAside.sort()
        var packed = IdentitySet()
        try await packed.add(.packed, of: store, in: range)
        packed.sort()
        if packed.isEmpty { range.before = min(range.before, until?.next ?? range.from) }
        return WatermarkScan(base: try await base.pendingRows(in: range)) { [setAside, packed] row in
            let identity = RowIdentity(row.key)
            if let until, let time = row.key.createdAt.timestamp, time <= until { return !setAside.contains(identity) }
            return packed.contains(identity)
        }
    }

    /// Counts by reading the rows after the watermark. Of the rows whose time is NULL a base counts as many as its scans
    /// return.
    package func statistics(olderThan cutoff: Timestamp) async throws -> CatalogStatistics {
        var statistics = CatalogStatistics(hasSizes: hasSizes)
        let scan = try await pendingRows(in: PendingRange(before: .latest))
        do {
            while case let page = try await scan.nextPage(atMost: 10_000), !page.isEmpty {
                for row in page {
                    statistics.count(
                        time: row.key.createdAt.timestamp, cutoff: cutoff,
                        hasUID: row.key.uid.uidText?.isEmpty == false,
                        hasLocation: row.key.location.uidText?.isEmpty == false, size: row.size.integerValue)
                }
            }
        } catch {
            await scan.close()
            throw error
        }
        await scan.close()
        return statistics
    }

    package func mark(_ rows: [RowMark], within fence: Fence?) async throws -> [MarkOutcome] {
        guard fence == nil else { throw Self.noFences("cannot mark \(rows.count) rows") }
        guard !rows.isEmpty else { return [] }
        return try await store.addPacked(rows)
    }

    /// Always throws: one process works behind a watermark.
    package func raise(_ fence: Fence) async throws {
        throw Self.noFences("cannot take over the unit \(fence.unit)")
    }

    package func recoveredRows(for keys: [(uid: String, createdAt: Timestamp)]) async throws -> [[RecoveredRow]] {
        var found = try await base.recoveredRows(for: keys)
        let rowKeys = found.joined().map(\.row.key)
        guard !rowKeys.isEmpty else { return found }
        var isArchived = try await store.isArchived(rowKeys).makeIterator()
        for position in found.indices {
            for index in found[position].indices {
                found[position][index].isArchived = isArchived.next() ?? false
            }
        }
        return found
    }

    /// All rows of the base are pending for it: no source of a row that is still there can be deleted.
    package func locationsStillPending(_ locations: [String]) async throws -> Set<ByteString> {
        try await base.locationsStillPending(locations)
    }

    /// Closes the base and the store.
    package func close() async {
        await base.close()
        await store.close()
    }

    private static func noFences(_ what: String) -> CatalogError {
        CatalogError(
            code: .notMarkable, what: what, place: "watermark mode",
            reason: "one process works behind a watermark, and needs no fences",
            advice: "use migration.mode mark for several workers")
    }
}

/// The rows of a scan that are to be returned.
private struct WatermarkScan: PendingRowScan {
    let base: any PendingRowScan
    let isReturned: @Sendable (CatalogRow) -> Bool

    var pagingNote: String? { base.pagingNote }

    func nextPage(atMost count: Int) async throws -> [CatalogRow] {
        while true {
            let page = try await base.nextPage(atMost: count)
            guard !page.isEmpty else { return [] }
            let rows = page.filter(isReturned)
            if !rows.isEmpty { return rows }
        }
    }

    func close() async { await base.close() }
}
