import FoundationEssentials

/// A moment of the calendar, in UTC, for log lines.
package struct WallTime: Sendable, Equatable {
    /// Seconds since 1970-01-01T00:00:00Z.
    package var seconds: Int64
    /// 0 to 999,999,999.
    package var nanoseconds: Int64

    /// Makes a moment from seconds since 1970 and a fraction in nanoseconds.
    package init(seconds: Int64, nanoseconds: Int64 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// What the clock of the system says, to the microsecond.
    package static func now() -> WallTime {
        // Not clock_gettime: in a target that also imports NIO, its C module takes `timespec` away from Glibc's.
        let time = Date().timeIntervalSince1970
        let seconds = time.rounded(.down)
        return WallTime(seconds: Int64(seconds), nanoseconds: Int64((time - seconds) * 1e6) * 1000)
    }

    /// RFC 3339 with milliseconds: `2026-01-02T03:04:05.678Z`.
    package var rfc3339Milliseconds: String {
        let (year, month, day) = civilDate
        let second = seconds - Self.floorDivided(seconds, by: 86_400) * 86_400
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        let time = "\(padded(second / 3_600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
        return "\(date)T\(time).\(padded(nanoseconds / 1_000_000, 3))Z"
    }

    /// The proleptic Gregorian date. Years are counted from March, so that the leap day is the last of its year, in cycles
    /// of 400 years of 146,097 days.
    private var civilDate: (year: Int64, month: Int64, day: Int64) {
        let daysSinceMarch0000 = Self.floorDivided(seconds, by: 86_400) + 719_468
        let cycle = Self.floorDivided(daysSinceMarch0000, by: 146_097)
        let dayOfCycle = daysSinceMarch0000 - cycle * 146_097
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1_460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0), month, day)
    }

    private static func floorDivided(_ value: Int64, by divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : (value + 1) / divisor - 1
    }

    private func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
