/// Scheme, host and port of a server.
package struct HTTPOrigin: Sendable, Hashable {
    package let isSecure: Bool
    /// A name or an address; one of IPv6 in brackets.
    package let host: String
    /// Nil: the scheme's own.
    package let port: Int?
    /// As in `Host`: without the port if it is the scheme's own.
    package let authority: String
    /// As a URL without a path.
    package let text: String

    package init(isSecure: Bool, host: String, port: Int?) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
        if let port, port != (isSecure ? 443 : 80) { authority = "\(host):\(port)" } else { authority = host }
        text = (isSecure ? "https://" : "http://") + authority
    }

    /// `http://host:port`, with nothing behind but perhaps a `/`; nil if it is something else.
    package init?(_ url: String) {
        guard let parts = Self.split(url), parts.rest.isEmpty || parts.rest == "/" else { return nil }
        self = parts.origin
    }

    /// The beginning of a URL; nil if it is not http or https.
    package init?(prefixOf url: String) {
        guard let parts = Self.split(url) else { return nil }
        self = parts.origin
    }

    /// The same server's port and scheme under another name.
    func named(_ host: String) -> HTTPOrigin { HTTPOrigin(isSecure: isSecure, host: host, port: port) }

    private static func split(_ url: String) -> (origin: HTTPOrigin, rest: Substring)? {
        let isSecure = url.lowercased().hasPrefix("https://")
        guard isSecure || url.lowercased().hasPrefix("http://") else { return nil }
        let rest = url.dropFirst(isSecure ? 8 : 7)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        var (host, port) = (authority, Int?.none)
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            guard let number = Int(authority[authority.index(after: colon)...]), 1...65_535 ~= number else {
                return nil
            }
            (host, port) = (authority[..<colon], number)
        }
        let isAddress = host.hasPrefix("[") && host.hasSuffix("]") && host.count > 2
        let inner = isAddress ? host.dropFirst().dropLast() : host
        // No user and password either: a secret does not belong into a URL that is shown.
        guard !inner.isEmpty,
            inner.utf8.allSatisfy({ byte in
                48...57 ~= byte || 97...122 ~= byte | 0x20 || [45, 46, 95].contains(byte) || isAddress && byte == 58
            })
        else { return nil }
        return (HTTPOrigin(isSecure: isSecure, host: host.lowercased(), port: port), rest.dropFirst(authority.count))
    }
}
