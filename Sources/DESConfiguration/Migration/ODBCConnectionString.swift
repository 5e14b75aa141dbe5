/// Connection strings of ODBC: `key=value` pairs between semicolons, a value may stand in braces.
enum ODBCConnectionString {
    /// The keys that say where the database is; the value of any other key may be secret.
    private static let shownKeys = ["dsn", "driver", "server", "servername", "port", "database", "uid", "user"]

    /// `text` with `***` for the value of every key that does not say where the database is.
    static func redacted(_ text: String) -> String {
        attributes(of: text).map { attribute in
            guard let equals = attribute.firstIndex(of: "=") else {
                return "***"
            }
            let key = String(attribute[..<equals]).trimmingBlanks()
            return shownKeys.contains(key.lowercased()) ? String(attribute) : "\(key)=***"
        }.joined(separator: ";")
    }

    /// The pairs; a semicolon inside braces belongs to its value.
    private static func attributes(of text: String) -> [String] {
        var result: [String] = []
        var current = ""
        var isInsideBraces = false
        for character in text {
            switch character {
            case ";" where !isInsideBraces:
                result.append(current)
                current = ""
                continue
            case "{" where current.hasSuffix("="):
                isInsideBraces = true
            case "}":
                // A doubled brace stands for itself: the first one closes, the second one opens again.
                isInsideBraces = !isInsideBraces && current.hasSuffix("}")
            default:
                break
            }
            current.append(character)
        }
        return (result + [current]).filter { !$0.isEmpty }
    }
}
