package import DESBase

/// What waits in a catalog, counted in one pass over the pending rows.
package struct CatalogStatistics: Sendable, Equatable {
    /// Pending rows whose time lies before the cutoff, with or without a usable uid and location.
    package var totalFiles: Int64 = 0
    /// The sum of their sizes, as far as these are known; nil if the schema has no size column.
    package var totalSizeInBytes: Int64?
    /// The earliest time among them.
    package var oldest: Timestamp?
    /// The latest time among them.
    package var newest: Timestamp?
    /// Pending rows that a migration would fetch and fail for their uid, time or location: each counted once.
    package var rowsWithUnusableKey: Int64 = 0
    /// Rows to migrate whose uid is NULL, empty or no text.
    package var rowsWithoutUID: Int64 = 0
    /// Pending rows whose time is NULL or unreadable; they are not among the `totalFiles`.
    package var rowsWithoutTime: Int64 = 0
    /// Rows to migrate whose location is NULL, empty or no text.
    package var rowsWithoutLocation: Int64 = 0
    /// Files whose size is NULL, negative or no whole number; 0 if the schema has no size column.
    package var rowsWithoutSize: Int64 = 0
    /// Pending rows that are not older than the cutoff: they wait for a later cycle.
    package var rowsAfterCutoff: Int64 = 0

    package init(hasSizes: Bool) {
        totalSizeInBytes = hasSizes ? 0 : nil
    }

    /// What a database has counted, column by column: the files, the earliest and the latest time, the rows
    /// of each kind, and behind them the sum of the sizes and the rows without one, if there are sizes.
    package init(hasSizes: Bool, number: (_ column: Int) -> Int64, time: (_ column: Int) -> Timestamp?) {
        self.init(hasSizes: hasSizes)
        totalFiles = number(0)
        oldest = time(1)
        newest = time(2)
        rowsWithUnusableKey = number(3)
        rowsWithoutUID = number(4)
        rowsWithoutTime = number(5)
        rowsWithoutLocation = number(6)
        rowsAfterCutoff = number(7)
        guard hasSizes else { return }
        totalSizeInBytes = number(8)
        rowsWithoutSize = number(9)
    }

    /// Counts one pending row.
    ///
    /// - Parameters:
    ///   - time: nil if the row has no readable time.
    ///   - hasUID: whether the uid is a text and not empty; likewise `hasLocation`.
    ///   - size: in bytes; nil if the row has none that can be read.
    package mutating func count(
        time: Timestamp?, cutoff: Timestamp, hasUID: Bool, hasLocation: Bool, size: Int64?
    ) {
        if let time, time >= cutoff {
            rowsAfterCutoff += 1
            return
        }
        if !hasUID { rowsWithoutUID += 1 }
        if !hasLocation { rowsWithoutLocation += 1 }
        if time == nil { rowsWithoutTime += 1 }
        if time == nil || !hasUID || !hasLocation { rowsWithUnusableKey += 1 }
        guard let time else { return }
        totalFiles += 1
        oldest = min(oldest ?? time, time)
        newest = max(newest ?? time, time)
        guard let total = totalSizeInBytes else { return }
        if let size, size >= 0 {
            let (sum, overflows) = total.addingReportingOverflow(size)
            totalSizeInBytes = overflows ? Int64.max : sum
        } else {
            rowsWithoutSize += 1
        }
    }
}
