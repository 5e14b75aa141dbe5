import DESBase
import DESCatalog

/// A range of stored values that an index on the time column can jump to.
struct StoredRange: Sendable, Equatable {
    /// The storage class of the values; texts and numbers are compared within their own class only.
    enum Kind: Sendable {
        /// All values but NULL, without bounds.
        case everything
        case number
        case text
        case blob
    }

    let kind: Kind
    /// Inclusive.
    let lower: CatalogValue
    /// Inclusive.
    let upper: CatalogValue

    static let everything = StoredRange(kind: .everything, lower: .null, upper: .null)
}

/// Where in the order of an index the times of a period lie, whatever forms they are stored in.
///
/// One column may hold dates, epoch numbers and texts with offsets side by side, so that a period is not one range of the
/// index but a few. They hold every value that stands for a time of the period (see `Timestamp(parsing:)` and
/// `Timestamp(storedInteger:)`), and others, which the statement's condition on the time leaves out.
enum TimeRanges {
    /// In the order of the index, without overlap.
    static func ranges(from: Timestamp, before: Timestamp) -> [StoredRange] {
        guard from < before else { return [] }
        let first = from.microsecondsSinceEpoch
        let last = before.microsecondsSinceEpoch - 1
        return numbers(first, last) + texts(first, last)
            // Blobs with the bytes of a text are so rare that all of them are looked at.
            + [StoredRange(kind: .blob, lower: .blob([]), upper: .blob(Array(repeating: 0xFF, count: 24)))]
    }

    // MARK: Numbers

    private static func numbers(_ first: Int64, _ last: Int64) -> [StoredRange] {
        var ranges = UnitOfTime.all.flatMap { unit in
            // A real is rounded to the nearest microsecond, so that one more on each side may belong to the period.
            let low = unit.number(first, isLower: true)
            let high = unit.number(last, isLower: false)
            return [unit.magnitudes, -unit.magnitudes.upperBound ... -unit.magnitudes.lowerBound]
                .filter { low <= $0.upperBound && high >= $0.lowerBound }
                .map { max(low, $0.lowerBound)...min(high, $0.upperBound) }
        }
        let firstDay = digits(first)
        let lastDay = digits(last)
        if let firstDate = Int64(firstDay), let lastDate = Int64(lastDay) {
            ranges.append(firstDate...lastDate)
            ranges.append(firstDate * 1_000_000...lastDate * 1_000_000 + 235_959)
        }
        return merged(ranges, isBefore: <).map {
            StoredRange(kind: .number, lower: .integer($0.lowerBound), upper: .integer($0.upperBound))
        }
    }

    // MARK: Texts

    /// The bounds do not read as numbers: SQLite would turn such a text into a number to compare it with a column of a
    /// numeric type. `/` comes before all digits, and `~` after them.
    private static func texts(_ first: Int64, _ last: Int64) -> [StoredRange] {
        // A zone moves the written date by less than a day; 24:00 and a leap second end a day late.
        let firstDay = digits(first - 3 * CivilDate.microsecondsPerDay)
        let lastDay = digits(last + 2 * CivilDate.microsecondsPerDay)
        var ranges: [ClosedRange<Bytes>] = [
            // Blanks, signs and leading zeros.
            Bytes("")...Bytes("0~"),
            Bytes(dashed(firstDay))...Bytes(dashed(lastDay) + "~"),
            Bytes(firstDay.dropLast() + "/")...Bytes(lastDay + "~"),
        ]
        for unit in UnitOfTime.all where last >= 0 {
            let low = max(unit.number(first, isLower: true), unit.magnitudes.lowerBound, 1)
            let high = min(unit.number(last, isLower: false), unit.magnitudes.upperBound)
            var start = low
            // Numbers of one length are ordered as texts.
            while start <= high {
                let length = String(start).utf8.count
                let end = min(high, largestNumber(ofLength: length))
                ranges.append(Bytes(String(start).dropLast() + "/")...Bytes(String(end) + "~"))
                guard end < high else { break }
                start = end + 1
            }
        }
        return merged(ranges, isBefore: <).map {
            StoredRange(kind: .text, lower: .text($0.lowerBound.text), upper: .text($0.upperBound.text))
        }
    }

    /// A text that is compared by its bytes, as SQLite does.
    private struct Bytes: Comparable {
        let text: String

        init(_ text: some StringProtocol) { self.text = String(text) }

        static func < (left: Bytes, right: Bytes) -> Bool {
            left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
        }
    }

    // MARK: Parts

    /// `YYYYMMDD` of the day in UTC.
    private static func digits(_ microseconds: Int64) -> String {
        Timestamp(microsecondsSinceEpoch: microseconds).dateDirectory
    }

    private static func dashed(_ digits: String) -> String {
        "\(digits.prefix(4))-\(digits.dropFirst(4).prefix(2))-\(digits.suffix(2))"
    }

    private static func largestNumber(ofLength length: Int) -> Int64 {
        length >= 19 ? Int64.max : (0..<length).reduce(1) { power, _ in power * 10 } - 1
    }

    /// In ascending order, with those that overlap made one.
    private static func merged<Bound>(
        _ ranges: [ClosedRange<Bound>], isBefore: (Bound, Bound) -> Bool
    ) -> [ClosedRange<Bound>] {
        var result: [ClosedRange<Bound>] = []
        for range in ranges.sorted(by: { isBefore($0.lowerBound, $1.lowerBound) }) {
            if let previous = result.last, !isBefore(previous.upperBound, range.lowerBound) {
                result[result.count - 1] = previous.lowerBound...max(previous.upperBound, range.upperBound)
            } else {
                result.append(range)
            }
        }
        return result
    }
}

/// What an epoch number counts, with the magnitudes of the numbers that count it.
private struct UnitOfTime {
    let magnitudes: ClosedRange<Int64>
    /// How many microseconds one is, or, for nanoseconds, nil.
    let microseconds: Int64?

    static let all = [
        UnitOfTime(magnitudes: 0...99_999_999_999, microseconds: 1_000_000),
        UnitOfTime(magnitudes: 100_000_000_000...99_999_999_999_999, microseconds: 1000),
        UnitOfTime(magnitudes: 100_000_000_000_000...99_999_999_999_999_999, microseconds: 1),
        UnitOfTime(magnitudes: 100_000_000_000_000_000...Int64.max, microseconds: nil),
    ]

    /// A number of the unit that is not after, or not before, all those of the microsecond.
    func number(_ time: Int64, isLower: Bool) -> Int64 {
        let margin: Int64 = isLower ? -2 : 2
        guard let microseconds else {
            let (product, overflows) = time.multipliedReportingOverflow(by: 1000)
            guard !overflows, product.magnitude < UInt64(Int64.max) - 2000 else {
                return time < 0 ? -Int64.max : Int64.max
            }
            return product + margin * 1000
        }
        return time / microseconds + margin
    }
}
