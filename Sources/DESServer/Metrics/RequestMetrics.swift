import CoreMetrics
import DESHTTPFront
import DESTelemetry

/// What a request is for; the value of the label `route`.
enum Route: Int, CaseIterable {
    case file, meta, batch, metrics, health, openapi, other
}

/// How a request ended; the value of the label `status`.
enum RequestEnd: Equatable {
    /// An answer of this status was sent whole.
    case answered(HTTPStatus)
    /// An answer was begun and not finished: the client left, took nothing for too long, or the store failed in the middle.
    case aborted
}

/// The metrics of the service's requests; handles are made once, and all series are there with 0 from the start.
///
/// `des_retrievals_total{backend,status}` counts each answer to `GET` or `HEAD /files/{uid}` once, whatever its status, and
/// each member of a batch with the status of its part. `des_http_requests_total{route,status}` counts requests: a batch is
/// one. `status` is a code of ``HTTPStatus`` or `aborted`.
final class RequestMetrics: Sendable {
    /// Connections that are open.
    let connections: Meter
    /// Requests for files that are being answered.
    let inFlight: Meter

    private let retrievals: StatusCounters
    private let retrievalTime: Timer
    private let requests: [StatusCounters]

    /// Makes the handles.
    ///
    /// - Parameter backend: `local`, `s3` or `multi_s3`.
    /// - Throws: `MetricRegistrationError` when one of the names means something else already.
    init(registry: PrometheusRegistry, backend: String) throws {
        try registry.register(
            name: "des_retrievals_total", help: "Files asked for, alone or in a batch, by the status of the answer.",
            kind: .counter, isLabelled: true)
        try registry.register(
            name: "des_retrieval_seconds", help: "Time from the request for a file to its last byte.",
            kind: .histogram,
            buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
            isLabelled: true)
        try registry.register(
            name: "des_http_requests_total", help: "HTTP requests by route and status of the answer.",
            kind: .counter, isLabelled: true)
        try registry.register(
            name: "des_http_requests_in_flight", help: "Requests for files that are being answered.", kind: .gauge)
        try registry.register(name: "des_http_connections", help: "Open connections.", kind: .gauge)
        connections = Meter(label: "des_http_connections", dimensions: [], factory: registry)
        inFlight = Meter(label: "des_http_requests_in_flight", dimensions: [], factory: registry)
        retrievals = StatusCounters("des_retrievals_total", ("backend", backend), registry)
        retrievalTime = Timer(
            label: "des_retrieval_seconds", dimensions: [("backend", backend)], factory: registry)
        requests = Route.allCases.map { route in
            StatusCounters("des_http_requests_total", ("route", "\(route)"), registry)
        }
    }

    /// A file was answered, alone or as a member of a batch.
    func retrieval(_ end: RequestEnd) { retrievals.increment(end) }

    /// A file was answered after this time.
    func retrievalTime(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        retrievalTime.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    /// A request was answered.
    func request(_ route: Route, _ end: RequestEnd) {
        requests[route.rawValue].increment(end)
    }
}

/// One counter a status.
private struct StatusCounters: Sendable {
    private static let statuses = HTTPStatus.allCases
    private let byOffset: [Counter?]
    private let aborted: Counter

    init(_ name: String, _ label: (String, String), _ registry: PrometheusRegistry) {
        func counter(_ status: String) -> Counter {
            Counter(label: name, dimensions: [label, ("status", status)], factory: registry)
        }
        var byOffset = [Counter?](repeating: nil, count: 304)
        for status in Self.statuses { byOffset[status.rawValue - 200] = counter(String(status.rawValue)) }
        self.byOffset = byOffset
        aborted = counter("aborted")
    }

    func increment(_ end: RequestEnd) {
        switch end {
        case .answered(let status): byOffset[status.rawValue - 200]?.increment()
        case .aborted: aborted.increment()
        }
    }
}
