/// The content type that a user stored with a file, in the member `content_type` of its meta.
enum MediaType {
    /// The longest that is passed on.
    private static let maximumLength = 255

    /// The member's value, if there is one and it is a media type as RFC 9110, section 8.3.1 has it.
    static func stored(in meta: String) -> String? {
        guard let value = JSONMembers.string("content_type", in: meta), isValid(value) else { return nil }
        return value
    }

    /// Whether a text is `type/subtype`, with parameters or without.
    static func isValid(_ text: String) -> Bool {
        guard text.utf8.count <= maximumLength else { return false }
        var scanner = Scanner(rest: text.utf8[...])
        guard scanner.token(), scanner.byte("/"), scanner.token() else { return false }
        while true {
            scanner.blanks()
            if scanner.rest.isEmpty { return true }
            guard scanner.byte(";") else { return false }
            scanner.blanks()
            // An empty parameter is allowed.
            guard scanner.rest.first != nil, scanner.rest.first != UInt8(ascii: ";") else { continue }
            guard scanner.token(), scanner.byte("="), scanner.token() || scanner.quoted() else { return false }
        }
    }

    private struct Scanner {
        var rest: Substring.UTF8View.SubSequence

        mutating func byte(_ expected: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: expected) else { return false }
            rest = rest.dropFirst()
            return true
        }

        mutating func blanks() {
            rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
        }

        mutating func token() -> Bool {
            let token = rest.prefix(while: Self.isTokenByte)
            rest = rest[token.endIndex...]
            return !token.isEmpty
        }

        mutating func quoted() -> Bool {
            guard byte("\"") else { return false }
            while let first = rest.first {
                rest = rest.dropFirst()
                switch first {
                case UInt8(ascii: "\""): return true
                case UInt8(ascii: "\\"):
                    guard let next = rest.first, (0x20..<0x7F).contains(next) else { return false }
                    rest = rest.dropFirst()
                case 0x20..<0x7F: break
                default: return false
                }
            }
            return false
        }

        private static func isTokenByte(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
    }
}
