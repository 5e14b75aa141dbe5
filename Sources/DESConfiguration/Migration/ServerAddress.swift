import DESBase

/// The part of a database URL behind `//`: `user:password@host:port/name?options`.
struct ServerAddress {
    private var user: Substring?
    private var password: Substring?
    private var host: Substring

    /// Path and query, with the `/` or `?` they begin with.
    private var tail: Substring

    /// Takes `text` apart as SQLAlchemy does: a password may hold slashes, question marks and colons as they are.
    ///
    /// Unlike there it may also hold `@`: the last one before the host's end counts. So an `@` in the options of an address
    /// without a user has to be written `%40`, as there.
    init(_ text: Substring) {
        var rest = text
        let userEnd = text.firstIndex { ":/@?".contains($0) }
        if let userEnd, text[userEnd] == "@" || text[userEnd] == ":",
            let at = text[userEnd...].firstIndex(of: "@")
        {
            var end = at
            while let next = text[text.index(after: end)...].firstIndex(where: { "@/?".contains($0) }),
                text[next] == "@"
            {
                end = next
            }
            let hasPassword = text[userEnd] == ":"
            user = text[..<(hasPassword ? userEnd : end)]
            password = hasPassword ? text[text.index(after: userEnd)..<end] : nil
            rest = text[text.index(after: end)...]
        }
        host = rest.prefix { $0 != "/" && $0 != "?" }
        tail = rest[host.endIndex...]
    }

    /// The text with user and password percent-encoded where a URL needs it; escapes that are there are kept.
    var encoded: String {
        joined(password: password.map(PercentCoding.encodingReserved))
    }

    /// The text with `***` for the password and for every option that may be one.
    var redacted: String {
        // Behind a further `@` the password may not have ended where it seems to: all before it is hidden.
        let end = tail.lastIndex(of: "@").map { tail.index(after: $0) }
        let shown = end.map { "***@" + Self.redactingOptions(tail[$0...]) }
        var copy = self
        copy.tail = Self.redactingOptions(tail)
        return shown ?? copy.joined(password: password.map { _ in "***" })
    }

    private func joined(password: String?) -> String {
        var result = user.map(PercentCoding.encodingReserved) ?? ""
        if let password {
            result += ":" + password
        }
        return result + (user == nil ? "" : "@") + host + tail
    }

    private static func redactingOptions(_ tail: Substring) -> Substring {
        guard let question = tail.firstIndex(of: "?") else {
            return tail
        }
        let options = tail[tail.index(after: question)...].split(separator: "&", omittingEmptySubsequences: false)
        let redacted = options.map { option in
            let name = option.prefix { $0 != "=" }.lowercased()
            let isSecret = ["pass", "pwd", "secret", "token", "key"].contains { name.contains($0) }
            return isSecret ? "\(option.prefix { $0 != "=" })=***" : String(option)
        }
        return tail[...question] + redacted.joined(separator: "&")
    }
}
