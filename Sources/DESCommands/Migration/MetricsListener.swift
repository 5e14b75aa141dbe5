import DESConfiguration
import DESServer
import DESTelemetry
import Logging
import ServiceLifecycle

/// The server for metrics and probes, as the configuration asks for it.
struct MetricsListener: Sendable {
    /// What requests that are being answered get when the program is to end.
    private static let longestDrain = Duration.seconds(2)

    private let services: ServiceGroup
    private let ports: AsyncStream<Int>

    /// Makes a server that does not listen yet.
    init(
        _ configuration: MetricsConfiguration, registry: PrometheusRegistry, health: HealthState, logger: Logger
    ) {
        let (ports, listener) = AsyncStream<Int>.makeStream()
        self.ports = ports
        let server = OperationsServer(
            host: configuration.host, port: configuration.port, registry: registry, health: health, logger: logger
        ) { listener.yield($0) }
        // The server tells itself what begins and ends.
        var quiet = logger
        quiet.logLevel = max(.critical, logger.logLevel)
        var settings = ServiceGroupConfiguration(
            services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)], logger: quiet)
        settings.maximumGracefulShutdownDuration = Self.longestDrain
        services = ServiceGroup(configuration: settings)
    }

    /// Serves until it is stopped or cancelled.
    ///
    /// - Throws: `ListenError` when it cannot listen.
    func run() async throws { try await services.run() }

    /// Lets ``run()`` return once the requests are answered that have come.
    func stop() async { await services.triggerGracefulShutdown() }

    /// Returns once requests are answered; for one caller.
    ///
    /// - Throws: `CancellationError` when cancelled before that.
    func waitUntilListening() async throws {
        for await _ in ports { return }
        throw CancellationError()
    }
}
