package import DESBase
package import DESCatalog

/// A piece of the work behind a watermark: the rows after one moment up to and with a midnight.
package struct WatermarkSlice: Sendable, Hashable {
    /// The rows come after this moment; nil: from the first one on.
    package let after: Timestamp?
    /// The last moment of the rows.
    package let through: Timestamp

    package init(after: Timestamp?, through: Timestamp) {
        self.after = after
        self.through = through
    }

    /// The slice as a scan asks for it. Rows without a readable time belong to no slice.
    package var range: PendingRange {
        PendingRange(from: after.map { $0.next } ?? .earliest, before: through.next, includesUndated: false)
    }
}

/// The moments that a cycle in watermark mode works through, day by day, and how far the watermark may follow. Knows no I/O:
/// the caller looks for the first row, works, and tells what came of it.
///
/// The window is (archived until, midnight UTC of now − lag]. The watermark follows over slices that are settled, without a
/// gap: it never passes a blocked one, while slices after that are still worked on.
package struct WatermarkWindow: Sendable, Hashable {
    /// Where the watermark was when the cycle began; nil: nowhere yet.
    package let start: Timestamp?
    /// The last moment that this cycle looks at, a midnight in UTC.
    package let end: Timestamp
    /// How far slices were given out.
    package private(set) var position: Timestamp?
    /// How far all is settled: where the watermark may be. Nil: nowhere yet.
    package private(set) var watermark: Timestamp?
    /// The slices that hold the watermark back, in their order.
    package private(set) var blocked: [WatermarkSlice] = []

    /// - Parameters:
    ///   - archivedUntil: the watermark; nil if there is none yet.
    ///   - lagDays: how many days of 24 hours a row rests before it is archived; 0 or more.
    package init(archivedUntil: Timestamp?, lagDays: Int, now: Timestamp) {
        start = archivedUntil
        // A number of days that does not fit ends in the year 1.
        let lag = Int64(clamping: lagDays).multipliedReportingOverflow(by: CivilDate.microsecondsPerDay)
        let (moment, overflows) = now.microsecondsSinceEpoch.subtractingReportingOverflow(lag.partialValue)
        end = lag.overflow || overflows ? .earliest : Timestamp(microsecondsSinceEpoch: moment).midnight
        position = archivedUntil
        watermark = archivedUntil
    }

    /// Whether nothing is left to look at.
    package var isFinished: Bool { position.map { $0 >= end } ?? false }

    /// What is left, as a scan asks for it: the first row of it begins the next slice. Nil if nothing is left.
    package var rest: PendingRange? {
        isFinished ? nil : WatermarkSlice(after: position, through: end).range
    }

    /// The slice of the first row after the position, up to the next midnight; the days before it have no rows.
    ///
    /// - Parameter firstRow: its time; nil if no row is left in the window. Then, or if the time lies outside of what is left,
    ///   the answer is nil, and the window is finished.
    package mutating func nextSlice(firstRow: Timestamp?) -> WatermarkSlice? {
        guard !isFinished else { return nil }
        guard let firstRow, firstRow <= end else {
            // Nothing is between the last slice and the end; that slice may be blocked, or still worked on.
            if watermark == position { watermark = end }
            position = end
            return nil
        }
        let slice = WatermarkSlice(after: position, through: min(firstRow.followingMidnight, end))
        position = slice.through
        return slice
    }

    /// All rows of a slice are packed or set aside, or some are not.
    ///
    /// - Returns: where the watermark may go now, if that is further than before.
    @discardableResult
    package mutating func finish(_ slice: WatermarkSlice, isSettled: Bool) -> Timestamp? {
        guard isSettled else {
            blocked.append(slice)
            return nil
        }
        // Another one before it is blocked, or still worked on.
        guard slice.after == watermark else { return nil }
        watermark = slice.through
        return watermark
    }
}

extension Timestamp {
    /// The next microsecond.
    var next: Timestamp { Timestamp(microsecondsSinceEpoch: microsecondsSinceEpoch + 1) }

    /// The begin of the day in UTC.
    fileprivate var midnight: Timestamp { Timestamp(microsecondsSinceEpoch: dayNumber * CivilDate.microsecondsPerDay) }

    /// The first midnight that is not before.
    fileprivate var followingMidnight: Timestamp {
        midnight == self ? self : Timestamp(microsecondsSinceEpoch: (dayNumber + 1) * CivilDate.microsecondsPerDay)
    }
}
