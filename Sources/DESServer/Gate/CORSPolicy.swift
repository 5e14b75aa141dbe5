import NIOHTTP1

/// Which pages of other origins may read answers in a browser. Without one, none may: no headers are sent.
package struct CORSPolicy: Sendable, Equatable {
    /// `https://host[:port]` as browsers send it, or `*` for all.
    package let origins: Set<String>

    /// Makes a policy; nil when there are no origins.
    package init?(origins: Set<String>) {
        guard !origins.isEmpty else { return nil }
        self.origins = origins
    }

    /// The headers of an answer, with their line ends; empty for an origin that may not read it.
    func lines(_ headers: HTTPHeaders) -> String {
        if origins.contains("*") { return "Access-Control-Allow-Origin: *\r\n" + Self.exposed }
        guard let origin = headers.first(name: "origin"), origins.contains(origin) else { return "Vary: Origin\r\n" }
        return "Access-Control-Allow-Origin: \(origin)\r\nVary: Origin\r\n" + Self.exposed
    }

    /// Further headers of the answer to a preflight request.
    static let preflightLines: StaticString = """
        Access-Control-Allow-Methods: GET, HEAD, POST, OPTIONS\r
        Access-Control-Allow-Headers: Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, \
        If-Range, If-Unmodified-Since, Range, X-API-Key, X-Request-Id\r
        Access-Control-Max-Age: 3600\r\n
        """

    private static let exposed =
        "Access-Control-Expose-Headers: Accept-Ranges, Content-Length, Content-Range, ETag, Retry-After, X-Request-Id\r\n"
}
