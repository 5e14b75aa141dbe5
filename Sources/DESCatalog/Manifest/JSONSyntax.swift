/// Finds the place where a text stops being JSON (RFC 8259), for messages: decoders do not tell it reliably.
struct JSONSyntax {
    /// What is wrong, and where.
    struct Problem: Error, Equatable, CustomStringConvertible {
        /// From 1.
        let line: Int
        /// In the line, from 1, in characters of Unicode.
        let column: Int
        let message: String

        var description: String { "line \(line), column \(column): \(message)" }
    }

    /// Nesting that is looked into; deeper is a problem, so that the stack is not used up.
    private static let deepest = 512

    private let bytes: [UInt8]
    private var position: Int

    /// - Returns: the first problem of a whole text; nil if it is JSON.
    static func problem(in bytes: [UInt8], from start: Int = 0) -> Problem? {
        var syntax = JSONSyntax(bytes: bytes, position: start)
        do throws(Problem) {
            try syntax.value(depth: 0)
            syntax.skipBlanks()
            if syntax.position < bytes.count { throw syntax.problem("expected the end, found \(syntax.found)") }
            return nil
        } catch { return error }
    }

    private mutating func value(depth: Int) throws(Problem) {
        skipBlanks()
        guard depth < Self.deepest else { throw problem("more than \(Self.deepest) values inside each other") }
        switch byte {
        case UInt8(ascii: "{"):
            try list(until: UInt8(ascii: "}"), of: "a key in quotation marks") { (syntax) throws(Problem) in
                guard syntax.byte == UInt8(ascii: "\"") else {
                    throw syntax.problem("expected a key in quotation marks, found \(syntax.found)")
                }
                try syntax.string()
                syntax.skipBlanks()
                guard syntax.byte == UInt8(ascii: ":") else {
                    throw syntax.problem("expected \":\", found \(syntax.found)")
                }
                syntax.position += 1
                try syntax.value(depth: depth + 1)
            }
        case UInt8(ascii: "["):
            try list(until: UInt8(ascii: "]"), of: "a value") { (syntax) throws(Problem) in
                try syntax.value(depth: depth + 1)
            }
        case UInt8(ascii: "\""): try string()
        case let byte? where byte == UInt8(ascii: "-") || (48...57).contains(byte): try number()
        default:
            for word in ["true", "false", "null"] where bytes[position...].starts(with: word.utf8) {
                position += word.utf8.count
                return
            }
            throw problem("expected a value, found \(found)")
        }
    }

    private mutating func list(
        until end: UInt8, of what: String, _ element: (inout JSONSyntax) throws(Problem) -> Void
    ) throws(Problem) {
        position += 1
        skipBlanks()
        if byte == end {
            position += 1
            return
        }
        while true {
            skipBlanks()
            try element(&self)
            skipBlanks()
            if byte == end {
                position += 1
                return
            }
            guard byte == UInt8(ascii: ",") else {
                throw problem("expected \",\" or \"\(Unicode.Scalar(end))\", found \(found)")
            }
            position += 1
            skipBlanks()
            if byte == end { throw problem("expected \(what) after \",\", found \(found)") }
        }
    }

    private mutating func string() throws(Problem) {
        let start = position
        position += 1
        while let byte, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else {
                throw problem("a text goes over the end of its line, or holds a control character")
            }
            position += 1
            guard byte == UInt8(ascii: "\\") else { continue }
            guard let escaped = self.byte, "\"\\/bfnrtu".utf8.contains(escaped) else {
                throw problem("a backslash with nothing that it can stand before")
            }
            position += 1
            guard escaped == UInt8(ascii: "u") else { continue }
            let digits = bytes[position...].prefix(4)
            guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else {
                throw problem("expected four hexadecimal digits, found \(found)")
            }
            position += 4
        }
        guard position < bytes.count else {
            position = start
            throw problem("a text that begins here does not end")
        }
        position += 1
        guard String(validating: bytes[start..<position], as: UTF8.self) != nil else {
            position = start
            throw problem("the text that begins here is not UTF-8")
        }
    }

    private mutating func number() throws(Problem) {
        let start = position
        if byte == UInt8(ascii: "-") { position += 1 }
        let whole = digits()
        var isNumber = whole == 1 || whole > 1 && bytes[position - whole] != UInt8(ascii: "0")
        if byte == UInt8(ascii: ".") {
            position += 1
            isNumber = digits() > 0 && isNumber
        }
        if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
            position += 1
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { position += 1 }
            isNumber = digits() > 0 && isNumber
        }
        guard isNumber else {
            position = start
            throw problem("expected a number as JSON has it (no zero before it, digits around a point)")
        }
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte, (48...57).contains(byte) { position += 1 }
        return position - start
    }

    private mutating func skipBlanks() {
        while let byte, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// What stands at the position, for messages.
    private var found: String {
        guard position < bytes.count else { return "the end" }
        let text = String(decoding: bytes[position...].prefix(16), as: UTF8.self)
        let word = text.prefix { $0.isLetter || $0.isNumber }
        return "\"\(word.isEmpty ? String(text.prefix(1)) : String(word))\"".replacing("\n", with: "\\n")
    }

    private func problem(_ message: String) -> Problem {
        let before = bytes[..<position]
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let column = before[start...].count { $0 & 0xC0 != 0x80 } + 1
        return Problem(line: line, column: column, message: message)
    }
}
