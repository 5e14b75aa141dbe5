package import DESRouting

/// The user's list of files: where the migration learns what to move, and notes what it has moved.
///
/// A row is *pending* as long as its archived column is NULL, 0, false or empty. All methods throw ``CatalogError``, or
/// `CancellationError` when the task is cancelled, and none of them blocks a thread of the cooperative pool.
package protocol SourceCatalog: Sendable {
    /// Checks that the catalog can be opened and has the table and all columns.
    func checkSchema() async throws

    /// Begins to read the pending rows whose time lies before the cutoff, in the order of time, and then those without
    /// a readable time. The caller closes the scan.
    func pendingRows(olderThan cutoff: Timestamp) async throws -> any PendingRowScan

    /// Counts the pending rows in one pass.
    func statistics(olderThan cutoff: Timestamp) async throws -> CatalogStatistics

    /// Marks the rows in one transaction and answers, in the order of the keys, what became of each. If it throws,
    /// nothing is marked.
    func mark(_ keys: [RowKey]) async throws -> [MarkOutcome]

    /// For each key, in order, all rows, pending or marked, of that uid whose time is equal to the microsecond.
    func recoveredRows(for keys: [(uid: String, createdAt: Timestamp)]) async throws -> [[RecoveredRow]]

    /// Which of these locations a pending row still names.
    func locationsStillPending(_ locations: [String]) async throws -> Set<String>

    /// Ends all use of the catalog. Later calls throw ``CatalogError/Code-swift.struct/closed``.
    func close() async
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
