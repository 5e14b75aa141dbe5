import Foundation
import Testing

/// What becomes of files that are set aside, as the program tells it.
@Suite(.timeLimit(.minutes(5))) struct WatermarkCommandTests {
    private let place: Workspace

    init() throws { place = try Workspace() }

    /// Twelve files of three days, of which one is gone.
    private func prepare() async throws {
        var rows = Workspace.rows(12)
        rows[4].location = place.path + "/sources/gone"
        try await place.makeCatalog(rows)
        try place.write([], to: "watermark.db")
        try place.configure("migration: {mode: watermark, watermark_url: \"sqlite:///watermark.db\"}")
        #expect(try await migrate("--set-watermark", "2023-12-01", "--lag-days", "7").end == .exit(0))
    }

    private func migrate(_ arguments: String...) async throws -> CommandResult {
        try await CommandRun("des-migrate", ["--config", "config.yaml"] + arguments, environment: [:], in: place.path)
            .finish()
    }

    @Test("a watermark that is still to come is refused")
    func future() async throws {
        try await prepare()
        let result = try await migrate("--set-watermark", "2999-01-01")
        #expect(result.end == .exit(1))
        #expect(result.errors.contains("would never be packed"))
        #expect(try await migrate("--show-watermark").output.contains("archived until   2023-12-01T00:00:00Z"))
    }

    @Test("a file that is set aside shows in every cycle, until somebody accepts it")
    func accepted() async throws {
        try await prepare()
        let first = try await migrate("--json")
        #expect(first.end == .exit(3))
        #expect(try first.json()["files_set_aside"] as? Int == 1)
        for _ in 0..<2 {
            let later = try await migrate()
            #expect(later.end == .exit(3), "nothing failed, but one file is not migrated")
            #expect(later.output.contains("1 set aside behind the watermark"))
            #expect(later.errors.contains("--accept-set-aside"))
        }
        #expect(try await migrate("--show-watermark").output.contains("set aside        1 file"))
        let acceptance = try await migrate("--accept-set-aside")
        #expect(acceptance.end == .exit(0))
        #expect(acceptance.output.contains("1 file accepted"))
        let after = try await migrate("--json")
        #expect(after.end == .exit(0), "\(after.everything)")
        #expect(try after.json()["files_set_aside"] as? Int == 0)
        let shown = try await migrate("--show-watermark", "--json")
        #expect(try shown.json()["files_accepted"] as? Int == 1)
        #expect(try await migrate("--accept-set-aside", "--json").json()["files"] as? Int == 0)
    }

    @Test("a file that is packed after all is set aside no more")
    func retried() async throws {
        try await prepare()
        #expect(try await migrate().end == .exit(3))
        #expect(try await migrate("--retry-set-aside").end == .exit(3))
        try FileManager.default.copyItem(
            atPath: place.path + "/sources/4", toPath: place.path + "/sources/gone")
        #expect(try await migrate("--retry-set-aside").end == .exit(0))
        #expect(try await migrate().end == .exit(0))
    }

    @Test("the metrics have the number of files that are set aside, also after a cycle without failures")
    func metrics() async throws {
        try await prepare()
        #expect(try await migrate().end == .exit(3))
        try place.configure(
            """
            migration: {mode: watermark, watermark_url: "sqlite:///watermark.db"}
            metrics: {port: 0}
            logging: {format: json}
            """)
        let run = try place.start("des-migrate", "--config", "config.yaml", "--continuous")
        try await run.wait(for: "cycle finished", in: run.errors)
        let line = try #require(run.errors.text.split(separator: "\n").first { $0.contains("serving metrics") })
        let fields = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        let port = try #require((fields["port"] as? String).flatMap { Int($0) } ?? fields["port"] as? Int)
        let url = try #require(URL(string: "http://127.0.0.1:\(port)/metrics"))
        let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
        #expect(text.contains("des_migration_set_aside_files 1\n"))
        run.send(15)
        #expect(await run.finish().end == .exit(143))
    }

    @Test("relative locations wait for a folder that is named, and the log says so")
    func relative() async throws {
        try await prepare()
        try await place.sql("UPDATE files SET file_location = 'sources/' || (id - 1)")
        for _ in 0..<4 {
            let result = try await migrate("--json")
            #expect(result.end == .exit(3))
            #expect(result.errors.contains("migration.source_base"))
            #expect(try result.json()["files_migrated"] as? Int == 0)
            #expect(try result.json()["files_set_aside"] as? Int == 0)
        }
        let shown = try await migrate("--show-watermark", "--json")
        #expect(try shown.json()["archived_until"] as? String == "2023-12-01T00:00:00Z")
    }

    @Test("accepting belongs to the mode watermark, and stands alone")
    func misuse() async throws {
        try await place.makeCatalog(Workspace.rows(1))
        try place.configure()
        let other = try await migrate("--accept-set-aside")
        #expect(other.end == .exit(1) && other.errors.contains("migration.mode: watermark"))
        #expect(try await migrate("--accept-set-aside", "--retry-set-aside").end == .exit(64))
    }
}
