/// The percent-encoding of RFC 3986, section 2.1.
enum PercentEncoding {
    private static let percent = UInt8(ascii: "%")

    /// The decoded text; nil when a `%` is not followed by two hexadecimal digits, or the bytes are not UTF-8.
    static func decode(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        if !bytes.contains(percent) { return String(validating: bytes, as: UTF8.self) }
        return decodedBytes(bytes).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// The decoded bytes; nil when a `%` is not followed by two hexadecimal digits.
    static func decodedBytes(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var position = 0
        while position < text.count {
            if text[position] != percent {
                bytes.append(text[position])
                position += 1
                continue
            }
            guard position + 2 < text.count, let high = digit(text[position + 1]), let low = digit(text[position + 2])
            else { return nil }
            bytes.append(high << 4 | low)
            position += 3
        }
        return bytes
    }

    /// The text with everything encoded but letters, digits and `-._~`, and what `keeping` names.
    static func encode(_ text: String, keeping: StaticString = "") -> String {
        let kept = UnsafeBufferPointer(start: keeping.utf8Start, count: keeping.utf8CodeUnitCount)
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if isUnreserved(byte) || kept.contains(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%"
                result.unicodeScalars.append(hexDigit(byte >> 4))
                result.unicodeScalars.append(hexDigit(byte & 15))
            }
        }
        return result
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    private static func hexDigit(_ value: UInt8) -> Unicode.Scalar {
        Unicode.Scalar(value < 10 ? 0x30 + value : 0x41 + value - 10)
    }
}
