import DESHTTPFront
package import DESTelemetry
package import Logging
import ServiceLifecycle

/// Serves `GET /metrics`, `/health`, `/health/live` and `/health/ready` of a program that has no HTTP interface else.
package struct OperationsServer: Service {
    private let host: String
    private let port: Int
    private let registry: PrometheusRegistry
    private let health: HealthState
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// Makes a server that does not listen yet.
    ///
    /// - Parameters:
    ///   - host: address or name to listen on; `0.0.0.0` or `::` for all.
    ///   - port: 1 to 65535, or 0 for one that the system chooses.
    ///   - registry: what `/metrics` shows.
    ///   - health: what the probes are told.
    ///   - logger: is told the address, and what goes wrong.
    ///   - onListening: is called once with the port, before the first request is answered.
    package init(
        host: String, port: Int, registry: PrometheusRegistry, health: HealthState, logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.host = host
        self.port = port
        self.registry = registry
        self.health = health
        self.logger = logger
        self.onListening = onListening
    }

    /// Listens until the task is cancelled or told to shut down gracefully; both are a normal end.
    ///
    /// - Throws: `ListenError` when it cannot listen; `MetricRegistrationError`.
    package func run() async throws {
        try registry.showProcessStart()
        var limits = HTTPLimits()
        // The descriptors belong to the program's own work.
        limits.maximumConnections = 64
        limits.drainTimeout = .seconds(2)
        let front = HTTPFront(
            HTTPFrontConfiguration(host: host, port: port, limits: limits),
            answerer: OperationsService(Operations(registry: registry, health: health)), logger: logger)
        do {
            try await front.run { actualPort in
                logger.info("serving metrics and health", metadata: ["host": "\(host)", "port": "\(actualPort)"])
                await onListening(actualPort)
            }
        } catch let error as HTTPFrontError {
            throw ListenError(serving: "metrics", host: host, port: port, error)
        }
    }
}
