import DESRouting
import Glibc
import Synchronization

/// The dates of HTTP headers, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
enum HTTPDate {
    private static let days: [StaticString] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// A moment as text, its fraction of a second cut off.
    static func text(_ moment: Timestamp) -> String {
        let dayNumber = moment.dayNumber
        let second = Int((moment.microsecondsSinceEpoch - dayNumber * 86_400_000_000) / 1_000_000)
        let (year, month, day) = civil(dayNumber)
        let weekday = Int((dayNumber % 7 + 7) % 7)
        return String(unsafeUninitializedCapacity: 29) { output in
            var writer = FixedText(output)
            writer.put(days[weekday])
            writer.put(", ")
            writer.put(day, digits: 2)
            writer.put(" ")
            writer.put(months[month - 1])
            writer.put(" ")
            writer.put(year, digits: 4)
            writer.put(" ")
            writer.put(second / 3600, digits: 2)
            writer.put(":")
            writer.put(second / 60 % 60, digits: 2)
            writer.put(":")
            writer.put(second % 60, digits: 2)
            writer.put(" GMT")
            return writer.count
        }
    }

    /// The day with that number since 1970-01-01, as in H. Hinnant's `civil_from_days`.
    private static func civil(_ dayNumber: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = dayNumber + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        let year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
        return (year, month, Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1))
    }
}

/// Writes text of a known length into memory of that length.
private struct FixedText {
    private let output: UnsafeMutableBufferPointer<UInt8>
    private(set) var count = 0

    init(_ output: UnsafeMutableBufferPointer<UInt8>) { self.output = output }

    mutating func put(_ text: StaticString) {
        for position in 0..<text.utf8CodeUnitCount {
            output[count] = text.utf8Start[position]
            count += 1
        }
    }

    mutating func put(_ number: Int, digits: Int) {
        var rest = number
        for position in stride(from: count + digits - 1, through: count, by: -1) {
            output[position] = UInt8(48 + rest % 10)
            rest /= 10
        }
        count += digits
    }
}

/// The `Date` header of now, made once a second.
package final class DateCache: Sendable {
    private struct Entry {
        var second = 0
        var text = ""
    }

    private let entry = Mutex(Entry())

    /// Makes an empty cache.
    package init() {}

    /// Now, as text.
    package var text: String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let second = now.tv_sec
        return entry.withLock { entry in
            if entry.second != second {
                entry = Entry(
                    second: second,
                    text: HTTPDate.text(Timestamp(microsecondsSinceEpoch: Int64(second) * 1_000_000)))
            }
            return entry.text
        }
    }
}
