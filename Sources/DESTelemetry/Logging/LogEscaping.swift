/// What keeps one event on one line, and a value from being taken for another field.
extension String {
    /// The text with control characters and line breaks escaped as in JSON, quotes and backslashes as they are: readable,
    /// and always one line.
    package var escapedForOneLine: String {
        escaped(quotes: false)
    }

    /// The text as a JSON string with its quotes (RFC 8259, section 7).
    package var jsonQuoted: String {
        "\"" + escaped(quotes: true) + "\""
    }

    /// The text as it is when it is one plain word, else quoted as JSON.
    package var logValue: String {
        let isPlain = unicodeScalars.allSatisfy { scalar in
            !scalar.breaksLogLine && scalar != "\"" && scalar != "=" && !scalar.properties.isWhitespace
        }
        return isPlain && !isEmpty ? self : jsonQuoted
    }

    /// The text with everything replaced by `_` that could end a key.
    var logKey: String {
        if isEmpty { return "_" }
        return String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    let isPlain =
                        !scalar.breaksLogLine && !scalar.properties.isWhitespace && scalar != "=" && scalar != "\""
                    return isPlain ? scalar : "_"
                }))
    }

    private func escaped(quotes: Bool) -> String {
        guard unicodeScalars.contains(where: { $0.breaksLogLine || (quotes && ($0 == "\"" || $0 == "\\")) }) else {
            return self
        }
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\"" where quotes: result += "\\\""
            case "\\" where quotes: result += "\\\\"
            case _ where scalar.breaksLogLine:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension Unicode.Scalar {
    /// Control characters, what some readers take for a line end, and what turns the direction of the text around: with
    /// these a file name could forge a log line. All are below U+10000, so four hexadecimal digits hold them.
    fileprivate var breaksLogLine: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
