package import DESBase

/// One HTTP request as it goes over the wire; its URL and headers are final.
package struct HTTPRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case put = "PUT"
        case post = "POST"
        case delete = "DELETE"
    }

    package var method: Method
    /// Complete and percent-encoded; the path is sent as it is.
    package var url: String
    /// Scheme, host and port: what the limit of requests in flight counts for.
    package var origin: String
    package var headers: [(name: String, value: String)]
    package var body: HTTPBody?
    package var sink = HTTPSink.memory(limit: 1 << 20)
    /// How many bytes the answer is likely to have; only a hint for the memory.
    package var expectedSize = 0
    /// How long the whole exchange may take; nil: as long as it moves.
    package var timeLimit: Duration?
    /// How long it may stand still; nil: as the transport is set.
    package var stallTime: Duration?
    /// Whether the request may go through a proxy.
    package var allowsProxy: Bool
    /// Whether the transport must not send the request a second time once the server may have all of it.
    package var isSentOnce = false

    package init(
        _ method: Method, _ url: String, origin: String, headers: [(name: String, value: String)] = [],
        body: HTTPBody? = nil, timeLimit: Duration? = nil, allowsProxy: Bool = true
    ) {
        self.method = method
        self.url = url
        self.origin = origin
        self.headers = headers
        self.body = body
        self.timeLimit = timeLimit
        self.allowsProxy = allowsProxy
    }
}

/// What a request sends.
package enum HTTPBody: Sendable {
    case bytes([UInt8])
    /// A part of a file, read while it is sent.
    case file(OpenFile, Range<UInt64>)

    /// In bytes.
    package var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .file(_, let range): Int(range.count)
        }
    }
}

/// Where the body of an answer goes.
package enum HTTPSink: Sendable {
    /// Into the response; more than `limit` bytes are an error.
    case memory(limit: Int)
    /// In pieces to the closures, if the status is 2xx; another answer's body goes into the response, up to 1 MiB.
    ///
    /// Both run on the thread that carries all transfers, so they must be quick; what they throw ends the transfer and is
    /// thrown by it.
    case pieces(
        begin: @Sendable (HTTPResponse) throws -> Void, bytes: @Sendable (UnsafeRawBufferPointer) throws -> Void)
}

/// Whatever can carry out HTTP requests.
package protocol HTTPExchange: Sendable {
    /// - Throws: ``HTTPError``, what the sink threw, or `CancellationError`.
    func send(_ request: HTTPRequest) async throws -> HTTPResponse
}
