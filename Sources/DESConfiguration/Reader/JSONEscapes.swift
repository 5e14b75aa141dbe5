/// The one thing in JSON that the YAML parser does not read.
enum JSONEscapes {
    /// Rewrites escaped surrogate pairs (`\ud83d\ude00`) to YAML's form (`\U0001F600`) when `text` is a JSON object.
    ///
    /// JSON writers that keep to ASCII emit such pairs for every character above U+FFFF (RFC 8259, section 7).
    static func joiningSurrogates(in text: String) -> String {
        guard text.first(where: { !$0.isWhitespace }) == "{", text.contains("\\u") else {
            return text
        }
        let units = Array(text.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(units.count)
        var index = 0
        while index < units.count {
            guard units[index] == UInt8(ascii: "\\") else {
                result.append(units[index])
                index += 1
                continue
            }
            if let high = escape(units, at: index), (0xD800..<0xDC00).contains(high),
                let low = escape(units, at: index + 6), (0xDC00..<0xE000).contains(low)
            {
                let hex = String(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00), radix: 16)
                result += Array("\\U".utf8) + Array(repeating: UInt8(ascii: "0"), count: 8 - hex.utf8.count)
                result += Array(hex.utf8)
                index += 12
            } else {
                // An escaped backslash is copied with what it escapes, so that its second half starts no escape.
                result += units[index..<min(index + 2, units.count)]
                index += 2
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The value of the escape `\uXXXX` at `index`; nil when there is none.
    private static func escape(_ units: [UInt8], at index: Int) -> UInt32? {
        guard index + 6 <= units.count, units[index] == UInt8(ascii: "\\"), units[index + 1] == UInt8(ascii: "u") else {
            return nil
        }
        return UInt32(String(decoding: units[(index + 2)..<(index + 6)], as: UTF8.self), radix: 16)
    }
}
