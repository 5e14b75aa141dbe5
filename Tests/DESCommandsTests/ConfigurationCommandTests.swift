import Foundation
import Testing

@Suite(.timeLimit(.minutes(5))) struct ConfigurationCommandTests {
    private let place: Workspace

    init() throws { place = try Workspace() }

    @Test(
        "all errors of a configuration are told at once, with exit code 78",
        arguments: [[], ["--check-config"], ["--dry-run"]])
    func allErrors(_ options: [String]) async throws {
        try place.write(
            """
            database: {url: "sqlite:///${NO_SUCH_VARIABLE}"}
            migration: {batch_size: 0, archive_age: 7}
            packer: {n_bits: 20, compression: {codec: gzip}}
            metrics: {port: 70000}
            """, to: "config.yaml")
        let result = try await CommandRun("des-migrate", ["--config", "config.yaml"] + options, in: place.path).finish()
        #expect(result.end == .exit(78))
        #expect(result.output.isEmpty)
        for part in [
            "NO_SUCH_VARIABLE", "migration.batch_size", "archive_age_days", "packer.n_bits",
            "packer.compression.codec", "metrics.port",
        ] {
            #expect(result.errors.contains(part), "\(part) in:\n\(result.errors)")
        }
    }

    @Test("a memory budget that is too small is a mistake of the configuration", arguments: [[], ["--check-config"]])
    func memoryBudget(_ options: [String]) async throws {
        try place.configure("pipeline: {memory_budget: 10MiB}")
        let result = try await CommandRun("des-migrate", ["--config", "config.yaml"] + options, in: place.path).finish()
        #expect(result.end == .exit(78))
        #expect(result.errors.contains("pipeline.memory_budget") && result.errors.contains("too small"))
    }

    @Test("a configuration that is right is called valid, and nothing else is done")
    func valid() async throws {
        try place.configure()
        let result = try await place.run("des-migrate", "--config", "config.yaml", "--check-config")
        #expect(result.end == .exit(0))
        #expect(result.output == "config.yaml: the configuration is valid\n")
        #expect(place.names(".") == ["config.yaml"])
    }

    @Test("a configuration file that is not there is exit code 78")
    func missing() async throws {
        let result = try await place.run("des-migrate", "--config", "nowhere.yaml")
        #expect(result.end == .exit(78))
        #expect(result.errors.contains("nowhere.yaml"))
    }

    @Test(
        "a password in a database URL is in no output",
        arguments: [
            "postgresql://des:correct-horse@db:notaport/files", "mysql://des:correct-horse@",
            "sqlite://des:correct-horse@host/catalog.db", "odbc:DSN=files;PWD=correct-horse;Broken",
        ])
    func secrets(_ url: String) async throws {
        try place.write("database: {url: \"${URL}\"}\nlogging: {level: trace}\n", to: "config.yaml")
        let migration = try await place.run("des-migrate", "--config", "config.yaml", environment: ["URL": url])
        #expect(migration.end == (url.hasPrefix("sqlite") ? .exit(78) : .exit(1)))
        #expect(!migration.everything.contains("correct-horse"))
        let statistics = try await place.run("des-stats", "--db-url", url, "--table", "t", "--cutoff", "2024-01-01")
        #expect(statistics.end == (url.hasPrefix("sqlite") ? .exit(78) : .exit(1)))
        #expect(!statistics.everything.contains("correct-horse"))
    }
}
