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

    /// The header for a file that stored no type but whose uid ends like that of a picture, a film or a sound, which a browser shows without running
    /// anything of it; nil for all others.
    static func ofMedia(named uid: String) -> StaticString? {
        guard let dot = uid.utf8.suffix(6).lastIndex(of: UInt8(ascii: ".")) else { return nil }
        return
            switch uid.utf8[uid.utf8.index(after: dot)...].reduce(
                into: 0 as UInt64, { $0 = $0 << 8 | UInt64($1 | 0x20) })
        {
        case Self.number("png"): "Content-Type: image/png\r\n"
        case Self.number("jpg"), Self.number("jpeg"): "Content-Type: image/jpeg\r\n"
        case Self.number("gif"): "Content-Type: image/gif\r\n"
        case Self.number("webp"): "Content-Type: image/webp\r\n"
        case Self.number("avif"): "Content-Type: image/avif\r\n"
        case Self.number("svg"): "Content-Type: image/svg+xml\r\n"
        case Self.number("mp4"), Self.number("m4v"): "Content-Type: video/mp4\r\n"
        case Self.number("webm"): "Content-Type: video/webm\r\n"
        case Self.number("ogv"): "Content-Type: video/ogg\r\n"
        case Self.number("mp3"): "Content-Type: audio/mpeg\r\n"
        case Self.number("m4a"): "Content-Type: audio/mp4\r\n"
        case Self.number("ogg"), Self.number("oga"), Self.number("opus"): "Content-Type: audio/ogg\r\n"
        case Self.number("wav"): "Content-Type: audio/wav\r\n"
        case Self.number("flac"): "Content-Type: audio/flac\r\n"
        default: nil
        }
    }

    /// A short text in lower case as a number, which is compared at once.
    private static func number(_ text: StaticString) -> UInt64 {
        UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount).reduce(0) {
            $0 << 8 | UInt64($1 | 0x20)
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
