import DESBase
import DESPostgres

/// Writes moments as PostgreSQL reads them.
enum PostgresTimeText {
    /// A moment that ``Timestamp`` cannot hold: an infinity, or one before the year 1 or after 9999.
    ///
    /// - Parameter microseconds: since 1970.
    static func text(_ microseconds: Int64, isDate: Bool) -> String {
        if microseconds == PostgresTime.infinity { return "infinity" }
        if microseconds == PostgresTime.minusInfinity { return "-infinity" }
        let (days, rest) = CivilDate.floorDivide(microseconds, CivilDate.microsecondsPerDay)
        // The Gregorian calendar repeats after 400 years, that is 146,097 days.
        let (eras, day) = CivilDate.floorDivide(days, 146_097)
        let date = Timestamp(microsecondsSinceEpoch: day * CivilDate.microsecondsPerDay).dateDirectory
        let year = (Int64(date.prefix(4)) ?? 0) + eras * 400
        let shown = String(year > 0 ? year : 1 - year)
        let zeros = String(repeating: "0", count: max(0, 4 - shown.count))
        let monthAndDay = "-\(date.dropFirst(4).prefix(2))-\(date.suffix(2))"
        let time = Timestamp(microsecondsSinceEpoch: rest).rfc3339.dropFirst(11).dropLast()
        return zeros + shown + monthAndDay + (isDate ? "" : " \(time)+00") + (year > 0 ? "" : " BC")
    }

    /// A literal that a column of times is compared with; days are compared with the moment they begin at.
    static func literal(_ time: Timestamp, for column: PostgresColumn) -> String {
        column.kind == .timestamptz ? "'\(time.rfc3339)'::timestamptz" : "'\(time.rfc3339.dropLast())'::timestamp"
    }
}
