import NIOCore
package import NIOHTTP1

/// Writes one answer to a connection, and knows how much of it was written.
///
/// Each write waits until the connection takes more: no answer is held in memory for a client that is slow.
package struct AnswerWriter {
    /// The largest piece that is handed to the connection at once, so that a slow client is seen to take something.
    package static let pieceSize = 64 * 1024

    /// How the end of the body is told.
    private enum Framing { case length(remaining: UInt64), chunked, untilClose }

    /// Whether an answer whose client takes its time goes on. Asked before each further piece.
    package typealias Patience = @Sendable (_ waited: Duration, _ sent: UInt64) -> Bool

    private let connection: Connection
    private let patience: Patience?
    /// How long pieces waited for the client.
    private var waited = Duration.zero
    /// Whether another request may follow.
    package private(set) var keepsOpen: Bool
    /// Whether the client only wants the head.
    package let isHead: Bool
    /// Whether it is a client of HTTP/1.0: it understands no chunks, and wants to be told that the connection stays open (RFC 9112,
    /// section 9.3 and appendix C.2.2).
    private let isOld: Bool
    private var framing = Framing.length(remaining: 0)
    /// What was begun to be sent; nil: nothing yet.
    package private(set) var status: HTTPStatus?
    /// Bytes of the body that were written.
    package private(set) var bodyBytes: UInt64 = 0

    /// Begins an answer.
    ///
    /// - Parameters:
    ///   - head: of the request; nil if there is none.
    ///   - keepsOpen: whether another request may follow, if the client wants that too.
    ///   - patience: nil: endless, but for the front's own limits.
    package init(
        _ connection: Connection, to head: HTTPRequestHead?, keepsOpen: Bool, patience: Patience? = nil
    ) {
        self.connection = connection
        self.patience = patience
        self.keepsOpen = keepsOpen && (head?.isKeepAlive ?? false)
        isHead = head?.method == .HEAD
        isOld = head?.version.minor == 0
    }

    /// Writes a whole answer.
    ///
    /// - Parameters:
    ///   - head: without the length of the body, which is added here.
    ///   - body: not written for HEAD, but its length is told.
    package nonisolated(nonsending) mutating func write(_ head: consuming ResponseHead, body: some Collection<UInt8>)
        async throws
    {
        guard isHead || body.count <= Self.pieceSize else {
            try await begin(head, length: UInt64(body.count))
            try await write(inSlices: body)
            return try await finish()
        }
        status = head.status
        if !head.status.isBodiless { head.add(contentLength: UInt64(body.count)) }
        var bytes = finished(head)
        if !isHead, !body.isEmpty {
            bytes.writeBytes(body)
            bodyBytes = UInt64(body.count)
        }
        try await writeLast(bytes)
    }

    /// Writes the head of an answer without its body, whose length it tells.
    package nonisolated(nonsending) mutating func write(_ head: consuming ResponseHead, lengthOfAbsentBody: UInt64)
        async throws
    {
        status = head.status
        if !head.status.isBodiless { head.add(contentLength: lengthOfAbsentBody) }
        try await writeLast(finished(head))
    }

    /// Begins an answer that comes in pieces.
    ///
    /// - Parameter length: bytes that will come; nil if that is not known.
    package nonisolated(nonsending) mutating func begin(_ head: consuming ResponseHead, length: UInt64?) async throws {
        status = head.status
        if let length {
            head.add(contentLength: length)
            framing = .length(remaining: length)
        } else if !isOld {
            head.add(lines: "Transfer-Encoding: chunked\r\n")
            framing = .chunked
        } else {
            framing = .untilClose
            keepsOpen = false
        }
        try await connection.write(.piece(finished(head)))
    }

    /// Writes a piece of the body.
    package nonisolated(nonsending) mutating func write(piece: [UInt8]) async throws {
        try await write(inSlices: piece)
    }

    /// Ends an answer that came in pieces.
    ///
    /// - Throws: when bytes are missing; the connection must then be closed, so that the client sees it.
    package nonisolated(nonsending) mutating func finish() async throws {
        switch framing {
        case .length(let remaining):
            guard remaining == 0 else { throw IncompleteAnswer() }
            try await writeLast(ByteBuffer())
        case .chunked: try await writeLast(ByteBuffer(string: "0\r\n\r\n"))
        case .untilClose: try await writeLast(ByteBuffer())
        }
    }

    nonisolated(nonsending) private mutating func write<Body: Collection<UInt8>>(inSlices body: Body) async throws {
        var rest = body[...]
        while !rest.isEmpty {
            let slice = rest.prefix(Self.pieceSize)
            try await write(slice: slice)
            rest = rest[slice.endIndex...]
        }
    }

    nonisolated(nonsending) private mutating func write(slice: some Collection<UInt8>) async throws {
        var buffer = ByteBufferAllocator().buffer(capacity: slice.count + 16)
        switch framing {
        case .length(let remaining):
            guard remaining >= UInt64(slice.count) else { throw IncompleteAnswer() }
            framing = .length(remaining: remaining - UInt64(slice.count))
            buffer.writeBytes(slice)
        case .chunked:
            buffer.writeString(String(slice.count, radix: 16))
            buffer.writeStaticString("\r\n")
            buffer.writeBytes(slice)
            buffer.writeStaticString("\r\n")
        case .untilClose:
            buffer.writeBytes(slice)
        }
        if let patience, !patience(waited, bodyBytes) { throw SlowClient() }
        bodyBytes += UInt64(slice.count)
        let start = ContinuousClock.now
        try await connection.write(.piece(buffer))
        waited += start.duration(to: .now)
    }

    private func finished(_ head: consuming ResponseHead) -> ByteBuffer {
        if !keepsOpen {
            head.add(lines: "Connection: close\r\n")
        } else if isOld {
            head.add(lines: "Connection: keep-alive\r\n")
        }
        return head.finish()
    }

    nonisolated(nonsending) private func writeLast(_ bytes: ByteBuffer) async throws {
        try await connection.write(keepsOpen ? .last(bytes) : .lastBeforeClose(bytes))
    }
}

/// A client took an answer so slowly that it was given up.
struct SlowClient: Error {}

/// An answer has more or fewer bytes than its head says.
package struct IncompleteAnswer: Error {
    /// Makes the error.
    package init() {}
}
