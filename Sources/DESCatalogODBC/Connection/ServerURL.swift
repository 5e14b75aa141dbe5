import DESBase

/// A database URL taken apart: `scheme://user:password@host:port/database?name=value`, escapes decoded.
struct ServerURL: Sendable, Equatable {
    let scheme: String
    var user: String?
    var password: String?
    var host = ""
    var port: Int?
    var database = ""
    /// In the order of the text.
    var options: [(name: String, value: String)] = []

    /// Nil if the text is no URL with a server. A driver behind the scheme (`mysql+pymysql`) is dropped.
    init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasBytePrefix("://") else { return nil }
        scheme = text[..<colon].prefix { $0 != "+" }.lowercased()
        var rest = text[text.index(colon, offsetBy: 3)...]
        if let question = rest.lastIndex(of: "@").map({ rest[$0...] })?.firstIndex(of: "?")
            ?? (rest.contains("@") ? nil : rest.firstIndex(of: "?"))
        {
            options = Self.options(rest[rest.index(after: question)...])
            rest = rest[..<question]
        }
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = PercentCoding.lenient(parts[0])
            password = parts.count > 1 ? PercentCoding.lenient(parts[1]) : nil
            rest = rest[rest.index(after: at)...]
        }
        let address = rest.prefix { $0 != "/" }
        database = PercentCoding.lenient(rest[address.endIndex...].drop { $0 == "/" })
        var name = address
        if address.first == "[", let end = address.firstIndex(of: "]") {
            name = address[address.index(after: address.startIndex)..<end]
            port = Int(address[end...].dropFirst(2))
        } else if let colon = address.lastIndex(of: ":") {
            name = address[..<colon]
            port = Int(address[address.index(after: colon)...])
        }
        host = PercentCoding.lenient(name)
    }

    /// Without password and options.
    var redacted: String {
        let login = user.map { "\($0)@" } ?? ""
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(scheme)://\(login)\(name)\(port.map { ":\($0)" } ?? "")/\(database)"
    }

    static func == (left: ServerURL, right: ServerURL) -> Bool {
        left.redacted == right.redacted && left.password == right.password
            && left.options.elementsEqual(right.options, by: ==)
    }

    private static func options(_ text: Substring) -> [(name: String, value: String)] {
        text.split(separator: "&").map { option in
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (
                PercentCoding.lenient(parts[0]),
                parts.count > 1 ? PercentCoding.lenient(parts[1], plusIsBlank: true) : ""
            )
        }
    }
}
