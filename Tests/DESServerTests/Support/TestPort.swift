import DESServer
import DESTelemetry
import Logging
import ServiceLifecycle

/// The two programs' ports, which are to treat their clients alike.
enum TestPort: String, CaseIterable, Sendable {
    case files, metrics

    /// A request that each of them answers with 200.
    static let target = "/health/live"

    /// Runs the port and, once it listens, the body.
    func run(_ service: TestService = TestService(), _ body: (Running) async throws -> Void) async throws {
        guard self == .metrics else { return try await service.run(body) }
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let server = OperationsServer(
            host: "127.0.0.1", port: 0, registry: service.registry, health: service.health,
            logger: makeLogger(label: "test", level: .debug, format: .text, sink: service.log),
            onListening: { continuation.yield($0) })
        let group = ServiceGroup(
            services: [server], logger: makeLogger(label: "group", level: .critical, format: .text, sink: service.log))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { continuation.finish() }
                try await group.run()
            }
            for await port in ports {
                let result: Result<Void, any Error>
                do { result = .success(try await body(Running(port: port, group: group))) } catch {
                    result = .failure(error)
                }
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
                return try result.get()
            }
            try await tasks.waitForAll()
        }
    }
}
