package import DESBase

/// Tells times that files of a catalog can have from those of a number that counts something else than DES takes it for: days
/// (Julian, Excel), seconds since 2001 (Core Data), ticks of 100 ns (.NET, FILETIME).
///
/// Such a number is read as a moment long past, so that no file is ever too young to be migrated.
package struct PlausibleTimes: Sendable {
    /// 1990-01-01: hardly a file that a catalog of today lists was made before.
    private static let earliest = Timestamp(microsecondsSinceEpoch: 631_152_000_000_000)
    /// 2001-01-01 for numbers. Core Data counts from there: its numbers of today read as 1995; and ticks of 100 ns since the year
    /// 1 or 1601, read as nanoseconds, are of 1990 or 1974.
    private static let earliestOfNumbers = Timestamp(microsecondsSinceEpoch: 978_307_200_000_000)

    /// The end of tomorrow, in whatever time zone.
    private let latest: Timestamp

    package init(now: Timestamp) {
        latest = Timestamp(microsecondsSinceEpoch: now.microsecondsSinceEpoch + 2 * CivilDate.microsecondsPerDay)
    }

    /// Whether a file can have the time of a row; true also for what is no time at all, which is another matter.
    package func contains(_ value: CatalogValue) -> Bool {
        guard let time = value.timestamp else { return true }
        return time >= (Self.isNumber(value, time) ? Self.earliestOfNumbers : Self.earliest) && time <= latest
    }

    /// Whether a moment is that of a file if a calendar says so, and hardly if a number does.
    package static func isDoubtfulAsNumber(_ time: Timestamp) -> Bool { time >= earliest && time < earliestOfNumbers }

    /// Whether a moment of which only itself is known can be that of a file.
    package func contains(_ time: Timestamp) -> Bool { time >= Self.earliest && time <= latest }

    /// Whether the value counts from 1970: a number, or a text of one, that is no calendar date as `20240102` is.
    private static func isNumber(_ value: CatalogValue, _ time: Timestamp) -> Bool {
        switch value {
        case .integer(let number): Timestamp(epoch: number) == time
        case .real(let number): Timestamp(epoch: number) == time
        case .text(let text): isNumber(Array(text.utf8), time)
        case .blob(let bytes): isNumber(bytes, time)
        case .null, .time, .tooLong: false
        }
    }

    private static func isNumber(_ text: [UInt8], _ time: Timestamp) -> Bool {
        guard let number = Double(String(decoding: text, as: UTF8.self)) else { return false }
        return Int64(exactly: number).map { Timestamp(storedInteger: $0) == Timestamp(epoch: $0) } ?? true
    }
}
