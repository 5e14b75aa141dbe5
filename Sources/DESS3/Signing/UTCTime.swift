import Glibc

/// A moment, to the second, as HTTP and S3 write it.
package struct UTCTime: Sendable, Hashable, Comparable {
    /// Since 1970, without leap seconds.
    package var secondsSince1970: Int64

    package init(secondsSince1970: Int64) { self.secondsSince1970 = secondsSince1970 }

    /// The system's clock.
    package static func system() -> UTCTime { UTCTime(secondsSince1970: Int64(time(nil))) }

    package static func < (left: UTCTime, right: UTCTime) -> Bool { left.secondsSince1970 < right.secondsSince1970 }

    package static func + (time: UTCTime, seconds: Int64) -> UTCTime {
        UTCTime(secondsSince1970: time.secondsSince1970 + seconds)
    }

    /// As in `20130524T000000Z`.
    package var basicText: String {
        let (year, month, day) = date
        let second = secondOfDay
        return String(unsafeUninitializedCapacity: 16) { buffer in
            Self.put(year, 4, buffer, at: 0)
            Self.put(month, 2, buffer, at: 4)
            Self.put(day, 2, buffer, at: 6)
            buffer[8] = UInt8(ascii: "T")
            Self.put(second / 3600, 2, buffer, at: 9)
            Self.put(second / 60 % 60, 2, buffer, at: 11)
            Self.put(second % 60, 2, buffer, at: 13)
            buffer[15] = UInt8(ascii: "Z")
            return 16
        }
    }

    /// As in `2013-05-24T00:00:00Z`.
    package var extendedText: String {
        var text = basicText
        for (offset, mark) in [(13, ":"), (11, ":"), (6, "-"), (4, "-")] as [(Int, Character)] {
            text.insert(mark, at: text.index(text.startIndex, offsetBy: offset))
        }
        return text
    }

    /// `2013-05-24T00:00:00.000Z` or `20130524T000000Z`, with a fraction or without; nil if it is neither.
    package init?(iso8601 text: String) {
        let digits = text.utf8.prefix { $0 != UInt8(ascii: ".") }.filter { 48...57 ~= $0 }
        guard digits.count == 14, text.utf8.last == UInt8(ascii: "Z"), text.utf8.contains(UInt8(ascii: "T")) else {
            return nil
        }
        func number(_ range: Range<Int>) -> Int64 { digits[range].reduce(0) { $0 * 10 + Int64($1 - 48) } }
        self.init(
            year: number(0..<4), month: number(4..<6), day: number(6..<8), hour: number(8..<10),
            minute: number(10..<12),
            second: number(12..<14))
    }

    /// `Fri, 24 May 2013 00:00:00 GMT`; nil if it is not that. The two forms that went out of use in 1989 are not known.
    package init?(httpDate text: String) {
        var text = text
        let fields: [Int64]? = text.withUTF8 { bytes in
            guard bytes.count == 29, bytes[26] == UInt8(ascii: "G") else { return nil }
            let name = UInt32(bytes[8]) << 16 | UInt32(bytes[9]) << 8 | UInt32(bytes[10])
            guard let month = Self.months.firstIndex(of: name) else { return nil }
            var fields = [Int64(month) + 1]
            for (offset, count) in [(5, 2), (12, 4), (17, 2), (20, 2), (23, 2)] {
                var number: Int64 = 0
                for byte in bytes[offset..<offset + count] {
                    guard 48...57 ~= byte else { return nil }
                    number = number * 10 + Int64(byte - 48)
                }
                fields.append(number)
            }
            return fields
        }
        guard let fields else { return nil }
        self.init(
            year: fields[2], month: fields[0], day: fields[1], hour: fields[3], minute: fields[4], second: fields[5])
    }

    /// `Jan` … `Dec`, each as one number.
    private static let months: [UInt32] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ].map { $0.utf8.reduce(0) { $0 << 8 | UInt32($1) } }

    private init?(year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64) {
        guard 1...12 ~= month, 1...31 ~= day, 0...23 ~= hour, 0...59 ~= minute, 0...60 ~= second, 1...9999 ~= year
        else { return nil }
        // Days of the proleptic Gregorian calendar, with years that begin in March, so that the leap day is the last.
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        secondsSince1970 = days * 86_400 + hour * 3600 + minute * 60 + second
    }

    private var secondOfDay: Int64 { secondsSince1970 - day * 86_400 }

    private var day: Int64 {
        secondsSince1970 >= 0 ? secondsSince1970 / 86_400 : (secondsSince1970 - 86_399) / 86_400
    }

    private var date: (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func put(
        _ number: Int64, _ count: Int, _ buffer: UnsafeMutableBufferPointer<UInt8>, at offset: Int
    ) {
        var rest = number
        for index in stride(from: offset + count - 1, through: offset, by: -1) {
            buffer[index] = 48 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}
