import DESHTTPFront
import DESTelemetry

/// What a port tells about its program: metrics, or the answer to a probe.
struct OperationsPage: Sendable {
    /// The answer's status.
    let status: HTTPStatus
    /// The answer's media type.
    let contentType: String
    /// The answer's body.
    let body: String

    /// Any text that is true only now.
    init(_ status: HTTPStatus, contentType: String, body: String) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// All metrics.
    init(_ registry: PrometheusRegistry) {
        self.init(.ok, contentType: PrometheusText.contentType, body: registry.text())
    }

    /// What a probe is told.
    init(_ report: HealthReport) {
        self.init(
            report.isHealthy ? .ok : .serviceUnavailable, contentType: "application/json; charset=utf-8",
            body: report.json)
    }

    /// A head with the fields of the page.
    func head(_ head: consuming ResponseHead) -> ResponseHead {
        head.add("Content-Type", contentType)
        head.add(lines: "Cache-Control: no-store\r\n")
        if status == .serviceUnavailable { head.add(lines: "Retry-After: 2\r\n") }
        return head
    }
}
