/// Why there is no answer, or none that is whole. Holds no secret.
package struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable, Hashable {
        /// No address for the name of the server or proxy.
        case unknownHost
        /// Nobody listens, or nobody answers in time.
        case cannotConnect
        /// The server's certificate is not trusted, or is for another name.
        case untrustedCertificate
        /// No TLS session, for another reason.
        case tlsFailed
        /// The connection ended before the answer did.
        case connectionLost
        /// Nothing moved for too long, or it took too long altogether.
        case stalled
        /// What came is not HTTP, or not whole.
        case invalidResponse
        /// The answer has more bytes than are allowed.
        case tooLarge
        /// What was to be sent cannot be read.
        case unreadableBody
        /// The URL, the proxy or a setting cannot be used.
        case unusable
        /// The transport was closed.
        case closed
    }

    package var kind: Kind
    package var message: String
    /// Whether the server may have all of the request, so that it may have been carried out.
    package var isOutcomeUnknown: Bool

    package init(_ kind: Kind, _ message: String, isOutcomeUnknown: Bool = false) {
        self.kind = kind
        self.message = message
        self.isOutcomeUnknown = isOutcomeUnknown
    }

    package var description: String { message }
}
