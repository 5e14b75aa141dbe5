import DESBase

/// How moments and days go over the wire, and back: the server counts from 2000-01-01.
package enum PostgresTime {
    /// `'infinity'` in place of a number of microseconds.
    package static let infinity = Int64.max
    /// `'-infinity'` in place of a number of microseconds.
    package static let minusInfinity = Int64.min

    private static let epochInMicroseconds: Int64 = 946_684_800_000_000
    private static let epochInDays: Int64 = 10_957

    /// Microseconds since 1970 of what a `timestamp` or `timestamptz` holds.
    static func microseconds(fromWire value: Int64) -> Int64 {
        if value == Int64.max || value == Int64.min { return value }
        let (sum, overflows) = value.addingReportingOverflow(epochInMicroseconds)
        return overflows ? Int64.max : sum
    }

    static func wire(fromMicroseconds value: Int64) -> Int64 {
        if value == Int64.max || value == Int64.min { return value }
        let (difference, overflows) = value.subtractingReportingOverflow(epochInMicroseconds)
        return overflows ? Int64.min : difference
    }

    /// Microseconds since 1970 at the begin of a `date` in UTC. Days later than the year 294,000 are given as infinity.
    static func microseconds(fromWireDay day: Int32) -> Int64 {
        if day == Int32.max { return infinity }
        if day == Int32.min { return minusInfinity }
        let (product, overflows) = (Int64(day) + epochInDays).multipliedReportingOverflow(
            by: CivilDate.microsecondsPerDay)
        return overflows ? (day > 0 ? infinity : minusInfinity) : product
    }

    /// The `date` that a moment lies in.
    static func wireDay(fromMicroseconds value: Int64) -> Int32 {
        if value == infinity { return Int32.max }
        if value == minusInfinity { return Int32.min }
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: CivilDate.microsecondsPerDay)
        return Int32(clamping: quotient - (remainder < 0 ? 1 : 0) - epochInDays)
    }
}
