import DESHTTPFront
import DESRetrieval
import DESTelemetry
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

    private let registry: PrometheusRegistry
    private let health: HealthState
    private let storeProbe: StoreProbe
    private let requests: RequestLimit
    private let slowClients: SlowClientPolicy
    private let metricsAreOpen: Bool
    let cors: CORSPolicy?
    let accessLog: AccessLog?
    let isDraining = Atomic<Bool>(false)

    init(
        retriever: any FileRetrieving, gate: any RequestGate, metrics: RequestMetrics, registry: PrometheusRegistry,
        health: HealthState, storeProbe: StoreProbe, requests: RequestLimit,
        slowClients: SlowClientPolicy = SlowClientPolicy(), metricsAreOpen: Bool = true, cors: CORSPolicy?,
        accessLog: AccessLog?, logger: Logger
    ) {
        self.retriever = retriever
        self.gate = gate
        self.metrics = metrics
        self.registry = registry
        self.health = health
        self.storeProbe = storeProbe
        self.requests = requests
        self.slowClients = slowClients
        self.metricsAreOpen = metricsAreOpen
        self.cors = cors
        self.accessLog = accessLog
        failureLog = ThrottledLog(logger, level: .warning)
    }

    /// From now on each answer is the last of its connection, and the service says that it is not ready.
    func drain() {
        health.enter(.draining)
        isDraining.store(true, ordering: .relaxed)
    }

    /// Probes and metrics must work just when there are too many clients.
    func isExempt(_ head: HTTPRequestHead) -> Bool {
        switch RequestTarget(head.uri).resource {
        case .health, .live, .ready, .metrics: true
        default: false
        }
    }

    /// Only a batch has one.
    func wantsBody(_ head: HTTPRequestHead) -> Bool {
        guard head.method == .POST, case .file(encodedUID: "batch") = RequestTarget(head.uri).resource else {
            return false
        }
        return true
    }

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
        _ request: ReceivedRequest, to connection: Connection,
        from remoteAddress: SocketAddress?
    ) async throws -> Bool {
        let start = ContinuousClock.now
        let head: HTTPRequestHead
        let body: ByteBuffer?
        let isLast: Bool
        let decision: GateDecision?
        switch request {
        case .complete(let received, let bytes, let last, let note):
            head = received
            body = bytes
            isLast = last
            decision = note as? GateDecision
        case .rejected(let status, let detail, let head):
            try await reject(status, detail, head, connection, since: start, remoteAddress)
            return false
        }

        let target = RequestTarget(head.uri)
        let writer = AnswerWriter(
            connection, to: head, keepsOpen: !isLast && !isDraining.load(ordering: .relaxed),
            patience: { [slowClients, retriever] waited, sent in
                slowClients.goesOn(waited: waited, sent: sent, isCrowded: retriever.isCrowded)
            })
        let id = accessLog.map { Self.requestID(head.headers) ?? $0.makeRequestID() }
        var exchange = Exchange(
            self, route: Self.route(target.resource, head.method), writer: writer,
            commonLines: commonLines(head.headers, id: id))
        exchange.decision = decision
        do {
            try await answer(target, head, body, &exchange)
        } catch {
            exchange.aborted()
            log(
                exchange, method: head.method.rawValue, path: target.path, id: id, since: start, remoteAddress,
                isAborted: true)
            throw error
        }
        log(
            exchange, method: head.method.rawValue, path: target.path, id: id, since: start, remoteAddress,
            isAborted: false)
        return exchange.keepsOpen
    }

    /// Tells why a request is not looked at any further; with what every answer has, as far as there is a head.
    nonisolated(nonsending) private func reject(
        _ status: HTTPStatus, _ detail: String, _ head: HTTPRequestHead?, _ connection: Connection,
        since start: ContinuousClock.Instant, _ remoteAddress: SocketAddress?
    ) async throws {
        let target = head.map { RequestTarget($0.uri) }
        let id = accessLog.map { head.flatMap { Self.requestID($0.headers) } ?? $0.makeRequestID() }
        let writer = AnswerWriter(connection, to: head, keepsOpen: false)
        var exchange = Exchange(
            self, route: .other, writer: writer, commonLines: commonLines(head?.headers ?? HTTPHeaders(), id: id))
        let retryAfter = status == .serviceUnavailable ? 1 : nil
        try await exchange.send(FileProblem(status, detail, retryAfterSeconds: retryAfter))
        log(
            exchange, method: head?.method.rawValue ?? "-", path: target?.path ?? "-", id: id, since: start,
            remoteAddress, isAborted: false)
    }

    /// The fields that every answer to such a request has.
    private func commonLines(_ headers: HTTPHeaders, id: String?) -> String {
        let lines = cors?.lines(headers) ?? ""
        return id.map { lines + "X-Request-Id: \($0)\r\n" } ?? lines
    }

    nonisolated(nonsending) private func answer(
        _ target: RequestTarget, _ head: HTTPRequestHead, _ body: ByteBuffer?, _ exchange: inout Exchange
    ) async throws {
        switch (head.method, target.resource) {
        case (.POST, .file(encodedUID: "batch")):
            try await limited(&exchange) { exchange throws in
                try await self.answerBatch(body ?? ByteBuffer(), target, head, &exchange)
            }
        case (.GET, .file(let uid)), (.HEAD, .file(let uid)):
            try await limited(&exchange) { exchange throws in
                try await self.answerFile(uid, target, head, &exchange)
            }
        case (.GET, .meta(let uid)), (.HEAD, .meta(let uid)):
            try await limited(&exchange) { exchange throws in
                try await self.answerMeta(uid, isBelowFile: false, target, head, &exchange)
            }
        case (.GET, .metaBelowFile(let uid)), (.HEAD, .metaBelowFile(let uid)):
            try await limited(&exchange) { exchange throws in
                try await self.answerMeta(uid, isBelowFile: true, target, head, &exchange)
            }
        case (.GET, .metrics), (.HEAD, .metrics):
            guard !metricsAreOpen else { return try await answerMetrics(&exchange) }
            try await limited(&exchange) { exchange throws in
                try self.admit(uid: nil, target, head, &exchange)
                try await self.answerMetrics(&exchange)
            }
        case (.GET, .health), (.HEAD, .health): try await answer(health.overall, &exchange)
        case (.GET, .live), (.HEAD, .live): try await answer(health.liveness, &exchange)
        case (.GET, .ready), (.HEAD, .ready): try await answerReadiness(&exchange)
        case (.GET, .openAPI), (.HEAD, .openAPI):
            try await answer(
                TelemetryPage(.ok, contentType: "application/json", body: OpenAPIDocument.json), &exchange)
        case (_, .unknown):
            let hint =
                target.path.hasPrefix("/files/") || target.path.hasPrefix("/meta/")
                ? "; a / in a uid is written as %2F" : ""
            try await exchange.send(FileProblem(.notFound, "there is nothing at this path\(hint)"))
        case (.OPTIONS, _) where cors != nil:
            var answer = exchange.head(.noContent)
            answer.add(lines: CORSPolicy.preflightLines)
            try await exchange.send(answer, lengthOfAbsentBody: 0)
        case (_, .file(encodedUID: "batch")):
            try await exchange.send(
                FileProblem(.methodNotAllowed, "this path is for GET, HEAD and POST"),
                more: "Allow: GET, HEAD, POST\r\n")
        default:
            try await exchange.send(
                FileProblem(.methodNotAllowed, "this path is for GET and HEAD"), more: "Allow: GET, HEAD\r\n")
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
        } catch let problem as FileProblem where exchange.status == nil {
            try await exchange.send(
                problem, more: problem.status == .unauthorized ? "WWW-Authenticate: Bearer\r\n" : "")
        } catch let error as RetrievalError {
            // Half an answer is worse than none: the client must see that something is missing.
            guard exchange.status == nil else { throw error }
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
    func admit(uid: String?, _ target: RequestTarget, _ head: HTTPRequestHead, _ exchange: inout Exchange) throws {
        switch exchange.decision ?? decision(uid: uid, target, head) {
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

    nonisolated(nonsending) private func answerMetrics(_ exchange: inout Exchange) async throws {
        try await answer(TelemetryPage(registry), &exchange)
    }

    /// Not ready is also who cannot read the store.
    nonisolated(nonsending) private func answerReadiness(_ exchange: inout Exchange) async throws {
        let report = health.readiness
        guard report.isHealthy, let problem = await storeProbe.problem() else {
            return try await answer(report, &exchange)
        }
        try await answer(TelemetryPage(HealthReport(isHealthy: false, status: "store", reason: problem)), &exchange)
    }

    nonisolated(nonsending) private func answer(_ report: HealthReport, _ exchange: inout Exchange) async throws {
        try await answer(TelemetryPage(report), &exchange)
    }

    nonisolated(nonsending) private func answer(_ page: TelemetryPage, _ exchange: inout Exchange) async throws {
        try await exchange.send(
            page.head(exchange.head(page.status, bodySize: page.body.utf8.count)), body: page.body.utf8)
    }

    private func log(
        _ exchange: Exchange, method: String, path: Substring, id: String?, since start: ContinuousClock.Instant,
        _ remoteAddress: SocketAddress?, isAborted: Bool
    ) {
        guard let accessLog else { return }
        accessLog.log(
            AccessLine(
                method: method, path: path, status: exchange.status, isAborted: isAborted, bytes: exchange.bodyBytes,
                duration: .now - start, requestID: id ?? accessLog.makeRequestID(), keyID: exchange.keyID,
                remoteAddress: remoteAddress))
    }

    private static func route(_ resource: RequestTarget.Resource, _ method: HTTPMethod) -> Route {
        switch resource {
        case .file(encodedUID: "batch") where method == .POST: .batch
        case .file: method == .GET || method == .HEAD ? .file : .other
        case .meta, .metaBelowFile: .meta
        case .metrics: .metrics
        case .health, .live, .ready: .health
        case .openAPI: .openapi
        case .unknown: .other
        }
    }

    /// In lower case.
    static let requestIDHeader = "x-request-id"

    /// The id that a proxy gave the request, if it is plain.
    private static func requestID(_ headers: HTTPHeaders) -> String? {
        guard let id = headers.first(name: requestIDHeader), (1...64).contains(id.utf8.count),
            id.utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || "-_.:".utf8.contains($0)
            })
        else { return nil }
        return id
    }
}

extension ContinuousClock.Instant {
    fileprivate static func - (end: Self, start: Self) -> Duration { start.duration(to: end) }
}
