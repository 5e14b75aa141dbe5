import DESHTTPFront
import DESTelemetry
import NIOCore
import NIOHTTP1
import Synchronization

/// Answers `GET` and `HEAD` of `/metrics`, `/health`, `/health/live` and `/health/ready`.
final class TelemetryService: RequestAnswering {
    private let registry: PrometheusRegistry
    private let health: HealthState
    private let dates = DateCache()
    private let isDraining = Atomic<Bool>(false)

    init(registry: PrometheusRegistry, health: HealthState) {
        self.registry = registry
        self.health = health
    }

    /// Nobody else is to be kept out here.
    func isExempt(_ head: HTTPRequestHead) -> Bool { true }

    func wantsBody(_ head: HTTPRequestHead) -> Bool { false }

    func drain() { isDraining.store(true, ordering: .relaxed) }

    nonisolated(nonsending) func answer(
        _ request: ReceivedRequest, to connection: Connection, from remoteAddress: SocketAddress?
    ) async throws -> Bool {
        let page: TelemetryPage
        var writer: AnswerWriter
        var isForReading = true
        switch request {
        case .complete(let head, _, let isLast, _):
            isForReading = head.method == .GET || head.method == .HEAD
            page = self.page(RequestTarget(head.uri).resource, isForReading: isForReading)
            writer = AnswerWriter(
                connection, to: head, keepsOpen: !isLast && !isDraining.load(ordering: .relaxed))
        case .rejected(let status, let detail, let head):
            page = Self.problem(status, detail)
            writer = AnswerWriter(connection, to: head, keepsOpen: false)
        }
        var head = page.head(ResponseHead(page.status, dateLine: dates.line, bodySize: page.body.utf8.count))
        if !isForReading { head.add(lines: "Allow: GET, HEAD\r\n") }
        try await writer.write(head, body: page.body.utf8)
        return writer.keepsOpen
    }

    private func page(_ resource: RequestTarget.Resource, isForReading: Bool) -> TelemetryPage {
        guard isForReading else { return Self.problem(.methodNotAllowed, "this port is for GET and HEAD") }
        switch resource {
        case .metrics: return TelemetryPage(registry)
        case .health: return TelemetryPage(health.overall)
        case .live: return TelemetryPage(health.liveness)
        case .ready: return TelemetryPage(health.readiness)
        default: return Self.problem(.notFound, "there is nothing at this path; try /metrics or /health")
        }
    }

    private static func problem(_ status: HTTPStatus, _ detail: String) -> TelemetryPage {
        TelemetryPage(status, contentType: "application/json", body: "{\"detail\":\(detail.jsonQuoted)}")
    }
}
