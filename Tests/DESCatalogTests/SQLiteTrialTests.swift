import DESCatalog
import DESRouting
import Testing

@Suite("Trying a mark in a SQLite catalog")
struct SQLiteTrialTests {
    private static let row =
        "INSERT INTO files (uid, created_at, file_location, size_bytes) VALUES ('a', '2026-01-31', '/a', 1)"

    @Test(
        "What the database would refuse of every row is known at once, and nothing is changed",
        arguments: [
            ["archived TEXT DEFAULT 'N' CHECK (archived IN ('Y', 'N'))"],
            ["archived DEFAULT 0, at TEXT CHECK (length(at) < 5)"],
            ["archived DEFAULT 0, shard TEXT CHECK (length(shard) <= 20)"],
            [
                "archived DEFAULT 0 REFERENCES nowhere (id)",
                "CREATE TRIGGER t BEFORE UPDATE ON files BEGIN SELECT RAISE(ABORT, 'no'); END",
            ],
            [
                "archived DEFAULT 0",
                "CREATE TRIGGER t BEFORE UPDATE OF archived ON files BEGIN SELECT RAISE(ROLLBACK, 'no'); END",
            ],
            ["archived DEFAULT 0", "CREATE TRIGGER t BEFORE UPDATE ON files BEGIN SELECT RAISE(IGNORE); END"],
            ["archived DEFAULT 0", "CREATE TRIGGER t AFTER UPDATE ON files BEGIN UPDATE files SET archived = 0; END"],
        ])
    func refused(_ given: [String]) async throws {
        let columns = given[0]
        let database = try TemporaryDatabase(
            "CREATE TABLE files (uid TEXT, created_at, file_location, size_bytes, \(columns))", Self.row)
        for statement in given.dropFirst() { try database.execute(statement) }
        let schema = CatalogSchema(
            table: "files", archivedAtColumn: columns.contains("at TEXT") ? "at" : nil,
            shardKeyColumn: columns.contains("shard") ? "shard" : nil)
        let catalog = database.catalog(schema: schema)
        try await catalog.checkSchema()
        let error = await catalogError { try await catalog.tryMark() }
        #expect(error?.code == .notMarkable)
        #expect(error?.description.contains("nothing was packed") == true)
        #expect(error?.description.contains("uid \"a\"") == true)
        #expect(try database.integer("SELECT count(*) FROM files WHERE uid = 'a' AND archived = 1") == 0)
    }

    @Test("A mark that is tried leaves nothing behind, and one row that is refused does not stop the others")
    func accepted() async throws {
        let database = try TemporaryDatabase(
            "CREATE TABLE files (uid TEXT, created_at, file_location, size_bytes, archived DEFAULT 0)",
            "CREATE TABLE log (x)",
            "CREATE TRIGGER t AFTER UPDATE ON files BEGIN INSERT INTO log VALUES (1); END",
            "CREATE TRIGGER u BEFORE UPDATE ON files WHEN OLD.uid < 'b' BEGIN SELECT RAISE(ABORT, 'no'); END",
            """
            WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 99)
            INSERT INTO files SELECT 'a' || n, '2026-01-31', '/', 1, 0 FROM n
            """, "INSERT INTO files VALUES ('b', '2026-02-01', '/b', 1, 0)")
        let catalog = database.catalog()
        try await catalog.tryMark()
        #expect(try database.integer("SELECT count(*) FROM log") == 0)
        #expect(try database.integer("SELECT count(*) FROM files WHERE archived <> 0") == 0)
        try database.execute("DELETE FROM files")
        try await catalog.tryMark()
    }

    @Test(
        "Rows that refuse their mark do not stop a table that has marks, unless they are others than those of DES",
        arguments: [("1", true), ("'Y'", false), ("0", false)])
    func held(mark: String, isTaken: Bool) async throws {
        let database = try TemporaryDatabase(
            "CREATE TABLE files (uid TEXT, created_at, file_location, size_bytes, archived DEFAULT 0)", Self.row,
            "INSERT INTO files VALUES ('b', '2026-01-30', '/b', 1, \(mark))",
            "CREATE TRIGGER t BEFORE UPDATE ON files BEGIN SELECT RAISE(ABORT, 'on legal hold'); END")
        let error = await catalogError { try await database.catalog().tryMark() }
        #expect(error?.code == (isTaken ? nil : .notMarkable))
    }

    @Test("Nothing is tried while another program holds the lock")
    func locked() async throws {
        let database = try TemporaryDatabase(TemporaryDatabase.defaultTable, Self.row)
        try database.execute("BEGIN IMMEDIATE")
        try await database.catalog(busyTimeout: .milliseconds(20)).tryMark()
        try database.execute("COMMIT")
    }

    @Test(
        "Marks that are neither done nor waiting are counted and told",
        arguments: [
            ("'pending'", true), ("'new'", true), ("2", true), ("-1", true), ("'Yes'", false), ("' TRUE '", false),
            ("1", false), ("1.0", false), ("'no'", false), ("NULL", false), ("'2026-01-31 12:00:00'", false),
            ("1769860800", false), ("''", false),
        ])
    func otherMarks(value: String, isTold: Bool) async throws {
        let database = try TemporaryDatabase(
            "CREATE TABLE files (uid, created_at, file_location, size_bytes, archived)",
            "INSERT INTO files VALUES ('a', '2026-01-31', '/a', 1, \(value)), ('b', '2026-01-31', '/b', 1, \(value))")
        let catalog = database.catalog()
        let told = try await catalog.findings().otherMarks
        #expect((told != nil) == isTold)
        if isTold { #expect(told?.contains("2 rows have a mark in the column \"archived\"") == true) }
        // Once.
        #expect(try await catalog.findings().otherMarks == nil)
    }
}
