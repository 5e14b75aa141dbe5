import DESServer
import DESTelemetry
import Logging
import ServiceLifecycle
import Synchronization
import Testing

/// Keeps log lines.
final class LineRecorder: LineSink {
    private let kept = Mutex<[String]>([])
    var lines: [String] { kept.withLock { $0 } }
    func write(line: String) { kept.withLock { $0 += line.split(separator: "\n").map(String.init) } }
}

/// A server on a port of its own, over a fake retriever.
struct TestService {
    let retriever = FakeRetriever()
    let registry = PrometheusRegistry()
    let health = HealthState()
    let log = LineRecorder()
    let accessLines = LineRecorder()
    var configuration = FileServerConfiguration()
    var gate: any RequestGate = OpenGate()
    var hasAccessLog = false

    init() {
        configuration.host = "127.0.0.1"
        configuration.port = 0
        health.enter(.ready)
    }

    /// Runs the server and, once it listens, the body; then shuts it down gracefully.
    func run(_ body: (Running) async throws -> Void) async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let server = FileServer(
            configuration, backend: "local", retriever: retriever, gate: gate, registry: registry, health: health,
            accessLog: hasAccessLog ? AccessLog(format: .json, sink: accessLines) : nil,
            logger: makeLogger(label: "test", level: .debug, format: .text, sink: log),
            onListening: { continuation.yield($0) })
        let group = ServiceGroup(
            services: [server], logger: makeLogger(label: "group", level: .critical, format: .text, sink: log))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { continuation.finish() }
                try await group.run()
            }
            for await port in ports {
                let result: Result<Void, any Error>
                do {
                    try await body(Running(port: port, group: group))
                    result = .success(())
                } catch {
                    result = .failure(error)
                }
                retriever.release()
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
                try result.get()
                return
            }
            try await tasks.waitForAll()
        }
    }

    /// The value of a sample on the metrics page; 0 if it is not there.
    func metric(_ sample: String) -> Double {
        for line in registry.text().split(separator: "\n") where line.hasPrefix(sample + " ") {
            return Double(line.dropFirst(sample.count + 1)) ?? 0
        }
        return 0
    }

}

/// A server that listens.
struct Running {
    let port: Int
    let group: ServiceGroup

    func client(receiveBuffer: Int32? = nil) throws -> RawClient {
        try RawClient(port: port, receiveBuffer: receiveBuffer)
    }

    /// One request on a connection of its own.
    func request(
        _ target: String, method: String = "GET", headers: [String] = [], body: String? = nil
    ) async throws -> Answer {
        let client = try client()
        var lines = ["\(method) \(target) HTTP/1.1", "Host: localhost", "Connection: close"] + headers
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        try await client.send((lines + ["", ""]).joined(separator: "\r\n") + (body ?? ""))
        return try await client.answer(toHead: method == "HEAD")
    }
}
