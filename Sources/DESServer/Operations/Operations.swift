import DESTelemetry

/// What each port has beside what it is for; by its path.
enum OperationsEndpoint: String {
    case metrics = "/metrics"
    case health = "/health"
    case live = "/health/live"
    case ready = "/health/ready"
}

/// Answers for a port what its program tells about itself.
struct Operations: Sendable {
    let registry: PrometheusRegistry
    let health: HealthState
    /// Why the store cannot be read, for people; nil if it can, or there is none.
    var storeProblem: @Sendable () async -> String? = { nil }

    /// What is told at an endpoint.
    nonisolated(nonsending) func page(_ endpoint: OperationsEndpoint) async -> OperationsPage {
        switch endpoint {
        case .metrics: return OperationsPage(registry)
        case .health: return OperationsPage(health.overall)
        case .live: return OperationsPage(health.liveness)
        case .ready:
            let report = health.readiness
            guard report.isHealthy, let problem = await storeProblem() else { return OperationsPage(report) }
            return OperationsPage(HealthReport(isHealthy: false, status: "store", reason: problem))
        }
    }
}
