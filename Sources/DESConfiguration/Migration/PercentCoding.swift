/// Percent encoding as in RFC 3986, section 2.1.
enum PercentCoding {
    /// `text` with its escapes decoded; what is no escape, or decodes to something other than UTF-8, stays as it is.
    static func decode(_ text: Substring) -> String {
        let units = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < units.count {
            if let unit = escape(units, at: index) {
                result.append(unit)
                index += 3
            } else {
                result.append(units[index])
                index += 1
            }
        }
        return String(validating: result, as: UTF8.self) ?? String(text)
    }

    /// `text` with every byte encoded that user or password of a URL cannot hold; escapes that are there are kept.
    static func encodingReserved(_ text: Substring) -> String {
        let units = Array(text.utf8)
        var result = ""
        for (index, unit) in units.enumerated() {
            let isEscape = unit == UInt8(ascii: "%") && escape(units, at: index) != nil
            if isEscape || isAllowed(unit) {
                result.unicodeScalars.append(Unicode.Scalar(unit))
            } else {
                let hex = String(unit, radix: 16, uppercase: true)
                result += hex.utf8.count == 1 ? "%0\(hex)" : "%\(hex)"
            }
        }
        return result
    }

    private static func escape(_ units: [UInt8], at index: Int) -> UInt8? {
        guard index + 3 <= units.count, units[index] == UInt8(ascii: "%"),
            let high = Unicode.Scalar(units[index + 1]).hexDigit, let low = Unicode.Scalar(units[index + 2]).hexDigit
        else {
            return nil
        }
        return high << 4 | low
    }

    /// Unreserved characters and sub-delimiters.
    private static func isAllowed(_ unit: UInt8) -> Bool {
        switch Unicode.Scalar(unit) {
        case "a"..."z", "A"..."Z", "0"..."9", "-", ".", "_", "~", "!", "$", "&", "'", "(", ")", "*", "+", ",", ";", "=":
            true
        default:
            false
        }
    }
}

extension Unicode.Scalar {
    fileprivate var hexDigit: UInt8? {
        isASCII ? Character(self).hexDigitValue.map(UInt8.init) : nil
    }
}
