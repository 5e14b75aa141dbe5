/// A moment in UTC with a resolution of one microsecond, from year 1 to year 9999 of the proleptic Gregorian calendar.
///
/// A shard's date directory, the order of the rows and the cutoff of a migration are all decided on this type, so that
/// every stored form of one moment compares equal. Leap seconds are not counted, as in POSIX time.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z; negative before it.
    public let microsecondsSinceEpoch: Int64

    /// 0001-01-01T00:00:00Z, the smallest value.
    public static let earliest = Timestamp(microsecondsSinceEpoch: CivilDate.earliestMicroseconds)

    /// 9999-12-31T23:59:59.999999Z, the largest value.
    public static let latest = Timestamp(microsecondsSinceEpoch: CivilDate.latestMicroseconds)

    /// The moment that many microseconds after 1970-01-01T00:00:00Z. What lies outside the years 1 to 9999 becomes
    /// ``earliest`` or ``latest``, so that date arithmetic (a cutoff "100,000 days ago") never traps.
    public init(microsecondsSinceEpoch: Int64) {
        self.microsecondsSinceEpoch = Swift.min(
            Swift.max(microsecondsSinceEpoch, CivilDate.earliestMicroseconds), CivilDate.latestMicroseconds)
    }

    /// The moment with these calendar fields at a place whose clock is `offsetSeconds` ahead of UTC.
    ///
    /// Returns nil when a field is out of its range (year 1–9999, month 1–12, day of that month, hour 0–23, minute and
    /// second 0–59, microsecond 0–999,999, offset less than a day) or the moment in UTC leaves the years 1 to 9999.
    public init?(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, microsecond: Int = 0,
        offsetSeconds: Int = 0
    ) {
        guard let date = CivilDate(year: year, month: month, day: day),
            (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second),
            (0...999_999).contains(microsecond), (-86_399...86_399).contains(offsetSeconds)
        else { return nil }
        let seconds = Int64(hour * 3600 + minute * 60 + second - offsetSeconds)
        self.init(exactMicroseconds: (date.dayNumber * 86_400 + seconds) * 1_000_000 + Int64(microsecond))
    }

    /// As ``init(microsecondsSinceEpoch:)``, but nil for what lies outside the years 1 to 9999.
    init?(exactMicroseconds: Int64) {
        guard exactMicroseconds >= CivilDate.earliestMicroseconds, exactMicroseconds <= CivilDate.latestMicroseconds
        else { return nil }
        self.microsecondsSinceEpoch = exactMicroseconds
    }

    /// Days since 1970-01-01 in UTC, rounded down.
    public var dayNumber: Int64 {
        CivilDate.floorDivide(microsecondsSinceEpoch, CivilDate.microsecondsPerDay).quotient
    }

    /// Whether `left` is the earlier moment.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microsecondsSinceEpoch < right.microsecondsSinceEpoch
    }
}
