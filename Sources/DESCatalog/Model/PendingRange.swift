package import DESRouting

/// Which pending rows a scan returns, by their time.
package struct PendingRange: Sendable, Hashable {
    /// The earliest moment of a row.
    package var from: Timestamp
    /// Rows of this moment and later are not returned.
    package var before: Timestamp
    /// Whether rows without a readable time are returned too, after the others: they fail, so that somebody learns of them.
    package var includesUndated: Bool

    package init(from: Timestamp = .earliest, before: Timestamp, includesUndated: Bool = true) {
        self.from = from
        self.before = before
        self.includesUndated = includesUndated
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
