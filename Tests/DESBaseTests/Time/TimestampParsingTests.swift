import DESBase
import DESTestSupport
import Testing

@Suite("Parsing of timestamps")
struct TimestampParsingTests {
    /// 2024-01-02T03:04:05Z.
    static let moment: Int64 = 1_704_164_645_000_000
    /// 2024-01-02T00:00:00Z.
    static let midnight: Int64 = 1_704_153_600_000_000

    /// A stored text, and the moment that it names.
    static let writtenForms: [(String, String)] = [
        ("2024-01-02", "2024-01-02T00:00:00Z"),
        ("20240102", "2024-01-02T00:00:00Z"),
        ("2024-01-02Z", "2024-01-02T00:00:00Z"),
        ("20240102Z", "2024-01-02T00:00:00Z"),
        ("2024-01-02+02:00", "2024-01-01T22:00:00Z"),
        ("20240102-0130", "2024-01-02T01:30:00Z"),
        ("2024-01-02 03:04", "2024-01-02T03:04:00Z"),
        ("2024-01-02T03:04Z", "2024-01-02T03:04:00Z"),
        ("2024-01-02 03:04:05", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05", "2024-01-02T03:04:05Z"),
        ("2024-01-02t03:04:05z", "2024-01-02T03:04:05Z"),
        ("2024-01-02 03:04:05.1", "2024-01-02T03:04:05.100Z"),
        ("2024-01-02 03:04:05.123", "2024-01-02T03:04:05.123Z"),
        ("2024-01-02 03:04:05.000001", "2024-01-02T03:04:05.000001Z"),
        ("2024-01-02 03:04:05.123456", "2024-01-02T03:04:05.123456Z"),
        ("2024-01-02 03:04:05.123456999", "2024-01-02T03:04:05.123456Z"),
        ("2024-01-02 03:04:05 UTC", "2024-01-02T03:04:05Z"),
        ("2024-01-02 03:04:05UTC", "2024-01-02T03:04:05Z"),
        ("2024-01-02 03:04:05 utc", "2024-01-02T03:04:05Z"),
        ("2024-01-02T05:04:05+02", "2024-01-02T03:04:05Z"),
        ("2024-01-02T05:04:05+0200", "2024-01-02T03:04:05Z"),
        ("2024-01-02T05:04:05+02:00", "2024-01-02T03:04:05Z"),
        ("2024-01-02 05:04:05 +02:00", "2024-01-02T03:04:05Z"),
        ("2024-01-01T19:04:05-08:00", "2024-01-02T03:04:05Z"),
        ("2024-01-01 19:34:05.5  -07:30", "2024-01-02T03:04:05.500Z"),
        ("2024-01-02 03:04:05-00:00", "2024-01-02T03:04:05Z"),
        ("2024-01-02 03:23:37+00:19:32", "2024-01-02T03:04:05Z"),
        ("2024-01-02 03:04:05.25 +0000 UTC", "2024-01-02T03:04:05.250Z"),
        ("20240102T030405", "2024-01-02T03:04:05Z"),
        ("20240102T030405Z", "2024-01-02T03:04:05Z"),
        ("20240102t030405.5+0000", "2024-01-02T03:04:05.500Z"),
        ("20240102T0304", "2024-01-02T03:04:00Z"),
        ("20240102 03:04:05", "2024-01-02T03:04:05Z"),
        ("20240102030405", "2024-01-02T03:04:05Z"),
        ("  2024-01-02 03:04:05\n", "2024-01-02T03:04:05Z"),
        ("2024-01-01 24:00", "2024-01-02T00:00:00Z"),
        ("2024-01-01T24:00:00.000Z", "2024-01-02T00:00:00Z"),
        ("20240101T240000", "2024-01-02T00:00:00Z"),
        ("2024-01-01 23:59:60", "2024-01-02T00:00:00Z"),
        ("2024-01-01T23:59:60.5Z", "2024-01-02T00:00:00.500Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
    ]

    @Test("A written form is the moment that it names", arguments: writtenForms)
    func written(text: String, moment: String) {
        #expect(Timestamp(parsing: text)?.rfc3339 == moment)
        #expect(Timestamp(parsing: text[...])?.rfc3339 == moment)
        #expect(Timestamp(parsing: Array(text.utf8))?.rfc3339 == moment)
    }

    /// A number as text, and its microseconds since 1970.
    static let epochTexts: [(String, Int64?)] = [
        ("0", 0), ("1704164645", 1_704_164_645_000_000), ("+1704164645", 1_704_164_645_000_000), ("-1", -1_000_000),
        ("-1.5", -1_500_000),
        ("1704164645.123456789", 1_704_164_645_123_456), ("1704164645.", nil), ("1704164645000", 1_704_164_645_000_000),
        ("1704164645000.5", 1_704_164_645_000_500), ("1704164645000001", 1_704_164_645_000_001),
        ("1704164645000001999", 1_704_164_645_000_001),
        ("99999999999", 99_999_999_999_000_000), ("100000000000", 100_000_000_000_000),
        ("99999999999999", 99_999_999_999_999_000), ("100000000000000", 100_000_000_000_000),
        ("99999999999999999", 99_999_999_999_999_999), ("100000000000000000", 100_000_000_000_000),
        ("9223372036854775807", 9_223_372_036_854_775), ("9223372036854775808", nil),
        ("99999999999999999999", nil), ("20241302", 20_241_302_000_000), ("-62135596800", -62_135_596_800_000_000),
        ("-62135596801", nil), ("20240102.5", 20_240_102_500_000), ("2024", 2_024_000_000),
    ]

    @Test("An epoch number is told by its magnitude", arguments: epochTexts)
    func epochText(text: String, microseconds: Int64?) {
        #expect(Timestamp(parsing: text)?.microsecondsSinceEpoch == microseconds)
    }

    @Test("An epoch number means the same as integer, as double and as text")
    func epochKinds() {
        for number: Int64 in [0, 1, -1, 1_704_164_645, 1_704_164_645_123, 1_704_164_645_123_456, -1_704_164_645_123] {
            let expected = Timestamp(parsing: String(number))
            #expect(expected != nil)
            #expect(Timestamp(epoch: number) == expected)
            #expect(Timestamp(epoch: Double(number)) == expected)
        }
        #expect(Timestamp(epoch: 1_704_164_645.123456)?.microsecondsSinceEpoch == Self.moment + 123_456)
        #expect(Timestamp(epoch: Int64.max)?.rfc3339 == "2262-04-11T23:47:16.854775Z")
        #expect(Timestamp(epoch: Int64.min)?.rfc3339 == "1677-09-21T00:12:43.145224Z")
        for number in [Double.nan, .infinity, -.infinity, 1e300, -1e11 + 1] {
            #expect(Timestamp(epoch: number) == nil)
        }
    }

    @Test("A stored integer that reads as a calendar date is one, as the text would be")
    func storedIntegers() {
        #expect(Timestamp(storedInteger: 20_240_102)?.microsecondsSinceEpoch == Self.midnight)
        #expect(Timestamp(storedInteger: 20_240_102_030_405)?.microsecondsSinceEpoch == Self.moment)
        #expect(Timestamp(storedInteger: 20_241_302) == Timestamp(epoch: Int64(20_241_302)))
        #expect(Timestamp(storedInteger: 20_240_102_250_405) == Timestamp(epoch: Int64(20_240_102_250_405)))
        #expect(Timestamp(storedInteger: 1_704_164_645)?.microsecondsSinceEpoch == Self.moment)
        #expect(Timestamp(storedInteger: 1_704_164_645_000)?.microsecondsSinceEpoch == Self.moment)
    }

    @Test(
        "Anything else is no timestamp",
        arguments: [
            "", " ", "-", "+", ".", "abc", "2024-1-2", "2024-01", "2024-13-01", "2023-02-29", "0000-01-01",
            "2024-01-02T", "2024-01-02 03", "2024-01-02 3:04", "2024-01-02 03:04:", "2024-01-02 03:04:5",
            "2024-01-02 03:04:05.", "2024-01-02 03:04:05,5", "2024-01-02 25:00", "2024-01-02 24:01",
            "2024-01-02 24:00:01",
            "2024-01-02 03:60", "2024-01-02 03:04:61", "2024-01-02 03:04:05 CET", "2024-01-02 03:04:05+24:00",
            "2024-01-02 03:04:05+2", "2024-01-02 03:04:05+02:6", "2024-01-02 03:04:05+02:60", "2024-01-02T03:04:05Zx",
            "2024-01-02T03:04:05ZZ", "2024-01-02-05", "2024-01-02T030405", "2024/01/02", "02.01.2024", "20240102T03",
            "20240102x", "1.7e9", "0x10", "1704164645 ms", "--1", "2024-01-02  03:04:05",
            "2024-01-02T03:04:05+01:00 UTC",
            "9999-12-31T24:00:00", "9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+00:01", "２０２４-01-02", "now",
            "2024-01-02T03:04:05\0",
        ])
    func nonsense(text: String) {
        #expect(Timestamp(parsing: text) == nil)
    }

    @Test("No sequence of bytes traps, and every cut or changed form is nil or a moment")
    func anyBytes() {
        var generator = TestRandom(seed: 7)
        let alphabet = Array("0123456789-:.+TZ utcUTC\0\u{7F}".utf8) + [0xFF, 0xC3]
        let sample = Array("2024-01-02T03:04:05.123456+02:00".utf8)
        for _ in 0..<50_000 {
            var bytes = sample
            let count = Int.random(in: 0...sample.count, using: &generator)
            bytes.removeLast(sample.count - count)
            for _ in 0..<Int.random(in: 0...3, using: &generator) where !bytes.isEmpty {
                bytes[Int.random(in: bytes.indices, using: &generator)] =
                    alphabet[Int.random(in: alphabet.indices, using: &generator)]
            }
            if let timestamp = Timestamp(parsing: bytes) {
                #expect(Timestamp(parsing: timestamp.rfc3339) == timestamp)
            }
            let noise = (0..<count).map { _ in alphabet[Int.random(in: alphabet.indices, using: &generator)] }
            _ = Timestamp(parsing: noise)
        }
    }
}
