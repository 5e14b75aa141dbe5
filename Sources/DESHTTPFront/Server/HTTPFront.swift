package import CoreMetrics
package import Logging
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle

/// A port that speaks HTTP/1.1 (RFC 9112): listens, keeps its clients within ``HTTPLimits``, and hands whole requests to who answers them.
package struct HTTPFront: Sendable {
    private let configuration: HTTPFrontConfiguration
    private let answerer: any RequestAnswering
    private let limits: ConnectionLimits
    private let logger: Logger

    /// Makes a port that does not listen yet.
    ///
    /// - Parameters:
    ///   - connectionGauge: is set to the number of open connections.
    ///   - logger: is told what goes wrong.
    package init(
        _ configuration: HTTPFrontConfiguration, answerer: any RequestAnswering, connectionGauge: Meter? = nil,
        logger: Logger
    ) {
        self.configuration = configuration
        self.answerer = answerer
        limits = ConnectionLimits(configuration.limits, gauge: connectionGauge)
        self.logger = logger
    }

    /// Serves until the task is cancelled or told to shut down gracefully; both are a normal end. On a graceful end it takes no new
    /// connections, finishes what is being answered, and cuts what takes longer than the drain timeout.
    ///
    /// - Parameter onListening: is called once with the port, before the first request is answered.
    /// - Throws: `HTTPFrontError` when it cannot listen.
    package func run(onListening: @Sendable (_ port: Int) async -> Void) async throws {
        guard (0...65_535).contains(configuration.port) else {
            throw HTTPFrontError(description: "the port must be between 0 and 65535")
        }
        let connections = OpenConnections()
        let listener = try await listen(connections)
        defer { connections.closeAll() }
        await withGracefulShutdownHandler {
            await onListening(listener.channel.localAddress?.port ?? configuration.port)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await serve(listener) }
                group.addTask { await cutAfterDrain() }
                await group.next()
                group.cancelAll()
            }
        } onGracefulShutdown: {
            answerer.drain()
            listener.channel.close(promise: nil)
            connections.stop()
        }
    }

    /// Ends when the time to drain is over, and otherwise only by cancellation.
    private func cutAfterDrain() async {
        guard (try? await gracefulShutdown()) != nil else { return }
        try? await Task.sleep(for: configuration.limits.drainTimeout)
        guard !Task.isCancelled else { return }
        logger.warning("requests that did not finish in time are cut")
    }

    private func serve(_ listener: NIOAsyncChannel<Connection, Never>) async {
        let channel = requestChannel
        await withDiscardingTaskGroup { group in
            do {
                try await listener.executeThenClose { connections in
                    for try await connection in connections {
                        group.addTask { await channel.handle(connection) }
                    }
                }
            } catch is CancellationError {
            } catch {
                logger.error("the port is closed: \(error)")
            }
        }
    }

    private var requestChannel: RequestChannel {
        RequestChannel(
            answerer: answerer, limits: limits, usesLoopExecutor: configuration.answersOnEventLoops, logger: logger)
    }

    private func listen(_ connections: OpenConnections) async throws -> NIOAsyncChannel<Connection, Never> {
        let tls = try context()
        let channel = requestChannel
        let (maximum, logger) = (configuration.limits.acceptedConnections, logger)
        do {
            return try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.backlog, value: 1024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .serverChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(AcceptGate(maximum: maximum, logger: logger))
                    }
                }
                .bind(host: configuration.host, port: configuration.port, serverBackPressureStrategy: nil) { child in
                    child.eventLoop.makeCompletedFuture {
                        connections.add(child)
                        if let tls {
                            try child.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                        }
                        return try channel.setup(child)
                    }
                }
        } catch let error as IOError {
            throw HTTPFrontError(description: systemErrorText(error.errnoCode))
        } catch {
            throw HTTPFrontError(description: "\(error)")
        }
    }

    private func context() throws -> NIOSSLContext? {
        guard let tls = configuration.tls else { return nil }
        do { return try tls.load() } catch {
            throw HTTPFrontError(
                description:
                    "the certificate \(tls.certificatePath) and the key \(tls.keyPath) cannot be used together: \(error)"
            )
        }
    }
}
