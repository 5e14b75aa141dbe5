import Foundation
import Testing

@Suite(.timeLimit(.minutes(5))) struct MigrateTests {
    private let place: Workspace

    init() throws { place = try Workspace() }

    @Test("one cycle moves everything that is old enough; the sources stay, and every byte comes back")
    func oneCycle() async throws {
        let rows = Workspace.rows(60)
        let young = Workspace.Row(uid: "young", contents: "young", createdAt: "2999-01-01 00:00:00")
        try await place.makeCatalog(rows + [young])
        try place.configure()
        let result = try await place.run("des-migrate", "--config", "config.yaml")
        #expect(result.end == .exit(0))
        #expect(result.output.contains("60 files"))
        #expect(try await place.sql("SELECT count(*) FROM files WHERE archived = 1") == "60")
        #expect(try await place.sql("SELECT archived FROM files WHERE uid = 'young'") == "0")

        let extraction = try await place.run("des", "extract", "des_output", "--output", "restored")
        #expect(extraction.end == .exit(0))
        #expect(place.names("restored") == rows.map(\.uid).sorted())
        for (number, row) in rows.enumerated() {
            #expect(try place.text("restored/\(row.uid)") == row.contents)
            #expect(place.exists("sources/\(number)"))
        }
        #expect(place.names("des_output/.staging").filter { $0 != "lock" }.isEmpty)

        let again = try await place.run("des", "migrate", "--config", "config.yaml")
        #expect(again.end == .exit(0), "nothing to do is fine")
        #expect(again.output.contains("0 files"))
    }

    @Test("sources are deleted if that is asked for, and only those whose rows are marked")
    func deletion() async throws {
        var rows = Workspace.rows(10)
        rows[3].location = place.path + "/nowhere"
        try await place.makeCatalog(rows)
        try place.configure("migration: {delete_source_files: true, max_delete: 4}")
        let result = try await place.run("des-migrate", "--config", "config.yaml", "--json")
        #expect(result.end == .exit(3))
        #expect(try result.json()["files_deleted"] as? Int == 4)
        #expect(place.names("sources").count == 6)
        #expect(try await place.sql("SELECT count(*) FROM files WHERE archived = 1") == "9")
    }

    @Test("a dry run tells what waits and changes nothing", arguments: [["--dry-run"], ["--dry-run", "--json"]])
    func dryRun(_ options: [String]) async throws {
        let rows = Workspace.rows(7)
        try await place.makeCatalog(rows)
        try place.configure()
        let catalog = try place.bytes("catalog.db")
        let result = try await CommandRun(
            "des-migrate", ["--config", "config.yaml"] + options, in: place.path
        ).finish()
        #expect(result.end == .exit(0))
        if options.contains("--json") {
            let report = try result.json()
            #expect(report["total_files"] as? Int == 7)
            #expect(report["total_size_bytes"] as? Int == rows.map(\.contents.utf8.count).reduce(0, +))
            #expect(report["oldest_file"] as? String == "2024-01-01T12:00:00Z")
            #expect(report["newest_file"] as? String == "2024-01-03T12:00:00Z")
        } else {
            #expect(result.output.contains("files to migrate   7"))
        }
        #expect(try place.bytes("catalog.db") == catalog)
        #expect(!place.exists("des_output"))
    }

    @Test("progress as JSON: each line an object, the counts go up to all files, and the result comes last")
    func jsonProgress() async throws {
        var rows = Workspace.rows(40)
        rows[5].location = place.path + "/nowhere"
        try await place.makeCatalog(rows)
        try place.configure()
        let result = try await place.run("des-migrate", "--config", "config.yaml", "--json-progress")
        #expect(result.end == .exit(3))
        let lines = try result.output.split(separator: "\n").map { line in
            try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        #expect(lines.count >= 2)
        #expect(lines.dropLast().allSatisfy { $0["type"] as? String == "progress" })
        #expect(lines.last?["type"] == nil && lines.last?["files_migrated"] as? Int == 39)
        let last = try #require(lines.dropLast().last)
        for key in ["files_read", "files_packed", "files_published", "files_marked"] {
            #expect(last[key] as? Int == 39, "\(key)")
        }
        #expect(last["files_failed"] as? Int == 1)
        #expect(last["run_id"] as? String == lines.last?["run_id"] as? String)
    }

    @Test("the JSON result has the documented keys, its counts add up, and each failure is told")
    func jsonResult() async throws {
        var rows = Workspace.rows(20)
        rows[5].location = place.path + "/nowhere"
        try await place.makeCatalog(rows)
        try place.configure()
        let result = try await place.run("des-migrate", "--config", "config.yaml", "--json")
        #expect(result.end == .exit(3))
        #expect(result.output.filter { $0 == "\n" }.count == 1)
        let object = try result.json()
        let documented = [
            "files_processed", "files_migrated", "files_failed", "files_skipped", "shards_created", "total_size_bytes",
            "duration_seconds", "errors", "bytes_stored", "bigfiles", "files_deleted", "run_id", "interrupted",
        ]
        for key in documented { #expect(object[key] != nil, "\(key)") }
        let counts = ["files_processed", "files_migrated", "files_failed", "files_skipped"].map { object[$0] as? Int }
        #expect(counts == [20, 19, 1, 0])
        let errors = try #require(object["errors"] as? [[String: Any]])
        let error = try #require(errors.first)
        #expect(Set(error.keys) == ["uid", "created_at", "location", "reason", "message"])
        #expect(error["uid"] as? String == "file-5.txt")
        #expect(error["reason"] as? String == "missing")
        #expect(error["location"] as? String == place.path + "/nowhere")
    }

    @Test("a catalog that cannot be used is fatal: exit code 1 and a message that names it", arguments: [false, true])
    func fatal(_ hasFile: Bool) async throws {
        if hasFile { try place.write("this is not a database, but long enough to be one", to: "catalog.db") }
        try place.configure()
        let result = try await place.run("des-migrate", "--config", "config.yaml")
        #expect(result.end == .exit(1))
        #expect(result.output.isEmpty)
        #expect(result.errors.contains("catalog.db"))
    }

    @Test(
        "wrong usage is exit code 64",
        arguments: [
            [], ["--config"], ["--config", "c.yaml", "--no-such-option"], ["--config", "c.yaml", "--interval", "0"],
            ["--config", "c.yaml", "--interval", "1e300"], ["--config", "c.yaml", "--interval", "nan"],
            ["--config", "c.yaml", "--log-level", "loud"], ["--config", "c.yaml", "--log-format", "xml"],
        ])
    func usage(_ arguments: [String]) async throws {
        let result = try await CommandRun("des-migrate", arguments, in: place.path).finish()
        #expect(result.end == .exit(64))
        #expect(result.errors.lowercased().contains("usage: des-migrate"))
        #expect(result.output.isEmpty)
    }

    @Test("the example configurations in YAML and JSON do the same with the same data")
    func examples() async throws {
        let examples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "examples")
        var listings: [[String]] = []
        var contents: [[String: String]] = []
        for name in ["migration-config.yaml", "migration-config.json"] {
            let place = try Workspace()
            try await place.makeCatalog(Workspace.rows(50))
            try place.write(try Data(contentsOf: examples.appending(path: name)), to: name)
            let migration = try await place.run("des-migrate", "--config", name)
            #expect(migration.end == .exit(0), "\(migration.everything)")
            let listing = try await place.run("des", "ls", "des_output")
            // Shard names end in a part that no two shards share.
            listings.append(
                listing.output.split(separator: "\n").map { $0.components(separatedBy: "_").dropLast().joined() }
                    .sorted())
            #expect(try await place.run("des", "extract", "des_output", "--output", "out").end == .exit(0))
            contents.append(
                try Dictionary(uniqueKeysWithValues: place.names("out").map { ($0, try place.text("out/\($0)")) }))
            withExtendedLifetime(place) {}
        }
        #expect(listings[0] == listings[1])
        #expect(contents[0] == contents[1])
        #expect(contents[0].count == 50)
    }

    @Test("a result that cannot be written does not stop the migration, and is exit code 1", arguments: ["", "--json"])
    func unreadResult(_ option: String) async throws {
        try await place.makeCatalog(Workspace.rows(5))
        try place.configure()
        let program = try BuiltPrograms.folder() + "/des-migrate"
        let result = try await place.run("/bin/bash", "-c", "'\(program)' --config config.yaml \(option) > /dev/full")
        #expect(result.end == .exit(1))
        #expect(result.errors.contains("standard output"))
        #expect(try await place.sql("SELECT count(*) FROM files WHERE archived = 1") == "5")
    }
}
