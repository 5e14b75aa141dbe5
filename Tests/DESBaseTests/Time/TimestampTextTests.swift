import DESBase
import Foundation
import Testing

@Suite struct TimestampTextTests {
    @Test func `Times agree with Foundation's over four thousand years, leap days included`() throws {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        var seconds = try #require(formatter.date(from: "1600-01-01T00:00:00.000Z")).timeIntervalSince1970
        while seconds < 64_000_000_000 {
            let expected = formatter.string(from: Date(timeIntervalSince1970: seconds))
            let written = Timestamp(secondsSinceEpoch: Int64(seconds)).rfc3339Milliseconds
            if written != expected { Issue.record("\(written), not \(expected)") }
            seconds += 86_399 * 29
        }
        #expect(Timestamp(secondsSinceEpoch: 951_782_400).rfc3339Milliseconds == "2000-02-29T00:00:00.000Z")
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (678_999, "1970-01-01T00:00:00.678Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (-1_000_000, "1969-12-31T23:59:59.000Z"),
        ] as [(Int64, String)])
    func `Milliseconds are rounded down`(microseconds: Int64, text: String) {
        #expect(Timestamp(microsecondsSinceEpoch: microseconds).rfc3339Milliseconds == text)
    }

    @Test func `Seconds are rounded down, added whole, and end with the years 1 and 9999`() {
        let time = Timestamp(microsecondsSinceEpoch: -1_500_000)
        #expect(time.secondsSinceEpoch == -2)
        #expect(time.adding(seconds: 3).microsecondsSinceEpoch == 1_500_000)
        #expect(Timestamp(secondsSinceEpoch: .max) == .latest && Timestamp(secondsSinceEpoch: .min) == .earliest)
    }

    @Test(
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (4_102_444_800, "Fri, 01 Jan 2100 00:00:00 GMT"),
        ] as [(Int64, String)])
    func `Dates of HTTP are written and read`(seconds: Int64, text: String) {
        #expect(HTTPDate.text(Timestamp(secondsSinceEpoch: seconds)) == text)
        #expect(HTTPDate.moment(text) == Timestamp(secondsSinceEpoch: seconds))
    }

    @Test func `A leap second is the first second of the next minute`() {
        let next = Timestamp(year: 2017, month: 1, day: 1)
        #expect(next != nil && HTTPDate.moment("Sat, 31 Dec 2016 23:59:60 GMT") == next)
    }

    @Test(arguments: [
        "", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 XXX 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 CET",
    ])
    func `What is no date of HTTP is none`(text: String) { #expect(HTTPDate.moment(text) == nil) }
}
