package import NIOCore
package import NIOHTTP1

/// What answers the requests of a port. Calls come from any thread; those that are not `async` must be quick.
package protocol RequestAnswering: Sendable {
    /// Whether a request is one of those that are answered however many clients are connected: probes and metrics.
    func isExempt(_ head: HTTPRequestHead) -> Bool

    /// Whether the body of a request means something; others are read and dropped (RFC 9110, section 9.3.1).
    func wantsBody(_ head: HTTPRequestHead) -> Bool

    /// Whether a body that is wanted is collected. Asked once the head is there, before memory is spent on the body.
    func judgeBody(of head: HTTPRequestHead) -> BodyVerdict

    /// Makes an answer without waiting, if it can.
    func cachedAnswer(to head: HTTPRequestHead, from remoteAddress: SocketAddress?) -> QuickAnswer

    /// Answers one request.
    ///
    /// - Returns: whether the connection may bring another.
    /// - Throws: when the answer could not be sent whole: the connection is then closed without its final bytes.
    nonisolated(nonsending) func answer(
        _ request: ReceivedRequest, to connection: Connection, from remoteAddress: SocketAddress?
    ) async throws -> Bool

    /// From now on each answer is to be the last of its connection.
    func drain()
}

extension RequestAnswering {
    package func judgeBody(of head: HTTPRequestHead) -> BodyVerdict { .collect(nil) }

    package func cachedAnswer(to head: HTTPRequestHead, from remoteAddress: SocketAddress?) -> QuickAnswer {
        .later(nil)
    }
}

/// What becomes of the body of a request. What was found out on the way comes back with the request.
package enum BodyVerdict {
    /// It is collected.
    case collect((any Sendable)?)
    /// The request is answered without it and at once, and the connection closed.
    case refuse((any Sendable)?)
}

/// What can be said of a request at once.
package enum QuickAnswer {
    /// The whole answer; the connection stays open.
    case whole(ByteBuffer)
    /// It takes time, or is not of the plain kind. What was found out on the way comes back with the request.
    case later((any Sendable)?)
}
