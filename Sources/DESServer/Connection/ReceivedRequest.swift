import NIOCore
import NIOHTTP1

/// A request that has wholly arrived, or the reason why it will not.
enum ReceivedRequest: Sendable {
    /// To be answered as it deserves; the body is nil unless the method is POST. The gate's decision is nil if it was not asked yet.
    case complete(HTTPRequestHead, body: ByteBuffer?, decision: GateDecision? = nil)
    /// To be answered with this status, and the connection closed after it.
    case rejected(HTTPStatus, detail: String)
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
