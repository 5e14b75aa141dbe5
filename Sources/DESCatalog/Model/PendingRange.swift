package import DESBase

/// Whether a row waits to be migrated or is marked.
package enum RowState: Sendable, Hashable {
    case pending
    case archived
}

/// Which rows a scan returns, by their time: pending ones, unless it says otherwise.
package struct PendingRange: Sendable, Hashable {
    /// The earliest moment of a row.
    package var from: Timestamp
    /// Rows of this moment and later are not returned.
    package var before: Timestamp
    /// Whether rows without a readable time are returned too, after the others: they fail, so that somebody learns of them.
    package var includesUndated: Bool
    package var state: RowState

    package init(
        from: Timestamp = .earliest, before: Timestamp, includesUndated: Bool = true,
        state: RowState = .pending
    ) {
        self.from = from
        self.before = before
        self.includesUndated = includesUndated
        self.state = state
    }
}

/// How many pending rows a day has.
package struct PendingDay: Sendable, Hashable {
    /// Days since 1970-01-01, UTC; nil for the rows without a readable time.
    package var dayNumber: Int64?
    package var rows: Int64

    package init(dayNumber: Int64?, rows: Int64) {
        self.dayNumber = dayNumber
        self.rows = rows
    }
}

/// Pending rows that are counted by day.
package struct PendingDayCounts: Sendable {
    private var counts: [Int64: Int64] = [:]
    private var undated: Int64 = 0

    package init() {}

    /// Counts one row, unless it is of the cutoff or later.
    package mutating func count(_ time: Timestamp?, cutoff: Timestamp) {
        if let time, time >= cutoff { return }
        add(1, on: time?.dayNumber)
    }

    package mutating func add(_ rows: Int64, on dayNumber: Int64?) {
        if let dayNumber { counts[dayNumber, default: 0] += rows } else { undated += rows }
    }

    /// In their order; the rows without a readable time last.
    package var days: [PendingDay] {
        let days = counts.sorted { $0.key < $1.key }.map { PendingDay(dayNumber: $0.key, rows: $0.value) }
        return undated == 0 ? days : days + [PendingDay(dayNumber: nil, rows: undated)]
    }
}

extension CatalogSchema {
    /// Whether rows of the state can be told from the others.
    ///
    /// - Throws: ``CatalogError`` for archived rows of a table without a column that says which these are.
    package func check(_ state: RowState, place: String) throws {
        guard state == .archived, archivedColumn == nil else { return }
        throw CatalogError(
            code: .missingColumn, what: "cannot read the marked rows of table \"\(table)\"", place: place,
            reason: "no archived_column tells which rows are marked")
    }
}
