import DESBase
import DESRouting
import DESTestSupport
import Testing

@Suite("Timestamp")
struct TimestampTests {
    @Test(
        "A calendar moment has its known number of seconds",
        arguments: [
            (1970, 1, 1, 0), (1969, 12, 31, -86_400), (2000, 2, 29, 951_782_400), (2000, 3, 1, 951_868_800),
            (1900, 3, 1, -2_203_891_200), (2024, 12, 31, 1_735_603_200), (1, 1, 1, -62_135_596_800),
            (9999, 12, 31, 253_402_214_400), (2038, 1, 19, 2_147_472_000),
        ])
    func knownSeconds(year: Int, month: Int, day: Int, seconds: Int64) throws {
        let timestamp = try #require(Timestamp(year: year, month: month, day: day))
        #expect(timestamp.microsecondsSinceEpoch == seconds * 1_000_000)
    }

    @Test("Every day of the years 1 to 9999 has the number after that of the day before, and back")
    func everyDay() throws {
        var number: Int64 = -719_162
        for year in 1...9999 {
            let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            for (index, length) in lengths.enumerated() {
                let first = try #require(Timestamp(year: year, month: index + 1, day: 1))
                try #require(first.dayNumber == number)
                let last = try #require(Timestamp(year: year, month: index + 1, day: length, hour: 23, minute: 59))
                number += Int64(length)
                try #require(last.dayNumber == number - 1)
                try #require(last.dateDirectory == digits(year, 4) + digits(index + 1, 2) + digits(length, 2))
                try #require(Timestamp(year: year, month: index + 1, day: length + 1) == nil)
            }
        }
        #expect(number == 2_932_897)
    }

    @Test(
        "Fields out of range make no timestamp",
        arguments: [
            [0, 1, 1, 0, 0, 0, 0, 0], [10_000, 1, 1, 0, 0, 0, 0, 0], [2024, 0, 1, 0, 0, 0, 0, 0],
            [2024, 13, 1, 0, 0, 0, 0, 0], [2023, 2, 29, 0, 0, 0, 0, 0], [2024, 1, 0, 0, 0, 0, 0, 0],
            [2024, 1, 1, 24, 0, 0, 0, 0], [2024, 1, 1, -1, 0, 0, 0, 0], [2024, 1, 1, 0, 60, 0, 0, 0],
            [2024, 1, 1, 0, 0, 60, 0, 0], [2024, 1, 1, 0, 0, 0, 1_000_000, 0], [2024, 1, 1, 0, 0, 0, 0, 86_400],
            [1, 1, 1, 0, 0, 0, 0, 1], [9999, 12, 31, 23, 59, 59, 999_999, -1], [Int.max, 1, 1, 0, 0, 0, 0, 0],
        ])
    func outOfRange(fields: [Int]) {
        #expect(
            Timestamp(
                year: fields[0], month: fields[1], day: fields[2], hour: fields[3], minute: fields[4],
                second: fields[5], microsecond: fields[6], offsetSeconds: fields[7]) == nil)
    }

    @Test(
        "RFC 3339 has a fraction only as long as needed",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (1, "1970-01-01T00:00:00.000001Z"), (1000, "1970-01-01T00:00:00.001Z"),
            (-1, "1969-12-31T23:59:59.999999Z"), (1_704_164_645_120_000, "2024-01-02T03:04:05.120Z"),
            (Int64.max, "9999-12-31T23:59:59.999999Z"), (Int64.min, "0001-01-01T00:00:00Z"),
        ] as [(Int64, String)])
    func rendering(microseconds: Int64, text: String) {
        let timestamp = Timestamp(microsecondsSinceEpoch: microseconds)
        #expect(timestamp.rfc3339 == text)
        #expect(Timestamp(parsing: text) == timestamp)
        var bytes = Array("x".utf8)
        timestamp.appendRFC3339(to: &bytes)
        #expect(bytes == Array("x\(text)".utf8))
    }

    @Test("The date directory is the day in UTC, not at the place of the writer")
    func dateDirectory() {
        #expect(Timestamp(parsing: "2024-01-01T23:30:00-01:00")?.dateDirectory == "20240102")
        #expect(Timestamp(parsing: "2024-03-01T00:30:00+01:00")?.dateDirectory == "20240229")
        #expect(Timestamp(microsecondsSinceEpoch: -1).dateDirectory == "19691231")
        #expect(Timestamp.earliest.dateDirectory == "00010101")
        #expect(Timestamp.latest.dateDirectory == "99991231")
    }

    @Test("What is rendered reads back as the same moment")
    func roundTrip() {
        var generator = TestRandom(seed: 42)
        for _ in 0..<20_000 {
            let microseconds = Int64.random(in: -62_135_596_800_000_000...253_402_300_799_999_999, using: &generator)
            let timestamp = Timestamp(microsecondsSinceEpoch: microseconds)
            #expect(timestamp.microsecondsSinceEpoch == microseconds)
            #expect(Timestamp(parsing: timestamp.rfc3339) == timestamp)
        }
    }

    private func digits(_ value: Int, _ count: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: count - text.count) + text
    }
}
