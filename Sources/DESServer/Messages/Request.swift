import NIOCore
import NIOHTTP1

/// A request, and what was found out about it before it is answered.
struct Request {
    /// Method, target and headers.
    let head: HTTPRequestHead
    /// What it asks for.
    let target: RequestTarget
    /// nil where none is wanted.
    let body: ByteBuffer?
    /// What the gate said, if it was asked before.
    let decision: GateDecision?

    init(_ head: HTTPRequestHead, body: ByteBuffer? = nil, decision: GateDecision? = nil) {
        self.head = head
        target = RequestTarget(head.uri)
        self.body = body
        self.decision = decision
    }

    /// Whether it is a `GET` or `HEAD`.
    var isForReading: Bool { head.method == .GET || head.method == .HEAD }

    /// Whether it is for many files at once.
    var isBatch: Bool { head.method == .POST && target.resource == .file(encodedUID: "batch") }

    /// How it is counted.
    var route: Route {
        switch target.resource {
        case .file: isBatch ? .batch : isForReading ? .file : .other
        case .meta: .meta
        case .operations(.metrics): .metrics
        case .operations: .health
        case .openAPI: .openapi
        case .unknown: .other
        }
    }

    /// In lower case.
    static let idHeader = "x-request-id"

    /// The id that a proxy gave it, if that is plain.
    var id: String? {
        guard let id = head.headers.first(name: Self.idHeader), (1...64).contains(id.utf8.count),
            id.utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || "-_.:".utf8.contains($0)
            })
        else { return nil }
        return id
    }
}
