import Foundation
import FoundationNetworking
import Glibc
import Testing

@Suite(.timeLimit(.minutes(5))) struct MetricsEndpointTests {
    private let place: Workspace

    init() throws { place = try Workspace() }

    private func get(_ path: String, port: Int) async throws -> (status: Int, body: String) {
        let url = try #require(URL(string: "http://127.0.0.1:\(port)\(path)"))
        let (data, response) = try await URLSession.shared.data(from: url)
        return (try #require(response as? HTTPURLResponse).statusCode, String(decoding: data, as: UTF8.self))
    }

    /// The port from the log line that tells it.
    private func port(of run: CommandRun) async throws -> Int {
        try await run.wait(for: "serving metrics and health", in: run.errors)
        let line = try #require(run.errors.text.split(separator: "\n").first { $0.contains("serving metrics") })
        let fields = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        return try #require((fields["port"] as? String).flatMap { Int($0) } ?? fields["port"] as? Int)
    }

    @Test("with a metrics section, counters and probes are served while the program runs")
    func metrics() async throws {
        var rows = Workspace.rows(12)
        rows[2].location = place.path + "/nowhere"
        try await place.makeCatalog(rows)
        try place.configure("metrics: {port: 0}\nlogging: {format: json}")
        let run = try place.start("des-migrate", "--config", "config.yaml", "--continuous")
        let port = try await port(of: run)
        try await run.wait(for: "11 files", in: run.output)

        let metrics = try await get("/metrics", port: port)
        #expect(metrics.status == 200)
        for line in [
            "des_migration_cycles_total{status=\"success\"} 1", "des_migration_files_total 12",
            "des_migration_files_failed_total 1", "des_migration_failures_total{reason=\"missing\"} 1",
            "des_migration_duration_seconds_count 1", "des_migration_batch_size 1000",
        ] {
            #expect(metrics.body.contains(line + "\n"), "\(line) in:\n\(metrics.body)")
        }
        #expect(try await get("/health/live", port: port).status == 200)
        #expect(try await get("/health/ready", port: port).status == 200)
        #expect(try await get("/elsewhere", port: port).status == 404)
        run.send(SIGTERM)
        #expect(await run.finish().end == .exit(143))
    }

    @Test("a run of one cycle ends without a word of its server", arguments: [false, true])
    func oneCycle(isAsked: Bool) async throws {
        try await place.makeCatalog(Workspace.rows(3))
        try place.configure("metrics: {port: 0}\nlogging: {format: json}")
        let run = try place.start("des-migrate", "--config", "config.yaml")
        // A client that keeps its connection.
        if isAsked, let port = try? await port(of: run) { _ = try? await get("/metrics", port: port) }
        let result = await run.finish()
        #expect(result.end == .exit(0))
        #expect(!result.errors.lowercased().contains("error"), "\(result.errors)")
        #expect(!result.errors.contains("Cancellation"))
    }

    @Test("a port that is taken is fatal, before anything is touched")
    func takenPort() async throws {
        try await place.makeCatalog(Workspace.rows(3))
        try place.configure("metrics: {port: 0}\nlogging: {format: json}")
        let first = try place.start("des-migrate", "--config", "config.yaml", "--continuous")
        let port = try await port(of: first)
        try await first.wait(for: "3 files", in: first.output)

        try await place.sql("UPDATE files SET archived = 0")
        try place.configure("metrics: {port: \(port)}\npacker: {output_dir: other}")
        let second = try await place.run("des-migrate", "--config", "config.yaml")
        #expect(second.end == .exit(1))
        #expect(second.errors.contains("\(port)"))
        #expect(place.shards("other").isEmpty)
        #expect(try await place.sql("SELECT count(*) FROM files WHERE archived = 1") == "0")
        first.send(SIGTERM)
        #expect(await first.finish().end == .exit(143))
    }
}
