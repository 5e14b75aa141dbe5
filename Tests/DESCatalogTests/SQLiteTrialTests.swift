import DESBase
import DESCatalog
import DESCatalogSQLite
import DESTestSupport
import Foundation
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
        let error = await catalogError { try await catalog.tryMark(olderThan: .latest) }
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
        try await catalog.tryMark(olderThan: .latest)
        #expect(try database.integer("SELECT count(*) FROM log") == 0)
        #expect(try database.integer("SELECT count(*) FROM files WHERE archived <> 0") == 0)
        try database.execute("DELETE FROM files")
        try await catalog.tryMark(olderThan: .latest)
    }

    @Test(
        "Rows that refuse their mark do not stop a table that has marks, unless they are others than those of DES",
        arguments: [("1", true), ("'Y'", false), ("0", false)])
    func held(mark: String, isTaken: Bool) async throws {
        let database = try TemporaryDatabase(
            "CREATE TABLE files (uid TEXT, created_at, file_location, size_bytes, archived DEFAULT 0)", Self.row,
            "INSERT INTO files VALUES ('b', '2026-01-30', '/b', 1, \(mark))",
            "CREATE TRIGGER t BEFORE UPDATE ON files BEGIN SELECT RAISE(ABORT, 'on legal hold'); END")
        let error = await catalogError { try await database.catalog().tryMark(olderThan: .latest) }
        #expect(error?.code == (isTaken ? nil : .notMarkable))
    }

    @Test(
        "Rows that are on hold at both ends of the table do not stop those between",
        arguments: [true, false], [(20, 20), (30, 60), (80, 0), (0, 80), (100, 0)])
    func heldAtBothEnds(isIndexed: Bool, held: (first: Int, last: Int)) async throws {
        let database = try TemporaryDatabase(
            "CREATE TABLE files (uid TEXT, created_at, file_location, size_bytes, archived DEFAULT 0, hold)",
            isIndexed ? TemporaryDatabase.index : "SELECT 1",
            """
            WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 99) INSERT INTO files
            SELECT 'a' || n, CASE WHEN n < 20 THEN '2020-01-31' WHEN n < 80 THEN '2024-01-31' ELSE '2026-01-31' END, '/', 1, 0,
                n < \(held.first) OR n > 99 - \(held.last) FROM n
            """,
            "CREATE TRIGGER t BEFORE UPDATE ON files WHEN OLD.hold BEGIN SELECT RAISE(ABORT, 'on hold'); END")
        let error = await catalogError { try await database.catalog().tryMark(olderThan: .latest) }
        #expect(error?.code == (held.first == 100 ? .notMarkable : nil))
        // Nothing of what is on hold would be packed.
        let early = try moment("2019-01-01")
        #expect(await catalogError { try await database.catalog().tryMark(olderThan: early) } == nil)
        #expect(try database.integer("SELECT count(*) FROM files WHERE archived <> 0") == 0)
    }

    private static func view(_ uid: String, _ time: String, _ location: String) -> [String] {
        [
            TemporaryDatabase.defaultTable.replacing("TABLE files", with: "TABLE rows"),
            "CREATE VIEW files AS SELECT \(uid) AS uid, \(time) AS created_at, \(location) AS file_location, 1 AS size_bytes, archived FROM rows",
            "CREATE TRIGGER t INSTEAD OF UPDATE ON files BEGIN UPDATE rows SET archived = NEW.archived WHERE uid = OLD.uid; END",
            "INSERT INTO rows (uid, created_at, file_location) VALUES ('a', '2026-01-31', '/a'), ('b', NULL, '/b')",
        ]
    }

    @Test(
        "A view whose rows are others at each look is refused, and one whose rows stay the same is not",
        arguments: [false, true])
    func views(isMarked: Bool) async throws {
        try await atOnce([
            ("uid", "created_at", "file_location", true),
            ("uid", "ifnull(created_at, '2026-01-01')", "file_location", true),
            ("uid", "ifnull(created_at, datetime('now'))", "file_location", true),
            ("uid", "strftime('%Y-%m-%d %H:%M:%f', 'now', '-30 days')", "file_location", false),
            ("uid", "datetime('now', '-30 days')", "file_location", false),
            ("hex(randomblob(8))", "'2026-01-31'", "file_location", false),
            ("uid", "'2026-01-31'", "file_location || random()", false),
        ]) { try await Self.tryView($0, isMarked: isMarked) }
    }

    private static func tryView(
        _ columns: (uid: String, time: String, location: String, isTaken: Bool), isMarked: Bool
    ) async throws {
        let database = try TemporaryDatabase()
        for statement in view(columns.uid, columns.time, columns.location) { try database.execute(statement) }
        if isMarked {
            try database.execute("INSERT INTO rows (uid, created_at, archived) VALUES ('c', '2026-01-01', 1)")
        }
        let catalog = database.catalog()
        try await catalog.checkSchema()
        let error = await catalogError { try await catalog.tryMark(olderThan: .latest) }
        #expect(error?.code == (columns.isTaken ? nil : .notMarkable), "\(columns)")
        if !columns.isTaken {
            #expect(error?.description.contains("was not found again by its uid, time and location") == true)
            #expect(error?.description.contains("nothing was packed") == true)
        }
        #expect(try database.integer("SELECT count(*) FROM rows WHERE archived = 1") == (isMarked ? 1 : 0))
        await catalog.close()
    }

    @Test(
        "A folder in which SQLite cannot make its journal is told as that",
        arguments: [("DELETE", "-journal"), ("WAL", "-wal")])
    func journal(mode: String, ending: String) async throws {
        let database = try TemporaryDatabase(
            TemporaryDatabase.defaultTable, Self.row, "PRAGMA journal_mode = \(mode)", "BEGIN IMMEDIATE", "COMMIT")
        let copy = "\(database.path).copy"
        try FileManager.default.copyItem(atPath: database.path, toPath: copy)
        // A link to nowhere in its place, since the rights of a folder do not count for every user.
        try FileManager.default.createSymbolicLink(atPath: copy + ending, withDestinationPath: "/nowhere/journal")
        let catalog = SQLiteCatalog(path: copy, schema: CatalogSchema(table: "files"), busyTimeout: .milliseconds(20))
        let error = await catalogError {
            try await catalog.checkSchema()
            try await catalog.tryMark(olderThan: .latest)
        }
        #expect(error?.code == .cannotOpen)
        #expect(error?.description.contains("\(ending)") == true)
        #expect(error?.description.contains("beside it: check the rights") == true)
        await catalog.close()
    }

    @Test("Nothing is tried while another program holds the lock")
    func locked() async throws {
        let database = try TemporaryDatabase(TemporaryDatabase.defaultTable, Self.row)
        try database.execute("BEGIN IMMEDIATE")
        try await database.catalog(busyTimeout: .milliseconds(20)).tryMark(olderThan: .latest)
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
