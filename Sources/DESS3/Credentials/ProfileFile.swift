/// The shared files `~/.aws/credentials` and `~/.aws/config`: sections with `name = value` lines.
struct ProfileFile {
    /// By profile; names of settings are in lower case.
    private(set) var profiles: [String: [String: String]] = [:]

    /// - Parameter isConfig: in the config file a profile's section is called `profile NAME`, but for `default`.
    init(_ text: String, isConfig: Bool) {
        var current: String?
        for line in text.split(whereSeparator: \.isNewline) {
            // An indented line belongs to a nested setting such as `s3 =`, which is of no use here.
            guard let first = line.first, !first.isWhitespace, first != "#", first != ";" else { continue }
            if first == "[" {
                current = Self.profileName(String(line.dropFirst().prefix { $0 != "]" }), isConfig: isConfig)
            } else if let current, let separator = line.firstIndex(of: "=") {
                let name = Self.trimmed(line[..<separator]).lowercased()
                let value = Self.trimmed(Self.withoutComment(line[line.index(after: separator)...]))
                if !value.isEmpty { profiles[current, default: [:]][name] = value }
            }
        }
    }

    /// Nil for a section that is not a profile.
    private static func profileName(_ section: String, isConfig: Bool) -> String? {
        let name = trimmed(section[...])
        guard isConfig else { return name }
        if name == "default" { return name }
        guard name.hasPrefix("profile "), !name.dropFirst(8).isEmpty else { return nil }
        return trimmed(name.dropFirst(8))
    }

    /// A comment at the end of a line has a space before.
    private static func withoutComment(_ value: Substring) -> Substring {
        var previous: Character = " "
        for index in value.indices {
            if (value[index] == "#" || value[index] == ";") && previous.isWhitespace { return value[..<index] }
            previous = value[index]
        }
        return value
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
