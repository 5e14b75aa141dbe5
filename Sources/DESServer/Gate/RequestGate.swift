package import NIOHTTP1

/// Decides who may read what, before anything is looked up. Calls come from any task and must be quick: an answer is made
/// of what is in memory.
package protocol RequestGate: Sendable {
    /// Whether a request is let in. Asked once for each request of files; probes, metrics and the description of the
    /// interface are open to all.
    func admit(_ request: GateRequest) -> GateDecision

    /// Whether the owner of a key may read one file of a batch; asked for each member after ``admit(_:)`` let the batch in.
    func mayRead(uid: String, keyID: String?) -> Bool
}

/// What a gate may look at.
package struct GateRequest: Sendable {
    /// As sent: `GET`, `HEAD` or `POST`.
    package let method: String
    /// As sent, percent-encoded, without the query.
    package let path: String
    /// The decoded uid; nil for a batch.
    package let uid: String?

    private let headers: HTTPHeaders

    /// Describes a request.
    package init(method: String, path: String, uid: String?, headers: HTTPHeaders) {
        self.method = method
        self.path = path
        self.uid = uid
        self.headers = headers
    }

    /// The value of a header, whatever the case of its name; nil unless it is there exactly once.
    package func header(_ name: String) -> String? {
        let values = headers[name]
        return values.count == 1 ? values[0] : nil
    }
}

/// What a gate says.
package enum GateDecision: Sendable, Equatable {
    /// Come in. The key's id stands in the access log; nil where there are no keys.
    case allow(keyID: String?)
    /// Stay out.
    case deny(GateDenial)
}

/// Why a request is not let in.
package struct GateDenial: Sendable, Equatable {
    /// The kinds of refusal.
    package enum Reason: Sendable, Equatable, CaseIterable {
        /// No key, or none that we know: 401.
        case unauthorized
        /// Known, but not for this: 403.
        case forbidden
        /// Too often: 429.
        case tooManyRequests
    }

    /// The kind of refusal.
    package let reason: Reason
    /// Shown to the client: no secrets.
    package let detail: String
    /// For the `Retry-After` header, in seconds; nil: none.
    package let retryAfterSeconds: Int?
    /// Stands in the access log, if the key is known.
    package let keyID: String?

    /// Describes a refusal.
    package init(_ reason: Reason, detail: String, retryAfterSeconds: Int? = nil, keyID: String? = nil) {
        self.reason = reason
        self.detail = detail
        self.retryAfterSeconds = retryAfterSeconds
        self.keyID = keyID
    }
}

/// Lets everyone in.
package struct OpenGate: RequestGate {
    /// Makes the gate.
    package init() {}

    /// Always.
    package func admit(_ request: GateRequest) -> GateDecision { .allow(keyID: nil) }

    /// Always.
    package func mayRead(uid: String, keyID: String?) -> Bool { true }
}
