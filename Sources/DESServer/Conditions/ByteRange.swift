import DESHTTPFront

/// What a `Range` header asks for (RFC 9110, section 14).
enum ByteRange: Equatable {
    /// All of it: no range, several, or a unit other than bytes.
    case whole
    /// Bytes of the file; not empty.
    case part(Range<UInt64>)
    /// None of its bytes, or something that is no range.
    case unsatisfiable

    /// Reads a header's value for a file of this size.
    ///
    /// An empty file has no part: of it a range is ignored, as section 14.2 allows, because its last bytes are satisfiable (section 14.1.2) and
    /// proxies that read by slices ask for its first ones.
    init(_ header: String, size: UInt64) {
        guard size > 0 else {
            self = .whole
            return
        }
        let trimmed = FieldText.trimmed(header.utf8[...])
        guard let equals = trimmed.firstIndex(of: UInt8(ascii: "=")) else {
            self = Self.isBytes(trimmed) ? .unsatisfiable : .whole
            return
        }
        guard Self.isBytes(FieldText.trimmed(trimmed[..<equals])) else {
            self = .whole
            return
        }
        let specifications = trimmed[trimmed.index(after: equals)...]
            .split(separator: UInt8(ascii: ","), omittingEmptySubsequences: true)
            .map(FieldText.trimmed).filter { !$0.isEmpty }
        let ranges = specifications.map { Self.range($0, size: size) }
        guard !ranges.isEmpty, !ranges.contains(.malformed) else {
            self = .unsatisfiable
            return
        }
        guard ranges.count == 1, case .some(let range) = ranges[0] else {
            self = ranges.contains { $0 != .none } ? .whole : .unsatisfiable
            return
        }
        self = .part(range)
    }

    private typealias Bytes = String.UTF8View.SubSequence

    private enum Part: Equatable { case some(Range<UInt64>), none, malformed }

    private static func range(_ text: Bytes, size: UInt64) -> Part {
        guard let dash = text.firstIndex(of: UInt8(ascii: "-")) else { return .malformed }
        let first = text[..<dash]
        let last = text[text.index(after: dash)...]
        if first.isEmpty {
            guard let length = number(last) else { return .malformed }
            return length == 0 ? .none : .some(size - min(length, size)..<size)
        }
        guard let start = number(first) else { return .malformed }
        if last.isEmpty { return start < size ? .some(start..<size) : .none }
        guard let end = number(last), end >= start else { return .malformed }
        return start < size ? .some(start..<(end >= size ? size : end + 1)) : .none
    }

    /// A number of one digit or more, held at 2^64 - 1; nil for anything else.
    private static func number(_ digits: Bytes) -> UInt64? {
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            guard (48...57).contains(digit) else { return nil }
            let (product, multiplied) = value.multipliedReportingOverflow(by: 10)
            let (sum, added) = product.addingReportingOverflow(UInt64(digit - 48))
            value = multiplied || added ? .max : sum
        }
        return value
    }

    private static func isBytes(_ unit: Bytes) -> Bool {
        unit.count == 5 && zip(unit, "bytes".utf8).allSatisfy { $0 | 0x20 == $1 }
    }
}
