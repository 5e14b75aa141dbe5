/// Takes passwords out of a text that holds a URL or a connection string, for logs and messages.
///
/// - `scheme://user:secret@host` and `user:secret@host` become `…user:***@…`;
/// - the value after `password=`, `PWD={…}`, `token=`, `&X-Amz-Signature=` and the like becomes `***`, in keyword strings,
///   query parameters and environment listings, also in JSON (`"password": "…"`).
///
/// In doubt it takes away too much rather than too little.
package func redactingURL(_ text: String) -> String {
    var scanner = RedactionScanner(bytes: Array(text.utf8))
    return scanner.redacted()
}

/// One pass over the bytes. All that decides is ASCII, so UTF-8 is never cut within a character.
private struct RedactionScanner {
    private static let mask = Array("***".utf8)
    /// A word that ends in one of these, `-` and `_` left out and in lower case, names a secret.
    private static let secretWords = [
        "password", "passwd", "pass", "passphrase", "pwd", "secret", "token", "apikey", "accesskey", "secretkey",
        "signature",
    ]

    let bytes: [UInt8]
    private var output: [UInt8] = []

    init(bytes: [UInt8]) {
        self.bytes = bytes
        output.reserveCapacity(bytes.count)
    }

    mutating func redacted() -> String {
        var position = 0
        while position < bytes.count {
            if let secret = keyedSecret(at: position) ?? credentials(at: position) {
                output.append(contentsOf: bytes[position..<secret.lowerBound])
                output.append(contentsOf: Self.mask)
                position = secret.upperBound
            } else {
                output.append(bytes[position])
                position += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The value of `word=value` where the word starts at `start` and names a secret.
    private func keyedSecret(at start: Int) -> Range<Int>? {
        guard isWord(bytes[start]), start == 0 || !isWord(bytes[start - 1]) else { return nil }
        var position = end(from: start) { !isWord($0) }
        let word = bytes[start..<position].filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
        let name = String(decoding: word, as: UTF8.self).lowercased()
        guard Self.secretWords.contains(where: name.hasSuffix) else { return nil }

        let quote = start > 0 ? bytes[start - 1] : 0
        let isQuoted = isQuote(quote) && byte(at: position) == quote
        if isQuoted { position += 1 }
        position = end(from: position) { $0 != UInt8(ascii: " ") }
        // A colon only after a quoted name, as in JSON: "wrong password: …" is prose.
        guard byte(at: position) == UInt8(ascii: "=") || (isQuoted && byte(at: position) == UInt8(ascii: ":")) else {
            return nil
        }
        return valueRange(from: end(from: position + 1) { $0 != UInt8(ascii: " ") })
    }

    /// A value in quotes (with backslash escapes, as libpq has them), in braces (`}}` is a brace, as ODBC has it), or up to
    /// a blank, `&` or `;`.
    private func valueRange(from start: Int) -> Range<Int>? {
        guard let opening = byte(at: start) else { return nil }
        if isQuote(opening) {
            var position = start + 1
            while let byte = byte(at: position), byte != opening {
                position += byte == UInt8(ascii: "\\") ? 2 : 1
            }
            return start + 1..<min(position, bytes.count)
        }
        if opening == UInt8(ascii: "{") {
            var position = start + 1
            while let current = byte(at: position) {
                if current == UInt8(ascii: "}") {
                    if byte(at: position + 1) != current { break }
                    position += 1
                }
                position += 1
            }
            return start + 1..<min(position, bytes.count)
        }
        let stop = end(from: start) { isBlank($0) || $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: ";") }
        return stop > start ? start..<stop : nil
    }

    /// The password of `user:password@` where the user's name starts at `start`.
    private func credentials(at start: Int) -> Range<Int>? {
        let followsScheme = start >= 3 && bytes[start - 3..<start].elementsEqual("://".utf8)
        guard followsScheme || start == 0 || isBlank(bytes[start - 1]) || isQuote(bytes[start - 1]) else { return nil }
        let authorityEnd = end(from: start) { isBlank($0) || "/?#".utf8.contains($0) }
        guard let colon = bytes[start..<authorityEnd].firstIndex(of: UInt8(ascii: ":")),
            followsScheme || colon > start,
            !bytes[start..<colon].contains(UInt8(ascii: "["))
        else { return nil }
        if let at = lastAt(in: colon..<authorityEnd) { return colon + 1..<at }
        guard followsScheme, !isPort(colon + 1..<authorityEnd) else { return nil }
        // No port, so it can only be a password, with characters that should have been percent-encoded.
        let wordEnd = end(from: colon) { isBlank($0) }
        if let at = lastAt(in: colon..<wordEnd) { return colon + 1..<at }
        let lineEnd = end(from: colon) { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        return lastAt(in: colon..<lineEnd).map { colon + 1..<$0 }
    }

    private func isPort(_ range: Range<Int>) -> Bool {
        // What follows may be a bracket, comma or full stop of the sentence around.
        let digits = bytes[range].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return !digits.isEmpty && digits.count <= 5 && range.count <= digits.count + 2
    }

    private func lastAt(in range: Range<Int>) -> Int? {
        bytes[range].lastIndex(of: UInt8(ascii: "@"))
    }

    private func byte(at position: Int) -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private func end(from start: Int, where isEnd: (UInt8) -> Bool) -> Int {
        guard start < bytes.count else { return bytes.count }
        return bytes[start...].firstIndex(where: isEnd) ?? bytes.count
    }

    private func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte <= 0x20 }

    private func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }
}
