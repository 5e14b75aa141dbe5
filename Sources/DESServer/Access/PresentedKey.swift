import DESHTTPFront

/// The key that a request brings: `Authorization: Bearer KEY` (RFC 6750, section 2.1) or `X-API-Key: KEY`.
enum PresentedKey: Equatable {
    case missing
    /// Two different ones: it is not guessed which is meant.
    case ambiguous
    case key(String)

    init(_ request: GateRequest) {
        let bearer = request.header("authorization").flatMap(Self.bearer)
        let own = request.header("x-api-key").map(Self.trimmed).flatMap { $0.isEmpty ? nil : $0 }
        switch (bearer, own) {
        case (nil, nil): self = .missing
        case (let key?, nil), (nil, let key?): self = .key(key)
        case (let first?, let second?): self = first == second ? .key(first) : .ambiguous
        }
    }

    private static func bearer(_ value: String) -> String? {
        let scheme = value.prefix { $0 != " " }
        guard scheme.lowercased() == "bearer" else { return nil }
        let key = trimmed(String(value[scheme.endIndex...]))
        return key.isEmpty ? nil : key
    }

    private static func trimmed(_ text: String) -> String { String(Substring(FieldText.trimmed(text.utf8[...]))) }
}
