/// Tells text from what would do something else to a terminal than show it: bytes that are no UTF-8, and control characters
/// but for tabs and line ends. An escape sequence can change what a terminal does from then on.
struct TerminalText {
    /// The begin of a character whose end is in the next piece.
    private var rest: [UInt8] = []

    /// Whether one more piece is text, after those before it.
    mutating func accepts(_ piece: UnsafeRawBufferPointer) -> Bool {
        var bytes = rest + Array(piece)
        rest = Self.removeIncompleteEnd(of: &bytes)
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        return text.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "\t", "\n", "\r", "\u{0C}": true
            default: scalar.properties.generalCategory != .control
            }
        }
    }

    private static func removeIncompleteEnd(of bytes: inout [UInt8]) -> [UInt8] {
        for count in 1...3 where count <= bytes.count {
            let first = bytes[bytes.count - count]
            guard first & 0xC0 != 0x80 else { continue }
            let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1
            guard length > count else { return [] }
            let end = Array(bytes.suffix(count))
            bytes.removeLast(count)
            return end
        }
        return []
    }
}
