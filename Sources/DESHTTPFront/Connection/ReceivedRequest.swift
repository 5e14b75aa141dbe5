package import NIOCore
package import NIOHTTP1

/// A request that has wholly arrived, or the reason why it will not.
package enum ReceivedRequest: Sendable {
    /// To be answered as it deserves.
    ///
    /// - body: nil unless the one who answers wants bodies of such requests.
    /// - isLast: whether the connection is to be closed after the answer.
    /// - note: what ``RequestAnswering/cachedAnswer(to:from:)`` or ``RequestAnswering/judgeBody(of:)`` found out about it.
    case complete(HTTPRequestHead, body: ByteBuffer?, isLast: Bool = false, note: (any Sendable)? = nil)
    /// To be answered with this status, and the connection closed after it. The head is nil if there is none.
    case rejected(HTTPStatus, detail: String, head: HTTPRequestHead?)
}

/// What the one who answers hands to the connection.
enum AnswerPart: Sendable {
    /// A piece of an answer.
    case piece(ByteBuffer)
    /// The last piece of an answer; may be empty.
    case last(ByteBuffer)
    /// As `last`, and nothing will follow on this connection.
    case lastBeforeClose(ByteBuffer)
}
