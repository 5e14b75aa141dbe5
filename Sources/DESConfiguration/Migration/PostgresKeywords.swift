/// Connection strings of libpq in their other form: `host=db dbname=catalog password='p w'`.
enum PostgresKeywords {
    /// Keywords whose values say where the database is and how it is reached; the value of any other may be secret.
    private static let shownKeywords = [
        "host", "hostaddr", "port", "dbname", "user", "sslmode", "service", "target_session_attrs", "connect_timeout",
        "application_name",
    ]

    /// Whether the text begins with a keyword and an equals sign.
    static func isConnectionString(_ text: String) -> Bool {
        let word = text.trimmingBlanks().prefix { $0.isASCII && ($0.isLetter || $0 == "_") }
        let rest = text.trimmingBlanks()[word.endIndex...].drop { $0 == " " }
        return !word.isEmpty && rest.first == "="
    }

    /// The keywords, with `***` for the value of every one that does not say where the database is.
    static func redacted(_ text: String) -> String {
        pairs(of: text).map { keyword, value in
            shownKeywords.contains(keyword.lowercased()) ? "\(keyword)=\(value)" : "\(keyword)=***"
        }.joined(separator: " ")
    }

    /// A value may stand in single quotes; a backslash takes the next character as it is.
    private static func pairs(of text: String) -> [(keyword: String, value: String)] {
        var pairs: [(String, String)] = []
        var rest = Substring(text)
        while true {
            rest = rest.drop { $0.isWhitespace }
            let keyword = rest.prefix { $0 != "=" && !$0.isWhitespace }
            guard !keyword.isEmpty else { return pairs }
            rest = rest[keyword.endIndex...].drop { $0.isWhitespace }
            guard rest.first == "=" else { return pairs + [(String(keyword), "")] }
            rest = rest.dropFirst().drop { $0.isWhitespace }
            let isQuoted = rest.first == "'"
            if isQuoted { rest = rest.dropFirst() }
            var value = ""
            while let character = rest.first, isQuoted ? character != "'" : !character.isWhitespace {
                rest = rest.dropFirst()
                if character == "\\", let escaped = rest.first {
                    value.append(escaped)
                    rest = rest.dropFirst()
                } else {
                    value.append(character)
                }
            }
            if isQuoted { rest = rest.dropFirst() }
            pairs.append((String(keyword), value))
        }
    }
}
