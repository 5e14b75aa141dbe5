import DESBase
import DESCatalog
import Testing

@testable import DESCatalogSQLite

@Suite("Where the times of a period lie in an index")
struct TimeRangesTests {
    /// Every form that `Timestamp` reads, of one moment given in its calendar fields.
    private func forms(of time: Timestamp, using generator: inout SystemRandomNumberGenerator) -> [CatalogValue] {
        let microseconds = time.microsecondsSinceEpoch
        let text = String(time.rfc3339.dropLast())
        let day = time.dateDirectory
        let digits = String(text.prefix(19).filter(\.isNumber))
        var forms: [CatalogValue] = [
            .text(text), .text(text + "Z"), .text("  " + text.replacing("T", with: " ")), .text(day),
            .text(digits), .text(day + "T" + digits.suffix(6)), .text(String(text.prefix(10))),
            .blob(Array(text.utf8)),
        ]
        let numbers = [microseconds / 1_000_000, microseconds / 1000, microseconds]
        forms += numbers.flatMap {
            [.integer($0), .real(Double($0)), .text(String($0)), .text("00\($0)"), .text("+\($0)")]
        }
        forms += [.real(Double(microseconds) / 1_000_000), .text("\(microseconds / 1_000_000).\(microseconds % 7)")]
        let (nanoseconds, overflows) = microseconds.multipliedReportingOverflow(by: 1000)
        if !overflows { forms += [.integer(nanoseconds), .text(String(nanoseconds))] }
        for text in [day, digits] { forms.append(Int64(text).map(CatalogValue.integer) ?? .null) }
        // Written at places all around the world.
        for offset in [-86_399, -50_400, 3600, 86_399, Int.random(in: -86_399...86_399, using: &generator)] {
            let local = Timestamp(microsecondsSinceEpoch: microseconds + Int64(offset) * 1_000_000).rfc3339.dropLast()
            func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
            let seconds = abs(offset)
            let zone = "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
            forms.append(.text("\(local)\(offset < 0 ? "-" : "+")\(zone)"))
        }
        return forms
    }

    private func holds(_ ranges: [StoredRange], _ value: CatalogValue) -> Bool {
        ranges.contains { range in
            switch (range.kind, range.lower, range.upper, value) {
            case (.everything, _, _, _): true
            case (.number, .integer(let low), .integer(let high), .integer(let number)): low <= number && number <= high
            case (.number, .integer(let low), .integer(let high), .real(let number)):
                Double(low) <= number && number <= Double(high)
            case (.text, .text(let low), .text(let high), .text(let text)):
                !text.utf8.lexicographicallyPrecedes(low.utf8) && !high.utf8.lexicographicallyPrecedes(text.utf8)
            case (.blob, _, _, .blob): true
            default: false
            }
        }
    }

    @Test("Every stored form of a time of the period lies in one of its ranges")
    func allForms() throws {
        var generator = SystemRandomNumberGenerator()
        let day: Int64 = 86_400_000_000
        let spans: [Int64] = [1, 1_000_000, day, 30 * day, 4000 * day]
        for _ in 0..<400 {
            for limits in [Int64(0)...1_900_000_000_000_000, -62_135_596_800_000_000...253_402_300_799_999_999] {
                let time = Timestamp(microsecondsSinceEpoch: Int64.random(in: limits, using: &generator))
                for value in forms(of: time, using: &generator) {
                    // What a form is read as may be another moment: less exact, or of another unit.
                    guard let read = value.timestamp else { continue }
                    let microseconds = read.microsecondsSinceEpoch
                    let span = spans.randomElement(using: &generator) ?? 1
                    let from = microseconds - Int64.random(in: 0..<span, using: &generator)
                    let ranges = TimeRanges.ranges(
                        from: Timestamp(microsecondsSinceEpoch: from),
                        before: Timestamp(microsecondsSinceEpoch: from + span))
                    if from + span <= Timestamp.latest.microsecondsSinceEpoch {
                        #expect(holds(ranges, value), "\(value) is \(read)")
                    }
                }
            }
        }
    }

    @Test("The ranges are in order and do not overlap, and no bound of a text reads as a number")
    func order() throws {
        let days = ["0001-01-01", "1969-12-31", "1970-01-01", "1973-03-02", "2024-02-29", "9999-12-30"]
        for day in days {
            let from = try #require(Timestamp(parsing: day))
            let ranges = TimeRanges.ranges(
                from: from, before: Timestamp(microsecondsSinceEpoch: from.microsecondsSinceEpoch + 86_400_000_000))
            let numbers = ranges.compactMap {
                $0.kind == .number ? ($0.lower.integerValue ?? 0, $0.upper.integerValue ?? 0) : nil
            }
            for (left, right) in zip(numbers, numbers.dropFirst()) { #expect(left.1 < right.0) }
            #expect(numbers.allSatisfy { $0.0 <= $0.1 })
            let texts = ranges.compactMap { $0.kind == .text ? ($0.lower.uidText ?? "", $0.upper.uidText ?? "") : nil }
            for (left, right) in zip(texts, texts.dropFirst()) {
                #expect(left.1.utf8.lexicographicallyPrecedes(right.0.utf8))
            }
            #expect(texts.allSatisfy { Double($0.0) == nil && Double($0.1) == nil })
        }
        #expect(TimeRanges.ranges(from: .latest, before: .earliest).isEmpty)
    }
}
