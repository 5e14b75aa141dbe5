import Foundation
import Glibc
import Testing

@Suite(.timeLimit(.minutes(5)), .serialized) struct SignalTests {
    private let place: Workspace

    init() throws { place = try Workspace() }

    static let signals: [(signal: Int32, code: Int32)] = [(SIGTERM, 143), (SIGINT, 130), (SIGHUP, 129)]

    @Test("a signal in the middle of a cycle ends it in good order", arguments: signals)
    func middle(_ signal: Int32, _ code: Int32) async throws {
        let count = 20_000
        try await place.makeCatalog(rowsOfOneFile: count, contents: Array("small".utf8))
        try place.configure("migration: {batch_size: 100}")
        let run = try place.start("des-migrate", "--config", "config.yaml", "--json")
        try await run.wait(for: "file not migrated", in: run.errors)
        run.send(signal)
        let result = await run.finish()
        #expect(result.end == .exit(code))
        let object = try result.json()
        #expect(object["interrupted"] as? Bool == true)
        let migrated = try #require(object["files_migrated"] as? Int)
        // On a busy machine everything may have been begun by the time that the signal comes.
        #expect(migrated <= count)
        #expect(object["files_processed"] as? Int == migrated + 1)
        #expect(try await place.sql("SELECT count(*) FROM files WHERE archived = 1") == "\(migrated)")
        #expect(place.names("des_output/.staging").filter { $0 != "lock" }.isEmpty)

        let rest = try await place.run("des-migrate", "--config", "config.yaml", "--json")
        #expect(rest.end == .exit(3))
        #expect(try rest.json()["files_migrated"] as? Int == count - migrated)
        let totals = try await place.run("des", "stat", "des_output", "--json")
        #expect(try totals.json()["files"] as? Int == count)
    }

    @Test("a signal while the program waits for the next cycle ends it at once", arguments: signals)
    func idle(_ signal: Int32, _ code: Int32) async throws {
        try await place.makeCatalog(Workspace.rows(3))
        try place.configure()
        let run = try place.start("des-migrate", "--config", "config.yaml", "--continuous", "--interval", "1000000")
        try await run.wait(for: "3 files", in: run.output)
        run.send(signal)
        #expect(await run.finish().end == .exit(code))
    }

    @Test("a signal that whoever started the program had ignored is ignored, others are not")
    func ignored() async throws {
        try await place.makeCatalog(Workspace.rows(3))
        try place.configure()
        let program = try BuiltPrograms.folder() + "/des-migrate"
        let run = try place.start(
            "/bin/sh", "-c", "trap '' INT HUP; exec '\(program)' --config config.yaml --continuous --interval 0.05")
        try await run.wait(for: "3 files", in: run.output)
        run.send(SIGINT)
        run.send(SIGHUP)
        try await place.sql(
            "INSERT INTO files (uid, created_at, file_location) VALUES ('later', '2024-01-04', '\(place.path)/sources/0')"
        )
        try await run.wait(for: "1 file ", in: run.output)
        run.send(SIGTERM)
        #expect(await run.finish().end == .exit(143))
    }

    @Test("continuous runs go on with the next cycle, also after one that failed")
    func continuous() async throws {
        try await place.makeCatalog(Workspace.rows(3))
        try await place.sql("ALTER TABLE files RENAME TO elsewhere")
        try await place.sql("CREATE VIEW files AS SELECT * FROM elsewhere")
        try await place.sql(
            "CREATE TRIGGER marks INSTEAD OF UPDATE ON files BEGIN SELECT raise(ABORT, 'not now'); END")
        try place.configure()
        let run = try place.start(
            "des-migrate", "--config", "config.yaml", "--continuous", "--interval", "0.2", "--json")
        try await run.wait(for: "\"files_migrated\":0", in: run.output)
        try await place.sql(
            """
            DROP TRIGGER marks;
            CREATE TRIGGER marks INSTEAD OF UPDATE ON files BEGIN
                UPDATE elsewhere SET archived = 1 WHERE id = OLD.id;
            END;
            """)
        try await run.wait(for: "\"files_migrated\":3", in: run.output)
        run.send(SIGTERM)
        #expect(await run.finish().end == .exit(143))
    }

    @Test("a second signal gives up at once; the next start finds everything that was begun")
    func second() async throws {
        // Slow to compress, so that the drain lasts longer than the second signal takes.
        var generator = SystemRandomNumberGenerator()
        let contents = (0..<4_000_000).map { _ in UInt8.random(in: 97...112, using: &generator) }
        // Some files are begun before the one is met that is waited for.
        try await place.makeCatalog(rowsOfOneFile: 30, contents: contents, missingAfter: 4)
        try place.configure("packer: {n_bits: 4, max_shard_size: 4MB, compression: {codec: zstd, level: 19}}")
        let run = try place.start("des-migrate", "--config", "config.yaml")
        try await run.wait(for: "file not migrated", in: run.errors)
        run.send(SIGTERM)
        try await run.wait(for: "a second signal gives up at once", in: run.errors)
        // Who waits is told for what.
        try await run.wait(for: "stopping: ", in: run.errors)
        run.send(SIGTERM)
        let result = await run.finish()
        #expect(result.end == .exit(143))
        #expect(result.errors.contains("giving up at once"))
        #expect(result.output.isEmpty, "the cycle was not brought to its end")

        try place.configure("packer: {n_bits: 4, compression: {codec: none}}")
        #expect(try await place.run("des-migrate", "--config", "config.yaml").end == .exit(3))
        #expect(try await place.sql("SELECT count(*) FROM files WHERE archived = 1") == "30")
        let verification = try await place.run("des", "verify", "des_output", "--json")
        #expect(verification.end == .exit(0))
        #expect(try verification.json()["files"] as? Int == 30)
    }

    @Test("a second process in the same staging folder is refused and changes nothing")
    func secondProcess() async throws {
        try await place.makeCatalog(Workspace.rows(3))
        try place.configure()
        let first = try place.start("des-migrate", "--config", "config.yaml", "--continuous")
        try await first.wait(for: "3 files", in: first.output)
        let second = try await place.run("des-migrate", "--config", "config.yaml")
        #expect(second.end == .exit(1))
        #expect(second.errors.contains("another process"))
        #expect(second.errors.contains(".staging"))
        let dryRun = try await place.run("des-migrate", "--config", "config.yaml", "--dry-run")
        #expect(dryRun.end == .exit(0), "a dry run needs no staging folder")
        first.send(SIGKILL)
        #expect(await first.finish().end == .signal(SIGKILL))
        #expect(try await place.run("des-migrate", "--config", "config.yaml").end == .exit(0))
    }
}
