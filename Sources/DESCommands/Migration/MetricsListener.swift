import DESConfiguration
import DESTelemetry
import Logging

/// The server for metrics and probes, as the configuration asks for it.
struct MetricsListener: Sendable {
    private let server: TelemetryServer
    private let ports: AsyncStream<Int>

    /// Makes a server that does not listen yet.
    init(
        _ configuration: MetricsConfiguration, registry: PrometheusRegistry, health: HealthState, logger: Logger
    ) {
        let (ports, listener) = AsyncStream<Int>.makeStream()
        self.ports = ports
        server = TelemetryServer(
            host: configuration.host, port: configuration.port, registry: registry, health: health, logger: logger
        ) { listener.yield($0) }
    }

    /// Serves until cancelled.
    ///
    /// - Throws: `TelemetryServerError` when it cannot listen.
    func run() async throws { try await server.run() }

    /// Returns once requests are answered; for one caller.
    ///
    /// - Throws: `CancellationError` when cancelled before that.
    func waitUntilListening() async throws {
        for await _ in ports { return }
        throw CancellationError()
    }
}
