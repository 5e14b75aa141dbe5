import CCurl
import DESBase

/// One request on its way through the transport.
///
/// `@unchecked Sendable`: the task that makes it sets `continuation` and then hands it over through the mutex of
/// ``CurlCore``; `isCancelled` and `isSubmitted` are used under that mutex only; everything else by the transport's thread
/// only.
final class CurlTransfer: @unchecked Sendable {
    /// Most bytes kept of an answer whose body was meant for the closures of a sink but tells an error.
    private static let errorBodyLimit = 1 << 20

    let request: HTTPRequest
    var continuation: UnsafeContinuation<HTTPResponse, any Error>?
    var isCancelled = false
    var isSubmitted = false

    /// The handle that carries it; nil before and after.
    var handle: CurlHandle?
    /// How much of the body libcurl has taken.
    private(set) var sentCount = 0
    private var response = HTTPResponse(status: 0)
    private var isStatusKnown = false
    private var isDelivering = false
    /// Why a callback ended the transfer.
    private(set) var failure: (any Error)?

    init(_ request: HTTPRequest) {
        self.request = request
        if case .memory(let limit) = request.sink, request.expectedSize > 0 {
            response.body.reserveCapacity(min(limit, request.expectedSize))
        }
    }

    /// Whether all of the body has left for the server, as far as this side knows.
    var isBodySent: Bool { sentCount == request.body?.count ?? 0 }

    /// The answer, once it is complete.
    func finishedResponse(status: Int) -> HTTPResponse {
        response.status = status
        return response
    }

    func received(header line: UnsafeRawBufferPointer) {
        // Each response, also an interim one, begins with its status line; only the last one counts.
        if line.starts(with: Self.statusLineBeginning) {
            response.rawHeaders.removeAll(keepingCapacity: true)
            if response.rawHeaders.capacity == 0 { response.rawHeaders.reserveCapacity(512) }
            return
        }
        response.rawHeaders.append(contentsOf: line)
    }

    private static let statusLineBeginning = Array("HTTP/".utf8)

    /// Returns false if the transfer is to end.
    func received(_ bytes: UnsafeRawBufferPointer) -> Bool {
        do {
            try take(bytes)
            return true
        } catch {
            failure = error
            return false
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer) throws {
        if !isStatusKnown {
            try beginBody()
        }
        let limit: Int
        switch request.sink {
        case .pieces(_, let deliver):
            if isDelivering { return try deliver(bytes) }
            limit = Self.errorBodyLimit
        case .memory(let most):
            // What tells an error is small, but need not be smaller than what was asked for.
            limit = response.isSuccess ? most : max(most, Self.errorBodyLimit)
        }
        guard response.body.count + bytes.count <= limit else {
            throw HTTPError(.tooLarge, "the answer has more than \(limit) bytes")
        }
        response.body.append(contentsOf: bytes)
    }

    /// The headers are complete.
    private func beginBody() throws {
        isStatusKnown = true
        var status = 0
        if let handle { des_curl_get_long(handle.pointer, CURLINFO_RESPONSE_CODE, &status) }
        response.status = status
        if case .pieces(let begin, _) = request.sink, response.isSuccess {
            isDelivering = true
            try begin(response)
        }
        // Before it is all downloaded, and without growing step by step; where a size is expected, there is room already.
        if case .memory(let limit) = request.sink, request.expectedSize == 0, response.isSuccess,
            let size = response.number("content-length")
        {
            guard size <= limit else { throw HTTPError(.tooLarge, "the answer has \(size) bytes, more than \(limit)") }
            response.body.reserveCapacity(Int(size))
        }
    }

    /// Puts the next bytes of the body into the buffer; nil if they cannot be read.
    func send(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        let count: Int
        switch request.body {
        case nil: return 0
        case .bytes(let bytes):
            count = min(buffer.count, bytes.count - sentCount)
            bytes.withUnsafeBytes {
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[sentCount..<sentCount + count]))
            }
        case .file(let file, let range):
            count = min(buffer.count, range.count - sentCount)
            guard read(file, at: range.lowerBound, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
            else {
                return nil
            }
        }
        sentCount += count
        return count
    }

    private func read(_ file: OpenFile, at start: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        do {
            guard try file.read(into: buffer, at: Int64(start) + Int64(sentCount)) == buffer.count else {
                failure = HTTPError(.unreadableBody, "\(file.path) has become shorter while it was sent")
                return false
            }
            return true
        } catch {
            failure = HTTPError(.unreadableBody, error.description)
            return false
        }
    }

    /// libcurl wants to send the body again from a place; false refuses.
    func rewind(to offset: Int) -> Bool {
        guard 0...(request.body?.count ?? 0) ~= offset else { return false }
        // It does so by itself when a kept connection turns out to be dead: then nobody knows what became of the first.
        if request.isSentOnce && isBodySent { return false }
        sentCount = offset
        return true
    }
}
