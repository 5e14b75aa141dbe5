import DESBase

/// The value of the field `Host`: `uri-host [":" port]`, or nothing (RFC 9110, section 7.2; RFC 3986, section 3.2.2).
enum HostField {
    /// Whether a value is one.
    static func isValid(_ value: String) -> Bool {
        var value = value
        return value.withUTF8 { bytes in
            let start = bytes.drop { $0 == 0x20 || $0 == 0x09 }
            guard let end = start.lastIndex(where: { $0 != 0x20 && $0 != 0x09 }) else { return true }
            return isValid(start[...end])
        }
    }

    private static func isValid(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var rest = bytes
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")), end > rest.startIndex + 1,
                rest[(rest.startIndex + 1)..<end].allSatisfy({
                    PercentCoding.isUnreserved($0) || $0 == UInt8(ascii: ":")
                })
            else { return false }
            rest = rest[(end + 1)...]
        } else {
            let host = rest.prefix { $0 != UInt8(ascii: ":") }
            guard isRegisteredName(host) else { return false }
            rest = rest[host.endIndex...]
        }
        guard let colon = rest.first else { return true }
        return colon == UInt8(ascii: ":") && rest.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func isRegisteredName(_ name: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var position = name.startIndex
        while position < name.endIndex {
            switch name[position] {
            case UInt8(ascii: "%"):
                guard position + 2 < name.endIndex, name[position + 1].hexadecimalValue != nil,
                    name[position + 2].hexadecimalValue != nil
                else {
                    return false
                }
                position += 3
            case let byte where PercentCoding.isUnreserved(byte) || "!$&'()*+,;=".utf8.contains(byte): position += 1
            default: return false
            }
        }
        return true
    }
}
