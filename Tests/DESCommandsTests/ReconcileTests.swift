import Foundation
import Glibc
import Testing

@Suite(.timeLimit(.minutes(5))) struct ReconcileTests {
    private let place: Workspace

    init() throws { place = try Workspace() }

    /// Twelve files on three days, moved into shards.
    private func migrate() async throws {
        try await place.makeCatalog(Workspace.rows(12))
        try place.configure()
        #expect(try await place.run("des-migrate", "--config", "config.yaml").end == .exit(0))
    }

    @Test("catalog and storage agree after a migration")
    func agreement() async throws {
        try await migrate()
        let result = try await place.run("des", "reconcile", "--config", "config.yaml")
        #expect(result.end == .exit(0), "\(result.everything)")
        #expect(result.output.contains("12 marked rows, 12 files"))
        #expect(result.output.contains("catalog and storage agree"))
    }

    @Test("what is found is named, repaired if that is asked for, and then gone")
    func repair() async throws {
        try await migrate()
        try await place.sql("UPDATE files SET archived = 0 WHERE uid = 'file-4.txt'")
        let report = try await place.run("des", "reconcile", "--config", "config.yaml", "--min-age", "0s")
        #expect(report.end == .exit(3))
        #expect(report.output.contains("in a shard but not marked: file-4.txt 2024-01-02T12:00:00Z"))
        let young = try await place.run("des", "reconcile", "--config", "config.yaml")
        #expect(young.end == .exit(3), "it is young")
        #expect(young.output.contains("in a shard but not marked: 1 more, too young to be judged"))
        #expect(young.output.contains("--min-age 0s") && !young.output.contains("agree"))
        let repair = try await place.run(
            "des", "reconcile", "--config", "config.yaml", "--min-age", "0s", "--repair", "--json")
        #expect(repair.end == .exit(0), "\(repair.everything)")
        #expect((try repair.json()["repaired"] as? [String: Int])?["in_shard_not_marked"] == 1)
        #expect(try await place.sql("SELECT count(*) FROM files WHERE archived = 1") == "12")
    }

    @Test("a range of days and a limit")
    func range() async throws {
        try await migrate()
        for shard in place.shards() { try FileManager.default.removeItem(atPath: "\(place.path)/des_output/\(shard)") }
        let result = try await place.run(
            "des", "reconcile", "--config", "config.yaml", "--from", "2024-01-02", "--to", "2024-01-02", "--limit", "1",
            "--json")
        #expect(result.end == .exit(3))
        let json = try result.json()
        #expect((json["counts"] as? [String: Int])?["marked_in_no_shard"] == 4)
        let named = (json["findings"] as? [String: Any])?["marked_in_no_shard"] as? [[String: Any]]
        #expect(named?.count == 1)
        #expect(named?.first?["location"] as? String == place.path + "/sources/1")
    }

    @Test("nothing is repaired beside a migration")
    func lock() async throws {
        try await migrate()
        let migration = try place.start("des-migrate", "--config", "config.yaml", "--continuous")
        try await migration.wait(for: "cycle finished", in: migration.errors)
        let repair = try await place.run("des", "reconcile", "--config", "config.yaml", "--repair")
        #expect(repair.end == .exit(1))
        #expect(repair.errors.contains("another process"))
        #expect(try await place.run("des", "reconcile", "--config", "config.yaml").end == .exit(0))
        migration.send(SIGTERM)
        _ = await migration.finish()
    }

    @Test(
        "what makes no sense is refused",
        arguments: [
            ["--min-age", "soon"], ["--min-age", "-1d"], ["--from", "x"],
            ["--from", "2024-01-02", "--to", "2024-01-01"],
            ["--limit", "-1"],
        ])
    func usage(_ options: [String]) async throws {
        try await place.makeCatalog(Workspace.rows(1))
        try place.configure()
        let result = try await CommandRun("des", ["reconcile", "--config", "config.yaml"] + options, in: place.path)
            .finish()
        #expect(result.end == .exit(64))
    }
}
