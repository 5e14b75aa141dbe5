import DESHTTPFront
package import DESRetrieval
package import DESTelemetry
package import Logging
import ServiceLifecycle

/// The retriever service: files over HTTP.
package struct FileServer: Service {
    private let configuration: FileServerConfiguration
    private let backend: String
    private let retriever: any FileRetrieving
    private let gate: any RequestGate
    private let registry: PrometheusRegistry
    private let health: HealthState
    private let accessLog: AccessLog?
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// Makes a server that does not listen yet.
    ///
    /// - Parameters:
    ///   - backend: the label of the metrics: `local`, `s3` or `multi_s3`.
    ///   - gate: who may read what.
    ///   - registry: what `/metrics` shows; the server's own metrics are registered when it runs.
    ///   - health: what the probes are told. The caller says when the service is ready; the server gives signs of life and
    ///     says that it drains.
    ///   - accessLog: nil: none.
    ///   - logger: is told the address, and what goes wrong.
    ///   - onListening: is called once with the port, before the first request is answered.
    package init(
        _ configuration: FileServerConfiguration, backend: String, retriever: any FileRetrieving,
        gate: any RequestGate = OpenGate(), registry: PrometheusRegistry, health: HealthState,
        accessLog: AccessLog? = nil, logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.backend = backend
        self.retriever = retriever
        self.gate = gate
        self.registry = registry
        self.health = health
        self.accessLog = accessLog
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until the task is cancelled or told to shut down gracefully; both are a normal end. On a graceful end it says
    /// that it is not ready, takes no new connections, finishes what is being answered, and cuts what takes longer than the
    /// drain timeout.
    ///
    /// - Throws: `ListenError` when it cannot listen; `MetricRegistrationError`.
    package func run() async throws {
        try registry.showProcessStart()
        let metrics = try RequestMetrics(registry: registry, backend: backend)
        let storeProbe = StoreProbe(retriever: retriever)
        // Not ready is also who cannot read the store.
        let operations = Operations(registry: registry, health: health) { await storeProbe.problem() }
        let service = FileService(
            retriever: retriever, gate: gate, metrics: metrics, operations: operations, configuration: configuration,
            accessLog: accessLog, logger: logger)
        let front = HTTPFront(
            HTTPFrontConfiguration(
                host: configuration.host, port: configuration.port, tls: configuration.tls,
                limits: configuration.limits,
                answersOnEventLoops: configuration.answersOnEventLoops),
            answerer: service, connectionGauge: metrics.connections, logger: logger)
        defer { accessLog?.flush() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await serve(front) }
            group.addTask { await storeProbe.run() }
            group.addTask {
                while (try? await Task.sleep(for: .seconds(1))) != nil {
                    health.heartbeat()
                    accessLog?.flush()
                }
            }
            // The others have no end of their own.
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func serve(_ front: HTTPFront) async throws {
        do {
            try await front.run { port in
                logger.info(
                    "serving files",
                    metadata: [
                        "host": "\(configuration.host)", "port": "\(port)", "tls": "\(configuration.tls != nil)",
                    ])
                await onListening(port)
            }
        } catch let error as HTTPFrontError {
            throw ListenError(serving: "files", host: configuration.host, port: configuration.port, error)
        }
    }
}
