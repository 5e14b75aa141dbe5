import DESHTTPFront

/// One request and what becomes of it.
struct Exchange {
    /// What is answered.
    let request: Request
    private let service: FileService
    private let route: Route
    private let commonLines: String
    /// Where the answer goes, and what of it has gone.
    private(set) var writer: AnswerWriter
    private var isCounted = false

    /// The key that the gate found, for the log.
    var keyID: String?

    init(_ request: Request, _ service: FileService, route: Route, writer: AnswerWriter, commonLines: String) {
        self.request = request
        self.service = service
        self.route = route
        self.writer = writer
        self.commonLines = commonLines
    }

    /// Begins the head of an answer.
    func head(_ status: HTTPStatus, bodySize: Int = 0) -> ResponseHead {
        var head = ResponseHead(status, dateLine: service.dates.line, bodySize: bodySize)
        if !commonLines.isEmpty { head.add(rawLines: commonLines) }
        return head
    }

    /// Sends a whole answer.
    nonisolated(nonsending) mutating func send(_ head: consuming ResponseHead, body: some Collection<UInt8>)
        async throws
    {
        count(.answered(head.status))
        try await writer.write(head, body: body)
    }

    /// Sends the head of an answer, and nothing of its body.
    nonisolated(nonsending) mutating func send(_ head: consuming ResponseHead, lengthOfAbsentBody: UInt64) async throws
    {
        count(.answered(head.status))
        try await writer.write(head, lengthOfAbsentBody: lengthOfAbsentBody)
    }

    /// Sends what is true only now.
    nonisolated(nonsending) mutating func send(_ page: OperationsPage) async throws {
        try await send(page.head(head(page.status, bodySize: page.body.utf8.count)), body: page.body.utf8)
    }

    /// Sends an error.
    ///
    /// - Parameter lines: further headers, each with its line end, in which nothing stands that a client sent.
    nonisolated(nonsending) mutating func send(_ problem: FileProblem, more lines: String = "") async throws {
        let body = problem.json
        var head = head(problem.status, bodySize: body.utf8.count)
        head.add(lines: "Content-Type: application/json\r\nCache-Control: no-store\r\n")
        head.add(rawLines: lines)
        if let seconds = problem.retryAfterSeconds { head.add("Retry-After", String(seconds)) }
        try await send(head, body: body.utf8)
    }

    /// Begins an answer that comes in pieces.
    nonisolated(nonsending) mutating func begin(_ head: consuming ResponseHead, length: UInt64?) async throws {
        try await writer.begin(head, length: length)
    }

    /// Sends a piece.
    ///
    /// - Parameter isLast: it is counted before the client can have it, so that who asks for the metrics after it finds it
    ///   there.
    nonisolated(nonsending) mutating func send(piece: [UInt8], isLast: Bool = false) async throws {
        if isLast, let status = writer.status { count(.answered(status)) }
        try await writer.write(piece: piece)
    }

    /// Ends an answer that came in pieces.
    nonisolated(nonsending) mutating func finish() async throws {
        if let status = writer.status { count(.answered(status)) }
        try await writer.finish()
    }

    /// The answer could not be sent whole.
    mutating func aborted() { count(.aborted) }

    private mutating func count(_ end: RequestEnd) {
        guard !isCounted else { return }
        isCounted = true
        service.metrics.request(route, end)
        if route == .file { service.metrics.retrieval(end) }
    }
}
