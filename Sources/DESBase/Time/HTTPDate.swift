/// The dates of HTTP headers, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
package enum HTTPDate {
    private static let days: [StaticString] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// A moment as text, its fraction of a second cut off.
    package static func text(_ moment: Timestamp) -> String {
        let dayNumber = moment.dayNumber
        let second = Int((moment.microsecondsSinceEpoch - dayNumber * CivilDate.microsecondsPerDay) / 1_000_000)
        let date = CivilDate(dayNumber: dayNumber)
        let weekday = Int((dayNumber % 7 + 7) % 7)
        return String(unsafeUninitializedCapacity: 29) { output in
            var writer = FixedText(output)
            writer.put(days[weekday])
            writer.put(", ")
            writer.put(date.day, digits: 2)
            writer.put(" ")
            writer.put(months[date.month - 1])
            writer.put(" ")
            writer.put(date.year, digits: 4)
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

    /// Reads that form, the one that every program writes today.
    ///
    /// - Returns: nil if it is anything else, the two older forms of dates included.
    package static func moment(_ text: String) -> Timestamp? {
        var text = text
        return text.withUTF8 { bytes in
            guard bytes.count == 29, bytes[26] == UInt8(ascii: "G") else { return nil }
            func number(_ offset: Int, _ count: Int) -> Int? {
                var number = 0
                for byte in bytes[offset..<offset + count] {
                    guard 48...57 ~= byte else { return nil }
                    number = number * 10 + Int(byte - 48)
                }
                return number
            }
            let name = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[8..<11])
            let month = months.firstIndex {
                name.elementsEqual(UnsafeRawBufferPointer(start: $0.utf8Start, count: $0.utf8CodeUnitCount))
            }
            guard let month, let day = number(5, 2), let year = number(12, 4), let hour = number(17, 2),
                let minute = number(20, 2), let second = number(23, 2), second <= 60
            else { return nil }
            // A leap second is the first second of the next minute.
            let isLeap = second == 60
            return Timestamp(
                year: year, month: month + 1, day: day, hour: hour, minute: minute, second: isLeap ? 59 : second
            )?.adding(seconds: isLeap ? 1 : 0)
        }
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
