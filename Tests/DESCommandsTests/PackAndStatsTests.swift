import Foundation
import Testing

@Suite(.timeLimit(.minutes(5))) struct PackAndStatsTests {
    private let place: Workspace

    init() throws { place = try Workspace() }

    private func makeManifest(_ names: [String]) throws {
        var entries: [[String: Any]] = []
        for name in names {
            if !name.hasPrefix("missing") { try place.write("content of \(name)", to: name) }
            entries.append([
                "uid": name, "created_at": "2024-01-02T03:04:05Z", "size_bytes": "content of \(name)".utf8.count,
                "source_path": "\(place.path)/\(name)",
            ])
        }
        try place.write(try JSONSerialization.data(withJSONObject: entries), to: "manifest.json")
    }

    @Test("des-pack packs what a manifest lists and leaves the sources", arguments: [["des-pack"], ["des", "pack"]])
    func pack(_ command: [String]) async throws {
        try makeManifest(["a", "b", "c"])
        let arguments = ["--input-json", "manifest.json", "--output-dir", "shards", "--n-bits", "4"]
        let result = try await CommandRun(command[0], command.dropFirst() + arguments, in: place.path).finish()
        #expect(result.end == .exit(0), "\(result.everything)")
        #expect(result.output.contains("3 files"))
        for name in ["a", "b", "c"] {
            let read = try await place.run("des", "cat", "shards", name)
            #expect(read.output == "content of \(name)")
            #expect(place.exists(name))
        }
    }

    @Test("des-pack with --json has the keys of a cycle; what fails is told with exit code 3")
    func packFailures() async throws {
        try makeManifest(["a", "missing"])
        let result = try await place.run(
            "des-pack", "--input-json", "manifest.json", "--output-dir", "shards", "--json")
        #expect(result.end == .exit(3))
        let object = try result.json()
        #expect(object["files_migrated"] as? Int == 1)
        #expect((object["errors"] as? [[String: Any]])?.first?["uid"] as? String == "missing")
    }

    @Test("des-pack minds the environment's size of big files, and the toolbox their folder")
    func bigFiles() async throws {
        try makeManifest(["a", "longer name"])
        let environment = ["DES_BIG_FILE_THRESHOLD_BYTES": "12", "DES_BIGFILES_PREFIX": "large"]
        let result = try await place.run(
            "des-pack", "--input-json", "manifest.json", "--output-dir", "shards", "--json", environment: environment)
        #expect(result.end == .exit(0), "\(result.everything)")
        #expect(try result.json()["bigfiles"] as? Int == 1)
        #expect(place.names("shards/large").count == 1)
        let read = try await place.run("des", "cat", "shards", "longer name", environment: environment)
        #expect(read.output == "content of longer name")
        let wrong = try await place.run(
            "des", "cat", "shards", "a", environment: ["DES_BIGFILES_PREFIX": "../elsewhere"])
        #expect(wrong.end == .exit(78))
        #expect(wrong.errors.contains("DES_BIGFILES_PREFIX"))
    }

    @Test("a manifest that is none is fatal", arguments: ["", "{}", "[1,", "not JSON"])
    func brokenManifest(_ text: String) async throws {
        try place.write(text, to: "manifest.json")
        let result = try await place.run("des-pack", "--input-json", "manifest.json", "--output-dir", "shards")
        #expect(result.end == .exit(1))
        #expect(result.errors.contains("manifest.json"))
        #expect(place.shards("shards").isEmpty)
    }

    @Test("wrong usage of des-pack is exit code 64", arguments: [["--n-bits", "3"], ["--max-shard-size", "0"]])
    func packUsage(_ more: [String]) async throws {
        let result = try await CommandRun(
            "des-pack", ["--input-json", "m", "--output-dir", "d"] + more, in: place.path
        ).finish()
        #expect(result.end == .exit(64))
    }

    @Test("des-stats counts what is older than the cutoff, with sizes or without")
    func stats() async throws {
        let rows = Workspace.rows(9)
        try await place.makeCatalog(rows)
        let arguments = ["--db-url", "sqlite:///catalog.db", "--table", "files", "--cutoff", "2024-01-03", "--json"]
        let old = rows.filter { $0.createdAt < "2024-01-03" }
        let result = try await CommandRun("des-stats", arguments, in: place.path).finish()
        #expect(result.end == .exit(0))
        let object = try result.json()
        #expect(object["total_files"] as? Int == old.count)
        #expect(object["total_size_bytes"] as? Int == old.map(\.contents.utf8.count).reduce(0, +))
        #expect(object["rows_after_cutoff"] as? Int == rows.count - old.count)

        try await place.sql("ALTER TABLE files DROP COLUMN size_bytes")
        #expect(try await CommandRun("des-stats", arguments, in: place.path).finish().end == .exit(1))
        let withoutSizes = try await CommandRun(
            "des-stats", arguments + ["--size-bytes-column", ""], in: place.path
        ).finish()
        #expect(withoutSizes.end == .exit(0), "\(withoutSizes.everything)")
        let other = try withoutSizes.json()
        #expect(other["total_files"] as? Int == old.count)
        #expect(other["total_size_bytes"] == nil)
    }

    @Test("des-stats reads tables and columns of other names")
    func otherNames() async throws {
        try await place.sql(
            """
            CREATE TABLE "my docs" (doc TEXT, born TEXT, place TEXT, bytes INTEGER, done INTEGER);
            INSERT INTO "my docs" VALUES ('a', '2023-12-31T23:59:59Z', '/a', 5, 0), ('b', '2023-01-01', '/b', 6, 1);
            """)
        let result = try await place.run(
            "des-stats", "--db-url", "sqlite:///catalog.db", "--table", "my docs", "--cutoff", "2024-01-01T00:00:00Z",
            "--uid-column", "doc", "--created-at-column", "born", "--file-location-column", "place",
            "--size-bytes-column", "bytes", "--archived-column", "done")
        #expect(result.end == .exit(0))
        #expect(result.output.contains("files to migrate   1\n"))
        #expect(result.output.contains("(5 bytes)"))
    }

    @Test("a table that is not there is exit code 1 and named; an unreadable cutoff is exit code 64")
    func statsErrors() async throws {
        try await place.makeCatalog([])
        let table = try await place.run(
            "des-stats", "--db-url", "sqlite:///catalog.db", "--table", "fils", "--cutoff", "2024-01-01")
        #expect(table.end == .exit(1))
        #expect(table.errors.contains("fils"))
        let cutoff = try await place.run(
            "des-stats", "--db-url", "sqlite:///catalog.db", "--table", "files", "--cutoff", "yesterday")
        #expect(cutoff.end == .exit(64))
        #expect(cutoff.errors.contains("yesterday"))
    }
}
