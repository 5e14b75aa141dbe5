import DESBase
import DESCatalog
import DESCatalogSQLite
import DESMigration
import DESStorage
import DESTestSupport
import Foundation
import Testing

/// A catalog that is locked, damaged, or not what the configuration says.
@Suite struct PipelineCatalogTroubleTests {
    @Test(arguments: [PipelinePoint.page, .markBefore])
    func `A catalog that somebody locks for a while is waited for`(point: PipelinePoint) async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(6, days: 2)
        fixture.busyTimeout = .milliseconds(5)
        fixture.retryPolicy = RetryPolicy(
            firstDelay: .milliseconds(1), longestDelay: .milliseconds(5), deadline: .seconds(60)
        )
        let table = fixture.table
        let faults = PipelineFaults.hookOnce(point) { try? table.execute("BEGIN EXCLUSIVE") }
        let waits = PipelineLocked(0)
        let log = PipelineLog { line in
            guard line.contains("trying again") else { return }
            let isThird = waits.change { count -> Bool in
                count += 1
                return count == 3
            }
            if isThird { try? table.execute("COMMIT") }
        }
        let outcome = try await fixture.run(in: fixture.world(faults: faults), log: log)
        outcome.expectBooks(migrated: 6)
        #expect(waits.value >= 3)
        #expect(outcome.logged("warning", "locked", "trying again"))
        try fixture.expectSettled(fixture.files)
        try fixture.expectOnly(fixture.files)
    }

    @Test(arguments: ["EXCLUSIVE", "IMMEDIATE"], [1, 2, 3])
    func `Rows that cannot be marked stay unmarked, and a later cycle marks them from staging`(
        lock: String, cycles: Int
    ) async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(6, days: 2)
        try fixture.add(uid: "big", bytes: PipelineFile.bytes(3000, seed: 77))
        fixture.settings.deletesSources = true
        fixture.busyTimeout = .milliseconds(1)
        let table = fixture.table
        let faults = PipelineFaults.hookOnce(.markBefore) { try? table.execute("BEGIN \(lock)") }
        let outcome = try await fixture.run(in: fixture.world(faults: faults))
        outcome.expectBalance()
        #expect(outcome.result.filesFailed == 7)
        for failure in outcome.result.errors {
            #expect(failure.reason == .marking)
            #expect(failure.message.contains("locked") && failure.message.contains("in the published shard"))
        }
        #expect(fixture.stagedNames == PipelineArchive.shards(in: fixture.output))

        // As long as it is locked, nothing is marked, and nothing is packed again.
        for _ in 1..<cycles {
            let blocked = try await fixture.run()
            blocked.expectBalance()
            #expect(blocked.result.filesMigrated == 0)
            #expect(blocked.result.fatalError != nil)
            try fixture.expectOnly(fixture.files)
        }

        try table.execute("COMMIT")
        let later = try await fixture.run()
        later.expectBooks(migrated: 7)
        #expect(later.result.filesRecovered == 7)
        #expect(later.result.shardsCreated == 0)
        try fixture.expectSettled(fixture.files, sourcesDeleted: true)
        try fixture.expectOnly(fixture.files)
    }

    @Test func `A store that takes no recovered shard for a while does not get its files twice`() async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(6, days: 2)
        for _ in 0..<3 {
            let faults = PipelineFaults(at: [.publishBefore], kind: .persistent)
            let outcome = try #require(try await fixture.run(with: faults))
            outcome.expectBalance()
            #expect(outcome.result.filesMigrated == 0)
        }
        let later = try await fixture.run()
        later.expectBooks(migrated: 6)
        try fixture.expectSettled(fixture.files)
        try fixture.expectOnly(fixture.files)
    }

    @Test(arguments: [0, 20, 60])
    func `A file that is no catalog, or a damaged one, is fatal, and nothing is marked`(offset: Int) async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(6)
        let handle = try FileHandle(forUpdating: URL(filePath: fixture.table.path))
        try handle.seek(toOffset: UInt64(offset))
        try handle.write(contentsOf: Data(repeating: 0xA5, count: offset == 60 ? 8000 : 80))
        try handle.close()
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 0)
        let message = try #require(outcome.result.fatalError)
        #expect(message.contains(fixture.table.path), "\(message)")
        #expect(message.contains("not a database") || message.contains("malformed"), "\(message)")
        #expect(PipelineArchive.shards(in: fixture.output).isEmpty)
        #expect(PipelineDisk.names(in: fixture.sources).count == 6)
    }

    @Test(arguments: 1...8)
    func `A catalog that turns out to be damaged on the way ends the cycle, and what is marked is published`(
        eighth: Int
    ) async throws {
        let fixture = try PipelineFixture()
        fixture.settings.batchSize = 50
        let path = "\(fixture.sources)/one.bin"
        let bytes = PipelineFile.bytes(64, seed: 1)
        try PipelineDisk.write(bytes, to: path)
        for number in 0..<1000 { try fixture.addRow(uid: "file-\(number)", path: path, bytes: bytes) }
        let size = try #require(PipelineDisk.read(fixture.table.path)?.count)
        let page = size / 4096 * eighth / 9
        let handle = try FileHandle(forUpdating: URL(filePath: fixture.table.path))
        try handle.seek(toOffset: UInt64(page * 4096))
        try handle.write(contentsOf: Data(repeating: 0xA5, count: 4096))
        try handle.close()
        let outcome = try await fixture.run()
        outcome.expectBalance()
        let text = outcome.result.fatalError ?? outcome.result.errors.first?.message
        #expect(text?.contains("malformed") == true, "\(text ?? "no error")")
        #expect(outcome.result.filesMigrated < 1000)
    }

    @Test func `A missing file, table or column is fatal and named`() async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(2)
        var schema = fixture.schema
        schema.table = "filse"
        var column = fixture.schema
        column.archivedColumn = "archivd"
        let cases: [(CatalogSchema, String, [String])] = [
            (schema, fixture.table.path, ["the table \"filse\" is missing", "did you mean \"files\"?"]),
            (column, fixture.table.path, ["the column \"archivd\"", "archived_column", "did you mean \"archived\"?"]),
            (fixture.schema, fixture.folder.path + "/no.db", ["no.db", "there is no such file"]),
            (fixture.schema, fixture.sources, ["it is a directory"]),
        ]
        for (schema, path, texts) in cases {
            var world = try fixture.world()
            world.catalog = SQLiteCatalog(path: path, schema: schema)
            let outcome = try await fixture.run(in: world)
            outcome.expectBooks(migrated: 0)
            for text in texts { #expect(outcome.result.fatalError?.contains(text) == true) }
        }
        #expect(!PipelineDisk.names(in: fixture.folder.path).contains("no.db"))
    }

    enum Interference: String, CaseIterable, Sendable {
        case deleted, otherUID, otherTime, otherLocation, marked

        var sql: String {
            switch self {
            case .deleted: "DELETE FROM files WHERE id = 3"
            case .otherUID: "UPDATE files SET uid = 'other' WHERE id = 3"
            case .otherTime: "UPDATE files SET created_at = '2001-01-01T00:00:00Z' WHERE id = 3"
            case .otherLocation: "UPDATE files SET file_location = file_location || 'x' WHERE id = 3"
            case .marked: "UPDATE files SET archived = 1 WHERE id = 3"
            }
        }
    }

    @Test(arguments: Interference.allCases)
    func `A row that somebody changes before it is marked is skipped, and its source is kept`(
        interference: Interference
    ) async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(5)
        fixture.settings.deletesSources = true
        let table = fixture.table
        let faults = PipelineFaults.hookOnce(.markBefore) { try? table.execute(interference.sql) }
        let outcome = try await fixture.run(in: fixture.world(faults: faults))
        outcome.expectBooks(migrated: 4, skipped: 1)
        #expect(outcome.logged("file skipped", "uid=file-3"))
        #expect(outcome.result.filesDeleted == 4)
        #expect(PipelineDisk.names(in: fixture.sources) == ["3.bin"])
        #expect(try fixture.table.markedIDs() == (interference == .marked ? [1, 2, 3, 4, 5] : [1, 2, 4, 5]))
        #expect(fixture.stagedNames.isEmpty)
    }

    @Test func `A row whose mark the database refuses fails, is named, and is in one shard however often it is tried`()
        async throws
    {
        let fixture = try PipelineFixture()
        try fixture.addFiles(5)
        fixture.settings.deletesSources = true
        try fixture.table.execute(
            """
            CREATE TRIGGER refusal BEFORE UPDATE ON files WHEN NEW.id = 3
            BEGIN SELECT raise(ABORT, 'on legal hold'); END
            """
        )
        for cycle in 0..<3 {
            let outcome = try await fixture.run()
            outcome.expectBooks(migrated: cycle == 0 ? 4 : 0, failed: 1)
            let failure = try #require(outcome.failure("file-3"))
            #expect(failure.reason == .marking)
            #expect(failure.message.contains("on legal hold"))
            #expect(PipelineDisk.names(in: fixture.sources) == ["3.bin"])
            try fixture.expectOnly(fixture.files)
        }
        try fixture.table.execute("DROP TRIGGER refusal")
        try await fixture.run().expectBooks(migrated: 1)
        try fixture.expectSettled(fixture.files, sourcesDeleted: true)
        try fixture.expectOnly(fixture.files)
    }
}
