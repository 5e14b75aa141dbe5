/// The percent-encoding of RFC 3986, section 2.1.
package enum PercentCoding {
    private static let percent = UInt8(ascii: "%")

    /// The decoded bytes; nil when a `%` is not followed by two hexadecimal digits.
    package static func bytes(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var position = 0
        while position < text.count {
            if let byte = escape(text, at: position) {
                bytes.append(byte)
                position += 3
            } else {
                guard text[position] != percent else { return nil }
                bytes.append(text[position])
                position += 1
            }
        }
        return bytes
    }

    /// As ``bytes(_:)-(UnsafeBufferPointer<UInt8>)``.
    package static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
        Array(text).withUnsafeBufferPointer { bytes($0) }
    }

    /// The decoded text; nil when a `%` is not followed by two hexadecimal digits, or the bytes are not UTF-8.
    package static func text(_ text: UnsafeBufferPointer<UInt8>) -> String? {
        if !text.contains(percent) { return String(validating: text, as: UTF8.self) }
        return bytes(text).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// As ``text(_:)-(UnsafeBufferPointer<UInt8>)``.
    package static func text(_ text: some StringProtocol) -> String? {
        Array(text.utf8).withUnsafeBufferPointer { self.text($0) }
    }

    /// The bytes with their escapes decoded; what is no escape stays as it is.
    ///
    /// - Parameter plusIsBlank: whether a `+` is a blank, as in queries.
    package static func lenientBytes(_ text: some StringProtocol, plusIsBlank: Bool = false) -> [UInt8] {
        Array(text.utf8).withUnsafeBufferPointer { text in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(text.count)
            var position = 0
            while position < text.count {
                if let byte = escape(text, at: position) {
                    bytes.append(byte)
                    position += 3
                } else {
                    bytes.append(
                        plusIsBlank && text[position] == UInt8(ascii: "+") ? UInt8(ascii: " ") : text[position])
                    position += 1
                }
            }
            return bytes
        }
    }

    /// As ``lenientBytes(_:plusIsBlank:)``, as text; the text as it is if it would not be UTF-8.
    package static func lenient(_ text: some StringProtocol, plusIsBlank: Bool = false) -> String {
        String(validating: lenientBytes(text, plusIsBlank: plusIsBlank), as: UTF8.self) ?? String(text)
    }

    /// The text with everything encoded, in upper-case digits, but letters, digits and `-._~`, and what `keeping` names.
    package static func encode(_ text: some StringProtocol, keeping kept: StaticString = "") -> String {
        let kept = UnsafeBufferPointer(start: kept.utf8Start, count: kept.utf8CodeUnitCount)
        var encoded: [UInt8] = []
        encoded.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            if isUnreserved(byte) || kept.contains(byte) { encoded.append(byte) } else { append(byte, to: &encoded) }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// The text with every byte encoded that user or password of a URL cannot hold; escapes that are there are kept.
    package static func encodingReserved(_ text: some StringProtocol) -> String {
        let units = Array(text.utf8)
        var encoded: [UInt8] = []
        units.withUnsafeBufferPointer { units in
            for (index, unit) in units.enumerated() {
                if isUnreserved(unit) || "!$&'()*+,;=".utf8.contains(unit) || escape(units, at: index) != nil {
                    encoded.append(unit)
                } else {
                    append(unit, to: &encoded)
                }
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// Letters, digits and `-._~` (RFC 3986, section 2.3).
    package static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }

    /// What the escape at a position stands for; nil if there is none.
    private static func escape(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> UInt8? {
        guard text[position] == percent, position + 2 < text.count, let high = text[position + 1].hexadecimalValue,
            let low = text[position + 2].hexadecimalValue
        else { return nil }
        return high << 4 | low
    }

    private static func append(_ byte: UInt8, to text: inout [UInt8]) {
        func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 55 + value }
        text += [percent, digit(byte >> 4), digit(byte & 15)]
    }
}
