/// Reads sizes in bytes: `268435456`, `256MiB`, `256 MB`, `1.5GiB`.
enum ByteCountText {
    /// What is accepted, for messages.
    static let examples = "268435456, 256MiB or 256MB"

    /// The number of bytes; nil when `text` is not a size or does not fit.
    ///
    /// KiB MiB GiB TiB (also Ki Mi Gi Ti) are powers of 1024; kB MB GB TB are powers of 1000; letter case does not count.
    static func parse(_ text: String) -> Int? {
        if let whole = IntegerText.parse(text) {
            return whole
        }
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "_") }
        let unit = text[number.endIndex...].drop { $0 == " " }.lowercased()
        guard let factor = factors[unit] else {
            return nil
        }
        if let whole = IntegerText.parse(String(number)) {
            let (product, overflow) = whole.multipliedReportingOverflow(by: factor)
            return overflow ? nil : product
        }
        guard let decimal = Double(number) else {
            return nil
        }
        return Int(exactly: (decimal * Double(factor)).rounded())
    }

    private static let factors: [String: Int] = {
        var result = ["b": 1]
        for (power, letter) in ["k", "m", "g", "t"].enumerated() {
            let binary = 1 << (10 * (power + 1))
            let decimal = (0...power).reduce(1) { product, _ in product * 1000 }
            result["\(letter)ib"] = binary
            result["\(letter)i"] = binary
            result["\(letter)b"] = decimal
        }
        return result
    }()
}

/// Reads whole numbers as YAML and JSON writers put them.
enum IntegerText {
    /// The number; nil when `text` is something else. Accepts `1_000` and a decimal form without a fraction (`1e9`, `8.0`).
    ///
    /// Leading zeros are refused: YAML 1.1 reads them as octal, people as decimal.
    static func parse(_ text: String) -> Int? {
        let digits = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
        guard let first = digits.first, first.isASCII, first.isNumber, digits.last != "_" else {
            return nil
        }
        let isDecimal = digits.allSatisfy { $0.isASCII && ($0.isNumber || $0 == "_") }
        if isDecimal {
            let hasLeadingZero = digits.count > 1 && first == "0"
            return hasLeadingZero ? nil : Int(text.filter { $0 != "_" })
        }
        return DecimalText.parse(text).flatMap { Int(exactly: $0) }
    }
}

/// Reads decimal numbers.
enum DecimalText {
    /// The number; nil for anything but digits, sign, point and exponent, so not for `nan`, `inf` or hexadecimal forms.
    static func parse(_ text: String) -> Double? {
        guard text.allSatisfy({ $0.isASCII && ($0.isNumber || "+-.eE_".contains($0)) }), let last = text.last,
            last.isNumber,
            let number = Double(text.filter { $0 != "_" }), number.isFinite
        else {
            return nil
        }
        return number
    }
}
