package import DESBase

/// The user's list of files: where the migration learns what to move, and notes what it has moved.
///
/// A row is *pending* as long as its archived column is NULL, 0, false or empty. All methods throw ``CatalogError``, or
/// `CancellationError` when the task is cancelled, and none of them blocks a thread of the cooperative pool.
package protocol SourceCatalog: Sendable {
    /// Whether it knows sizes; those of its rows are all NULL otherwise.
    var hasSizes: Bool { get }

    /// Forgets what was learned of the table: the next call looks it up as it is then. Scans that are open keep what they know.
    func refresh() async

    /// Checks that the catalog can be opened and has the table and all columns.
    func checkSchema() async throws

    /// Tries a mark on a few pending rows and takes it back, so that what the database would refuse of every row is known
    /// before anything is packed, and that no row would be found again by its uid, time and location. Changes nothing where
    /// that cannot be undone, and says nothing where other transactions hold the rows.
    ///
    /// - Parameter cutoff: rows of this time and later do not matter.
    /// - Throws: ``CatalogError/Code-swift.struct/notMarkable``.
    func tryMark(olderThan cutoff: Timestamp) async throws

    /// What an operator should know before a migration. Marks are looked at once, for a few seconds at most.
    func findings() async throws -> CatalogFindings

    /// Begins to read the rows of a range, pending ones unless it says otherwise, in the order of time, and then those without
    /// a readable time. The caller closes the scan.
    ///
    /// Where times are stored in several forms the order may be that of each form by itself.
    func pendingRows(in range: PendingRange) async throws -> any PendingRowScan

    /// Counts the pending rows before the cutoff by day (UTC), in the order of days; those without a readable time last.
    func pendingDays(olderThan cutoff: Timestamp) async throws -> [PendingDay]

    /// Counts the pending rows in one pass.
    func statistics(olderThan cutoff: Timestamp) async throws -> CatalogStatistics

    /// Marks the rows in one transaction and answers, in their order, what became of each.
    ///
    /// One transaction, unless rows that are locked or refused make it necessary to mark the others without them. If it
    /// throws, the rows of transactions before the one that failed stay marked, and after
    /// ``CatalogError/Code-swift.struct/unreachable`` it is unknown whether that one was committed. The same call, repeated,
    /// finds out: what was marked before is `alreadyMarked`.
    ///
    /// - Parameter fence: checked in the statement that marks.
    /// - Throws: ``CatalogError/Code-swift.struct/fenced`` if a higher token was raised.
    func mark(_ rows: [RowMark], within fence: Fence?) async throws -> [MarkOutcome]

    /// From now on only this token, or a higher one raised later, marks rows of the unit. Waits for marks that are being
    /// made under a lower one.
    ///
    /// - Throws: ``CatalogError/Code-swift.struct/fenced`` if a higher token was raised before.
    func raise(_ fence: Fence) async throws

    /// For each key, in order, all rows, pending or marked, of that uid whose time is equal to the microsecond.
    func recoveredRows(for keys: [(uid: String, createdAt: Timestamp)]) async throws -> [[RecoveredRow]]

    /// Which of these locations a pending row still names.
    func locationsStillPending(_ locations: [String]) async throws -> Set<ByteString>

    /// What the clock of the database server says; nil if it has none of its own.
    func serverTime() async throws -> Timestamp?

    /// What the catalog remembers beside its rows; nil if it may write nothing but marks.
    var storeMemory: (any StoreMemory)? { get }

    /// Ends all use of the catalog. Later calls throw ``CatalogError/Code-swift.struct/closed``.
    func close() async
}

extension SourceCatalog {
    package func refresh() async {}

    package func tryMark(olderThan cutoff: Timestamp) async throws {}

    package func findings() async throws -> CatalogFindings { CatalogFindings() }

    package func serverTime() async throws -> Timestamp? { nil }

    package var storeMemory: (any StoreMemory)? { nil }

    /// All pending rows whose time lies before the cutoff, and those without a readable time.
    package func pendingRows(olderThan cutoff: Timestamp) async throws -> any PendingRowScan {
        try await pendingRows(in: PendingRange(before: cutoff))
    }

    /// Counts by reading all pending rows; right for every catalog, and slower than a database that counts itself.
    package func pendingDays(olderThan cutoff: Timestamp) async throws -> [PendingDay] {
        var counts = PendingDayCounts()
        let scan = try await pendingRows(olderThan: cutoff)
        do {
            while case let page = try await scan.nextPage(atMost: 10_000), !page.isEmpty {
                for row in page { counts.count(row.key.createdAt.timestamp, cutoff: cutoff) }
            }
        } catch {
            await scan.close()
            throw error
        }
        await scan.close()
        return counts.days
    }
}

/// A pass over the pending rows, page by page. Between two pages it holds no lock on the catalog.
package protocol PendingRowScan: Sendable {
    /// Advice for the log where the catalog can only be read in order after sorting it: which index to create.
    var pagingNote: String? { get }

    /// The next rows, at most that many; empty at the end of the scan, and only there.
    func nextPage(atMost count: Int) async throws -> [CatalogRow]

    /// Gives back what the scan holds. Pages after it are empty.
    func close() async
}
