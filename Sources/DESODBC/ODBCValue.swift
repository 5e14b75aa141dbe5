/// A date with a time of day as ODBC has it, without a zone. What the database sent; may be no calendar date.
package struct ODBCTime: Sendable, Hashable {
    package var year: Int
    package var month: Int
    package var day: Int
    package var hour: Int
    package var minute: Int
    package var second: Int
    /// 0…999,999,999.
    package var nanosecond: Int

    package init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, nanosecond: Int = 0)
    {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.nanosecond = nanosecond
    }

    /// `2024-01-02 03:04:05.123`, with that many digits (0…9) after the point; the rest is cut off.
    package func text(digits: Int, separator: String = " ") -> String {
        func padded(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        let time = "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))"
        let fraction = digits > 0 ? "." + padded(nanosecond, 9).prefix(min(digits, 9)) : ""
        return date + separator + time + fraction
    }
}

/// One value of a row, or of a parameter.
package enum ODBCValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    /// Bytes; also a text that is not valid in its encoding.
    case bytes([UInt8])
    /// Only read: as parameter a time is written as text.
    case time(ODBCTime)

    /// The integer, also of a whole real or a text of digits.
    package var integer: Int64? {
        switch self {
        case .integer(let number): number
        case .real(let number): Int64(exactly: number)
        case .text(let text): Int64(text)
        case .null, .bytes, .time: nil
        }
    }

    /// The text, or the number in digits; nil for anything else.
    package var text: String? {
        switch self {
        case .text(let text): text
        case .integer(let number): String(number)
        case .null, .real, .bytes, .time: nil
        }
    }
}

extension ODBCValue {
    /// About how many bytes it takes.
    var sizeInBytes: Int {
        switch self {
        case .text(let text): 16 + text.utf8.count
        case .bytes(let bytes): 16 + bytes.count
        default: 16
        }
    }
}
