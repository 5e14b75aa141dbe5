import DESBase
import DESCatalog
import DESCatalogSQLite
import Testing

@Suite("A SQLite catalog whose table changes while it is open")
struct SQLiteRefreshTests {
    private static let columns =
        "(uid TEXT PRIMARY KEY, created_at TEXT, file_location TEXT, size_bytes INTEGER, archived DEFAULT 0)"
    private static let swap = "INSERT INTO new SELECT uid, created_at, file_location, size_bytes, archived FROM files"
    private static let rename = "DROP TABLE files; ALTER TABLE new RENAME TO files"

    @Test(
        "It is looked up anew, and the rows that are left are found and marked",
        arguments: [
            "ALTER TABLE files ADD COLUMN other", "DELETE FROM files WHERE uid = 'a'; VACUUM",
            "CREATE TABLE new \(columns) WITHOUT ROWID; \(swap); \(rename)",
            """
            CREATE TABLE new (archived TEXT, size_bytes, file_location, uid INTEGER, created_at INTEGER, rowid);
            INSERT INTO new SELECT archived, size_bytes, file_location, uid, unixepoch(created_at), 5 FROM files; \(rename)
            """,
            """
            CREATE TABLE new (uid TEXT PRIMARY KEY, created_at INTEGER, file_location TEXT, size_bytes INTEGER, archived TEXT) STRICT;
            INSERT INTO new SELECT uid, unixepoch(created_at), file_location, size_bytes, archived FROM files; \(rename)
            """,
            """
            ALTER TABLE files RENAME TO rows; CREATE VIEW files AS SELECT * FROM rows;
            CREATE TRIGGER t INSTEAD OF UPDATE ON files BEGIN UPDATE rows SET archived = NEW.archived WHERE uid = OLD.uid; END
            """,
            "ALTER TABLE files RENAME TO old; CREATE TABLE files \(columns); INSERT INTO files SELECT * FROM old; DROP TABLE old",
        ])
    func changed(change: String) async throws {
        let database = try TemporaryDatabase("CREATE TABLE files \(Self.columns)", TemporaryDatabase.index)
        for uid in 1...3 {
            try database.execute(
                "INSERT INTO files (uid, created_at, file_location, size_bytes) VALUES ('\(uid)', '2026-01-31', '/f', 1)"
            )
        }
        let catalog = database.catalog()
        try await catalog.checkSchema()
        let first = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(try await catalog.mark([first[0].key]) == [.marked])

        try database.execute(change)
        await catalog.refresh()
        try await catalog.checkSchema()
        try await catalog.tryMark(olderThan: .latest)
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(rows.uids == ["2", "3"])
        #expect(rows.allSatisfy { $0.key.createdAt.timestamp == Timestamp(year: 2026, month: 1, day: 31) })
        #expect(try await catalog.mark(rows.map(\.key)) == [.marked, .marked])
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows().isEmpty)
        await catalog.close()
    }

    @Test("A column that is gone is named, and one that comes back is taken")
    func missing() async throws {
        let database = try TemporaryDatabase("CREATE TABLE files \(Self.columns)")
        let catalog = database.catalog()
        try await catalog.checkSchema()
        try database.execute("ALTER TABLE files RENAME COLUMN archived TO done")
        await catalog.refresh()
        let error = await catalogError { try await catalog.checkSchema() }
        #expect(error?.code == .missingColumn)
        try database.execute("ALTER TABLE files RENAME COLUMN done TO archived")
        await catalog.refresh()
        try await catalog.checkSchema()
        await catalog.close()
    }
}
