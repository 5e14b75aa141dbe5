import DESServer
import DESTelemetry
import DESTestSupport
import Foundation
import FoundationNetworking
import Logging
import ServiceLifecycle
import Testing

@Suite(.timeLimit(.minutes(5))) struct OperationsServerTests {
    private let registry = PrometheusRegistry()
    private let health = HealthState()
    private let sink = RecordingSink()

    private struct Answer {
        let status: Int
        let contentType: String?
        let body: String
    }

    private func server(
        port: Int = 0, onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) -> OperationsServer {
        OperationsServer(
            host: "127.0.0.1", port: port, registry: registry, health: health,
            logger: makeLogger(label: "des", level: .info, format: .text, sink: sink), onListening: onListening)
    }

    /// Runs a server and, once it listens, the body with its port; then shuts it down gracefully.
    private func withServer(_ body: (Int) async throws -> Void) async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let group = ServiceGroup(
            services: [server(onListening: { continuation.yield($0) })],
            logger: makeLogger(label: "group", level: .critical, format: .text, sink: sink))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { continuation.finish() }
                try await group.run()
            }
            for await port in ports {
                try await body(port)
                await group.triggerGracefulShutdown()
            }
            try await tasks.waitForAll()
        }
    }

    private func get(_ path: String, port: Int, method: String = "GET") async throws -> Answer {
        var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
        request.httpMethod = method
        let (data, response) = try await URLSession.shared.data(for: request)
        let http = try #require(response as? HTTPURLResponse)
        return Answer(
            status: http.statusCode, contentType: http.value(forHTTPHeaderField: "Content-Type"),
            body: String(decoding: data, as: UTF8.self))
    }

    @Test func `The metrics page is the registry's text, under the content type of the format`() async throws {
        try MigrationMetrics.registerAll(on: registry)
        MigrationMetrics(factory: registry, failureReasons: ["missing"]).filesMigrated(42)
        try await withServer { port in
            let answer = try await get("/metrics", port: port)
            #expect(answer.status == 200)
            #expect(answer.contentType == "text/plain; version=0.0.4; charset=utf-8")
            #expect(answer.body.contains("\ndes_migration_files_total 42\n"))
            #expect(answer.body == registry.text())
            #expect(try await get("/metrics", port: port, method: "HEAD").status == 200)
            #expect(try await get("/other", port: port).status == 404)
        }
        #expect(sink.lines.contains { $0.contains("INFO  serving metrics and health host=127.0.0.1 port=") })
    }

    @Test(
        arguments: [
            (.starting, 200, 200, 503), (.ready, 200, 200, 200), (.draining, 200, 200, 503),
            (.failed(reason: "no catalog"), 503, 200, 503),
        ] as [(ReadinessPhase, Int, Int, Int)])
    func `The probes answer by the phase`(phase: ReadinessPhase, overall: Int, live: Int, ready: Int) async throws {
        health.enter(phase)
        try await withServer { port in
            let answer = try await get("/health/ready", port: port)
            #expect(answer.status == ready)
            #expect(answer.body == health.readiness.json)
            #expect(answer.contentType == "application/json; charset=utf-8")
            #expect(try await get("/health/live", port: port).status == live)
            #expect(try await get("/health", port: port).status == overall)
        }
    }

    @Test func `Cancellation ends it without an error, with a client still connected`() async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            let server = server(onListening: { continuation.yield($0) })
            tasks.addTask {
                defer { continuation.finish() }
                try await server.run()
            }
            for await port in ports {
                _ = try await get("/health", port: port)
                tasks.cancelAll()
            }
            try await tasks.waitForAll()
        }
    }

    @Test func `A port that is taken is an error that says so`() async throws {
        try await withServer { port in
            let error = await #expect(throws: ListenError.self) { try await server(port: port).run() }
            let expected =
                "cannot serve metrics on 127.0.0.1 port \(port): Address already in use; nothing was started"
            #expect(error?.description == expected)
        }
    }

    @Test(arguments: [-1, 65_536])
    func `A port out of range is an error`(port: Int) async {
        await #expect(throws: ListenError.self) { try await server(port: port).run() }
    }
}
