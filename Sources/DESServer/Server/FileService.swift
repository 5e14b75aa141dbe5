import DESRetrieval
import DESTelemetry
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Answers requests: finds out what is asked for, by whom, and hands it to the one who knows.
final class FileService: Sendable {
    let retriever: any FileRetrieving
    let gate: any RequestGate
    let metrics: RequestMetrics
    let dates = DateCache()
    let failureLog: ThrottledLog

    private static let healthType = "application/json; charset=utf-8"

    private let registry: PrometheusRegistry
    private let health: HealthState
    private let storeProbe: StoreProbe
    private let limits: ConnectionLimits
    private let metricsAreOpen: Bool
    let cors: CORSPolicy?
    let accessLog: AccessLog?
    let isDraining = Atomic<Bool>(false)

    init(
        retriever: any FileRetrieving, gate: any RequestGate, metrics: RequestMetrics, registry: PrometheusRegistry,
        health: HealthState, storeProbe: StoreProbe, limits: ConnectionLimits, metricsAreOpen: Bool = true,
        cors: CORSPolicy?,
        accessLog: AccessLog?, logger: Logger
    ) {
        self.retriever = retriever
        self.gate = gate
        self.metrics = metrics
        self.registry = registry
        self.health = health
        self.storeProbe = storeProbe
        self.limits = limits
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
        let decision: GateDecision?
        switch request {
        case .complete(let received, let bytes, let known):
            head = received
            body = bytes
            decision = known
        case .rejected(let status, let detail):
            let writer = AnswerWriter(connection, keepsOpen: false, isHead: false, knowsChunks: true)
            var exchange = Exchange(self, route: .other, writer: writer, commonLines: "")
            let retryAfter = status == .serviceUnavailable ? 1 : nil
            try await exchange.send(FileProblem(status, detail, retryAfterSeconds: retryAfter))
            log(exchange, method: "-", path: "-", id: nil, since: start, remoteAddress, isAborted: false)
            return false
        }

        let target = RequestTarget(head.uri)
        let keepsOpen = head.isKeepAlive && !isDraining.load(ordering: .relaxed)
        let writer = AnswerWriter(
            connection, keepsOpen: keepsOpen, isHead: head.method == .HEAD,
            knowsChunks: head.version.minor >= 1)
        let id = accessLog.map { Self.requestID(head.headers) ?? $0.makeRequestID() }
        var commonLines = cors?.lines(head.headers) ?? ""
        if let id { commonLines += "X-Request-Id: \(id)\r\n" }
        var exchange = Exchange(
            self, route: Self.route(target.resource, head.method), writer: writer, commonLines: commonLines)
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
                try await self.answerMeta(uid, target, head, &exchange)
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
            try await answerText(OpenAPIDocument.json, type: "application/json", .ok, &exchange)
        case (_, .unknown):
            let hint = target.path.hasPrefix("/files/") ? "; a / in a uid is written as %2F" : ""
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
        guard limits.requestBegan() else {
            try await exchange.send(
                FileProblem(.serviceUnavailable, "too many requests at once; try again", retryAfterSeconds: 1))
            return
        }
        defer { limits.requestEnded() }
        do {
            try await answer(&exchange)
        } catch let problem as FileProblem where exchange.status == nil {
            try await exchange.send(
                problem, more: problem.status == .unauthorized ? "WWW-Authenticate: Bearer\r\n" : "")
        } catch let error as RetrievalError {
            // Half an answer is worse than none: the client must see that something is missing.
            guard exchange.status == nil else { throw error }
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
        try await answerText(registry.text(), type: "text/plain; version=0.0.4; charset=utf-8", .ok, &exchange)
    }

    /// Not ready is also who cannot read the store.
    nonisolated(nonsending) private func answerReadiness(_ exchange: inout Exchange) async throws {
        let report = health.readiness
        guard report.isHealthy, let problem = await storeProbe.problem() else {
            return try await answer(report, &exchange)
        }
        try await answerText(
            "{\"status\":\"store\",\"reason\":\(problem.jsonQuoted)}", type: Self.healthType, .serviceUnavailable,
            &exchange)
    }

    nonisolated(nonsending) private func answer(_ report: HealthReport, _ exchange: inout Exchange) async throws {
        try await answerText(
            report.json, type: Self.healthType, report.isHealthy ? .ok : .serviceUnavailable, &exchange)
    }

    nonisolated(nonsending) private func answerText(
        _ text: String, type: String, _ status: HTTPStatus, _ exchange: inout Exchange
    ) async throws {
        var head = exchange.head(status, bodySize: text.utf8.count)
        head.add("Content-Type", type)
        head.add(lines: "Cache-Control: no-store\r\n")
        if status == .serviceUnavailable { head.add(lines: "Retry-After: 2\r\n") }
        try await exchange.send(head, body: text.utf8)
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
        case .meta: .meta
        case .metrics: .metrics
        case .health, .live, .ready: .health
        case .openAPI: .openapi
        case .unknown: .other
        }
    }

    /// The id that a proxy gave the request, if it is plain.
    private static func requestID(_ headers: HTTPHeaders) -> String? {
        guard let id = headers.first(name: "x-request-id"), (1...64).contains(id.utf8.count),
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
