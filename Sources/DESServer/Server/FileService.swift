import DESHTTPFront
import DESRetrieval
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Answers requests: finds out what is asked for, by whom, and hands it to the one who knows.
final class FileService: RequestAnswering {
    let retriever: any FileRetrieving
    let gate: any RequestGate
    let metrics: RequestMetrics
    let batchBodies = BatchBodyReader(threads: .singleton)
    let dates = DateCache()
    let failureLog: ThrottledLog

    private let operations: Operations
    private let requests: RequestLimit
    private let slowClients: SlowClientPolicy
    private let metricsAreOpen: Bool
    let cors: CORSPolicy?
    let accessLog: AccessLog?
    let isDraining = Atomic<Bool>(false)

    init(
        retriever: any FileRetrieving, gate: any RequestGate, metrics: RequestMetrics, operations: Operations,
        configuration: FileServerConfiguration, accessLog: AccessLog?, logger: Logger
    ) {
        self.retriever = retriever
        self.gate = gate
        self.metrics = metrics
        self.operations = operations
        requests = RequestLimit(configuration.maximumRequests, gauge: metrics.inFlight)
        slowClients = configuration.slowClients
        metricsAreOpen = configuration.metricsAreOpen
        cors = configuration.cors
        self.accessLog = accessLog
        failureLog = ThrottledLog(logger, level: .warning)
    }

    /// From now on each answer is the last of its connection, and the service says that it is not ready.
    func drain() {
        operations.health.enter(.draining)
        isDraining.store(true, ordering: .relaxed)
    }

    /// Probes and metrics must work just when there are too many clients.
    func isExempt(_ head: HTTPRequestHead) -> Bool {
        if case .operations = RequestTarget(head.uri).resource { true } else { false }
    }

    /// Only a batch has one.
    func wantsBody(_ head: HTTPRequestHead) -> Bool { head.method == .POST && Request(head).isBatch }

    /// Who may not ask for a batch cannot take the memory for bodies from those who may.
    func judgeBody(of head: HTTPRequestHead) -> BodyVerdict {
        guard !(gate is OpenGate) else { return .collect(nil) }
        let decision = decision(uid: nil, RequestTarget(head.uri), head)
        if case .deny = decision { return .refuse(decision) }
        return .collect(decision)
    }

    /// Answers one request.
    ///
    /// - Returns: whether the connection may bring another.
    /// - Throws: when the answer could not be sent whole: the connection must be closed without its final bytes.
    nonisolated(nonsending) func answer(
        _ received: ReceivedRequest, to connection: Connection, from remoteAddress: SocketAddress?
    ) async throws -> Bool {
        let start = ContinuousClock.now
        let request: Request
        var keepsOpen = false
        var rejection: FileProblem?
        switch received {
        case .complete(let head, let body, let isLast, let note):
            request = Request(head, body: body, decision: note as? GateDecision)
            keepsOpen = !isLast && !isDraining.load(ordering: .relaxed)
        case .rejected(let status, let detail, let head):
            request = Request(head ?? HTTPRequestHead(version: .http1_1, method: .RAW(value: "-"), uri: "-"))
            let retryAfter = status == .serviceUnavailable ? 1 : nil
            rejection = FileProblem(status, detail, retryAfterSeconds: retryAfter)
        }
        let writer = AnswerWriter(
            connection, to: request.head, keepsOpen: keepsOpen,
            patience: { [slowClients, retriever] waited, sent in
                slowClients.goesOn(waited: waited, sent: sent, isCrowded: retriever.isCrowded)
            })
        let id = accessLog.map { request.id ?? $0.makeRequestID() }
        var exchange = Exchange(
            request, self, route: rejection == nil ? request.route : .other, writer: writer,
            commonLines: commonLines(request.head.headers, id: id))
        var isAborted = true
        defer {
            if let id {
                accessLog?.log(
                    AccessLine(
                        method: request.head.method.rawValue, path: request.target.path, status: exchange.writer.status,
                        isAborted: isAborted, bytes: exchange.writer.bodyBytes, duration: start.duration(to: .now),
                        requestID: id, keyID: exchange.keyID, remoteAddress: remoteAddress))
            }
        }
        do {
            if let rejection { try await exchange.send(rejection) } else { try await answer(&exchange) }
        } catch {
            exchange.aborted()
            throw error
        }
        isAborted = false
        return exchange.writer.keepsOpen
    }

    /// The fields that every answer to such a request has.
    private func commonLines(_ headers: HTTPHeaders, id: String?) -> String {
        let lines = cors?.lines(headers) ?? ""
        return id.map { lines + "X-Request-Id: \($0)\r\n" } ?? lines
    }

    /// What there is, and who answers it.
    nonisolated(nonsending) private func answer(_ exchange: inout Exchange) async throws {
        let request = exchange.request
        switch request.target.resource {
        case .unknown:
            let path = request.target.path
            let isNear = path.hasPrefix("/files/") || path.hasPrefix("/meta/")
            let hint = isNear ? "; a / in a uid is written as %2F" : ""
            try await exchange.send(FileProblem(.notFound, "there is nothing at this path\(hint)"))
        case _ where request.isBatch:
            try await limited(&exchange) { exchange throws in try await self.answerBatch(&exchange) }
        case _ where request.head.method == .OPTIONS && cors != nil:
            var answer = exchange.head(.noContent)
            answer.add(lines: CORSPolicy.preflightLines)
            try await exchange.send(answer, lengthOfAbsentBody: 0)
        case .file(encodedUID: "batch") where !request.isForReading:
            try await exchange.send(
                FileProblem(.methodNotAllowed, "this path is for GET, HEAD and POST"),
                more: "Allow: GET, HEAD, POST\r\n")
        case _ where !request.isForReading:
            try await exchange.send(
                FileProblem(.methodNotAllowed, "this path is for GET and HEAD"), more: "Allow: GET, HEAD\r\n")
        case .file(let uid):
            try await limited(&exchange) { exchange throws in try await self.answerFile(uid, &exchange) }
        case .meta(let uid, let isBelowFile):
            try await limited(&exchange) { exchange throws in
                try await self.answerMeta(uid, isBelowFile: isBelowFile, &exchange)
            }
        case .operations(.metrics) where !metricsAreOpen:
            try await limited(&exchange) { exchange throws in
                try self.admit(uid: nil, &exchange)
                try await exchange.send(self.operations.page(.metrics))
            }
        case .operations(let endpoint): try await exchange.send(operations.page(endpoint))
        case .openAPI:
            try await exchange.send(
                OperationsPage(.ok, contentType: "application/json", body: OpenAPIDocument.json))
        }
    }

    /// Answers unless too many requests are being answered already, and turns what is refused into an answer.
    nonisolated(nonsending) private func limited(
        _ exchange: inout Exchange, _ answer: nonisolated(nonsending) (inout Exchange) async throws -> Void
    ) async throws {
        guard requests.began() else {
            try await exchange.send(
                FileProblem(.serviceUnavailable, "too many requests at once; try again", retryAfterSeconds: 1))
            return
        }
        defer { requests.ended() }
        do {
            try await answer(&exchange)
        } catch let problem as FileProblem where exchange.writer.status == nil {
            try await exchange.send(
                problem, more: problem.status == .unauthorized ? "WWW-Authenticate: Bearer\r\n" : "")
        } catch let error as RetrievalError {
            // Half an answer is worse than none: the client must see that something is missing.
            guard exchange.writer.status == nil else { throw error }
            // The client has gone: that is no failure of the store.
            try Task.checkCancellation()
            try await exchange.send(problem(error))
        }
    }

    /// What a failure of the retriever means to a client; logged.
    func problem(_ error: RetrievalError) -> FileProblem {
        failureLog.log("cannot read a file (\(error.code)): \(error)")
        return FileProblem(error)
    }

    /// What the gate says.
    func decision(uid: String?, _ target: RequestTarget, _ head: HTTPRequestHead) -> GateDecision {
        gate.admit(
            GateRequest(method: head.method.rawValue, path: String(target.path), uid: uid, headers: head.headers))
    }

    /// Asks the gate.
    ///
    /// - Throws: `FileProblem` if it says no.
    func admit(uid: String?, _ exchange: inout Exchange) throws {
        let request = exchange.request
        switch request.decision ?? decision(uid: uid, request.target, request.head) {
        case .allow(let keyID): exchange.keyID = keyID
        case .deny(let denial):
            exchange.keyID = denial.keyID
            let status: HTTPStatus =
                switch denial.reason {
                case .unauthorized: .unauthorized
                case .forbidden: .forbidden
                case .tooManyRequests: .tooManyRequests
                }
            throw FileProblem(status, denial.detail, retryAfterSeconds: denial.retryAfterSeconds)
        }
    }
}
