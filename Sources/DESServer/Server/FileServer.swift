package import DESRetrieval
package import DESTelemetry
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import NIOPosix
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
    /// - Throws: `FileServerError` when it cannot listen; `MetricRegistrationError`.
    package func run() async throws {
        guard (0...65_535).contains(configuration.port) else {
            throw failure("the port must be between 0 and 65535")
        }
        let metrics = try RequestMetrics(registry: registry, backend: backend)
        let limits = ConnectionLimits(
            maximumConnections: configuration.maximumConnections, maximumRequests: configuration.maximumRequests,
            maximumBodyBytes: configuration.maximumBodyMemory, metrics: metrics)
        let storeProbe = StoreProbe(retriever: retriever)
        let service = FileService(
            retriever: retriever, gate: gate, metrics: metrics, registry: registry, health: health,
            storeProbe: storeProbe, limits: limits, metricsAreOpen: configuration.metricsAreOpen,
            cors: configuration.cors, accessLog: accessLog, logger: logger)
        let server = try makeServer(service, limits)

        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await serve(server) }
                group.addTask { await storeProbe.run() }
                group.addTask {
                    guard (try? await gracefulShutdown()) != nil else { return }
                    try? await Task.sleep(for: configuration.drainTimeout)
                    guard !Task.isCancelled else { return }
                    logger.warning("requests that did not finish in time are cut")
                    throw CancellationError()
                }
                group.addTask {
                    while (try? await Task.sleep(for: .seconds(1))) != nil {
                        health.heartbeat()
                        accessLog?.flush()
                    }
                }
                defer { accessLog?.flush() }
                try await waitForServer(&group)
            }
        } onGracefulShutdown: {
            service.drain()
        }
    }

    /// The first task that ends or throws is the server or the end of its time; the others have no end of their own.
    private func waitForServer(_ group: inout ThrowingTaskGroup<Void, any Error>) async throws {
        defer { group.cancelAll() }
        do {
            try await group.next()
        } catch is CancellationError {}
    }

    private func serve(_ server: any Service) async throws {
        do {
            try await server.run()
        } catch is CancellationError {
            return
        } catch let error as IOError {
            throw failure(systemErrorText(error.errnoCode))
        } catch {
            throw failure("\(error)")
        }
    }

    private func makeServer(_ service: FileService, _ limits: ConnectionLimits) throws -> any Service {
        let deadlines = ConnectionDeadline.Limits(
            header: TimeAmount(configuration.headerTimeout), idle: TimeAmount(configuration.idleTimeout),
            body: TimeAmount(configuration.bodyTimeout), stall: TimeAmount(configuration.stallTimeout))
        let channel = FileChannel(
            service: service, limits: limits, maximumBodySize: configuration.maximumBodySize, deadlines: deadlines,
            usesLoopExecutor: configuration.answersOnEventLoops)
        var quietLogger = logger
        quietLogger.logLevel = max(.warning, logger.logLevel)
        let acceptedConnections = configuration.maximumConnections + max(16, configuration.maximumConnections / 8)
        let serverConfiguration = ServerConfiguration(
            address: .hostname(configuration.host, port: configuration.port), backlog: 1024,
            availableConnectionsDelegate: MaximumAvailableConnections(acceptedConnections, logger: quietLogger))
        let announce: @Sendable (any Channel) async -> Void = { [configuration, logger, onListening] channel in
            let port = channel.localAddress?.port ?? configuration.port
            logger.info(
                "serving files",
                metadata: [
                    "host": "\(configuration.host)", "port": "\(port)", "tls": "\(configuration.tls != nil)",
                ])
            await onListening(port)
        }
        let child: any ServerChildChannel =
            if let tls = configuration.tls {
                try tlsChannel(channel, tls)
            } else {
                channel
            }
        return child.server(
            configuration: serverConfiguration, onServerRunning: announce,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: quietLogger)
    }

    private func tlsChannel(
        _ channel: FileChannel, _ tls: FileServerConfiguration.TLS
    ) throws -> TLSChannel<FileChannel> {
        do {
            return try TLSChannel(channel, tlsConfiguration: try tls.load())
        } catch {
            throw failure(
                "the certificate \(tls.certificatePath) and the key \(tls.keyPath) cannot be used together: \(error)")
        }
    }

    private func failure(_ reason: String) -> FileServerError {
        FileServerError(host: configuration.host, port: configuration.port, reason: reason)
    }
}
