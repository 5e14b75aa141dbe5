import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle

/// Serves `GET /metrics`, `/health`, `/health/live` and `/health/ready` of a program that has no HTTP interface else.
package struct TelemetryServer: Service {
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
    /// - Throws: `TelemetryServerError` when it cannot listen.
    package func run() async throws {
        guard (0...65_535).contains(port) else {
            throw TelemetryServerError(host: host, port: port, reason: "the port must be between 0 and 65535")
        }
        var quietLogger = logger
        quietLogger.logLevel = max(.warning, logger.logLevel)
        let application = Application(
            router: router(),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { [host, port, logger, onListening] channel in
                let actualPort = channel.localAddress?.port ?? port
                logger.info("serving metrics and health", metadata: ["host": "\(host)", "port": "\(actualPort)"])
                await onListening(actualPort)
            },
            logger: quietLogger
        )
        do {
            try await application.run()
        } catch is CancellationError {
            return
        } catch {
            throw TelemetryServerError(host: host, port: port, reason: Self.reason(error))
        }
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router(options: .autoGenerateHeadEndpoints)
        router.get("metrics") { [registry] _, _ in
            Self.response(.ok, contentType: PrometheusText.contentType, body: registry.text())
        }
        router.get("health") { [health] _, _ in Self.response(health.overall) }
        router.get("health/live") { [health] _, _ in Self.response(health.liveness) }
        router.get("health/ready") { [health] _, _ in Self.response(health.readiness) }
        return router
    }

    private static func response(_ report: HealthReport) -> Response {
        response(
            report.isHealthy ? .ok : .serviceUnavailable, contentType: "application/json; charset=utf-8",
            body: report.json)
    }

    private static func response(_ status: HTTPResponse.Status, contentType: String, body: String) -> Response {
        Response(
            status: status,
            headers: [.contentType: contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: body))
        )
    }

    private static func reason(_ error: any Error) -> String {
        (error as? IOError).map { systemErrorText($0.errnoCode) } ?? "\(error)"
    }
}
