/// Percent-coding as SigV4 wants it: everything but `A-Z a-z 0-9 - . _ ~` becomes `%XX`, with upper-case digits.
package enum URICoding {
    /// - Parameter keepsSlash: for a path: `/` stays.
    package static func encode(_ text: String, keepsSlash: Bool) -> String {
        var text = text
        return text.withUTF8 { bytes in
            guard !bytes.allSatisfy({ isPlain($0, keepsSlash) }) else { return String(decoding: bytes, as: UTF8.self) }
            var encoded: [UInt8] = []
            encoded.reserveCapacity(bytes.count * 2)
            for byte in bytes {
                if isPlain(byte, keepsSlash) {
                    encoded.append(byte)
                } else {
                    encoded += [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 15)]
                }
            }
            return String(decoding: encoded, as: UTF8.self)
        }
    }

    /// The text behind `%XX`; a `+` is a space. What is no code stays as it is.
    package static func decode(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else { return text }
        let bytes = Array(text.utf8)
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count, let high = value(bytes[index + 1]),
                let low = value(bytes[index + 2])
            {
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(bytes[index] == UInt8(ascii: "+") ? 32 : bytes[index])
                index += 1
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    /// A query in the order that the signature wants; empty for none. It is also what is sent.
    package static func query(_ items: [(name: String, value: String)]) -> String {
        guard !items.isEmpty else { return "" }
        return
            items
            .map { (name: encode($0.name, keepsSlash: false), value: encode($0.value, keepsSlash: false)) }
            .sorted { ($0.name, $0.value) < ($1.name, $1.value) }
            .map { "\($0.name)=\($0.value)" }
            .joined(separator: "&")
    }

    private static func isPlain(_ byte: UInt8, _ keepsSlash: Bool) -> Bool {
        switch byte {
        case 65...90, 97...122, 48...57, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        case UInt8(ascii: "/"): keepsSlash
        default: false
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 55 + value }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 48...57: digit - 48
        case 65...70: digit - 55
        case 97...102: digit - 87
        default: nil
        }
    }
}
