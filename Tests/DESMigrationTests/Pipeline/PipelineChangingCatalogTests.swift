import DESCatalog
import DESMigration
import Testing

/// A catalog whose table, or all of whose rows, change while a process works with it.
@Suite struct PipelineChangingCatalogTests {
    @Test(arguments: [
        "ALTER TABLE files ADD COLUMN other",
        """
        CREATE TABLE new (archived TEXT, size_bytes, file_location, uid TEXT, created_at INTEGER, id INTEGER PRIMARY KEY)
            WITHOUT ROWID;
        INSERT INTO new SELECT archived, size_bytes, file_location, uid, unixepoch(created_at), id FROM files;
        DROP TABLE files; ALTER TABLE new RENAME TO files
        """,
        """
        ALTER TABLE files RENAME TO rows; CREATE VIEW files AS SELECT * FROM rows;
        CREATE TRIGGER t INSTEAD OF UPDATE ON files BEGIN UPDATE rows SET archived = NEW.archived WHERE uid = OLD.uid; END
        """,
    ])
    func `A table that changes between two cycles of one process is looked up anew`(change: String) async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(6)
        var world = try fixture.world()
        let real = world.catalog
        world.catalog = PipelineHookedCatalog(real: real, staysOpen: true) { _ in }
        fixture.settings.limits.files = 4
        try await fixture.run(in: world).expectBooks(migrated: 4)
        fixture.settings.limits.files = nil
        try fixture.table.execute(change)
        for migrated in [2, 0] {
            let outcome = try await fixture.run(in: world)
            outcome.expectBooks(migrated: migrated)
            #expect(outcome.result.fatalError == nil)
        }
        await real.close()
        try fixture.expectSettled(fixture.files)
        try fixture.expectOnly(fixture.files)
    }

    @Test func `A column that goes away fails a cycle, and the next one after it is back goes on`() async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(2)
        var world = try fixture.world()
        let real = world.catalog
        world.catalog = PipelineHookedCatalog(real: real, staysOpen: true) { _ in }
        try await fixture.run(in: world).expectBooks(migrated: 2)
        try fixture.addFiles(2)
        try fixture.table.execute("ALTER TABLE files RENAME COLUMN archived TO done")
        let outcome = try await fixture.run(in: world)
        outcome.expectBooks(migrated: 0)
        #expect(outcome.result.fatalError?.contains("\"archived\"") == true)
        try fixture.table.execute("ALTER TABLE files RENAME COLUMN done TO archived")
        try await fixture.run(in: world).expectBooks(migrated: 2)
        await real.close()
        try fixture.expectOnly(fixture.files)
    }

    @Test(arguments: ["strftime('%Y-%m-%d %H:%M:%f', 'now', '-30 days')", "datetime('now', '-30 days')"])
    func `Rows whose time is another at each look are not packed`(time: String) async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(3)
        try fixture.table.execute(
            """
            ALTER TABLE files RENAME TO rows;
            CREATE VIEW files AS SELECT id, uid, \(time) AS created_at, file_location, size_bytes, archived FROM rows;
            CREATE TRIGGER t INSTEAD OF UPDATE ON files BEGIN UPDATE rows SET archived = 1 WHERE uid = OLD.uid; END
            """)
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 0)
        #expect(outcome.result.fatalError?.contains("was not found again by its uid, time and location") == true)
        #expect(PipelineArchive.shards(in: fixture.output).isEmpty)
    }

    @Test(arguments: [1, 3])
    func `A cycle that publishes files and can mark none of them says so`(changed: Int) async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(3)
        let table = fixture.table
        let faults = PipelineFaults.hook(.markBefore) {
            try? table.execute("UPDATE files SET created_at = '2001-01-01T00:00:00Z' WHERE id <= \(changed)")
        }
        let outcome = try await fixture.run(in: fixture.world(faults: faults))
        outcome.expectBooks(migrated: 3 - changed, skipped: changed)
        #expect(outcome.result.fatalError == nil)
        #expect(outcome.result.hasOnlySkipped == (changed == 3))
        #expect(outcome.logged("error", "not one row could be marked") == (changed == 3))
    }

    @Test func `A cycle of which the first ten thousand files cannot be marked packs no more`() async throws {
        let fixture = try PipelineFixture()
        let bytes = PipelineFile.bytes(20, seed: 1)
        try PipelineDisk.write(bytes, to: "\(fixture.sources)/one.bin")
        try fixture.table.execute(
            """
            WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 11000)
            INSERT INTO files (uid, created_at, file_location, size_bytes)
            SELECT 'f' || n, date('2020-01-01', (n / 100) || ' days'), '\(fixture.sources)/one.bin', 20 FROM n
            """)
        let table = fixture.table
        let faults = PipelineFaults.hook(.markBefore) {
            try? table.execute("UPDATE files SET file_location = replace(file_location, '/one', '//one')")
        }
        let outcome = try await fixture.run(in: fixture.world(faults: faults))
        outcome.expectBooks(migrated: 0, skipped: outcome.fetched)
        #expect(outcome.result.filesSkipped >= 10_000)
        #expect(outcome.result.fatalError?.contains("not one could be marked") == true)
        #expect(outcome.result.fatalError?.contains("Nothing more is packed") == true)
    }
}
