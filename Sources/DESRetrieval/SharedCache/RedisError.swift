/// Why Redis could not be used. Shows no password.
struct RedisError: Error, Sendable, Equatable, CustomStringConvertible {
    enum Kind: Sendable, Equatable {
        /// No connection, no answer in time, or one that says that nothing works now (`LOADING`, `NOAUTH`, …).
        case unusable
        /// A value is not taken (`OOM`, `READONLY`, …); values can still be read.
        case valueRefused
        /// Under the key is something that we did not put there.
        case foreignValue
    }

    let kind: Kind
    /// What the server or hiredis says, and of which step.
    let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
