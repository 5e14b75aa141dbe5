import DESBase
import DESCatalog
import DESCatalogSQLite
import DESTestSupport
import Foundation
import Testing

@Suite("Marking rows of an SQLite catalog")
struct SQLiteMarkTests {
    static let threeRows = """
        INSERT INTO files (id, uid, created_at, file_location, size_bytes, archived) VALUES
        (1, 'a', '2024-01-01', '/a', 1, 0), (2, 'b', '2024-01-01', '/b', 1, NULL), (3, 'c', '2024-01-01', '/c', 1, 'false')
        """

    private func key(_ id: Int64, _ uid: String) -> RowKey {
        RowKey(rowID: id, uid: .text(uid), createdAt: .text("2024-01-01"), location: .text("/" + uid))
    }

    @Test("Each key has its outcome, in order, and only pending unchanged rows are marked")
    func outcomes() async throws {
        let database = try TemporaryDatabase(TemporaryDatabase.defaultTable, Self.threeRows)
        let catalog = database.catalog()
        try database.execute("UPDATE files SET file_location = '/new' WHERE id = 2")
        let outcomes = try await catalog.mark([
            key(3, "c"), key(2, "b"), key(1, "a"), key(1, "a"), key(9, "x"), key(1, "c"),
        ])
        // The last one is found by its values: VACUUM may number rows anew.
        #expect(outcomes == [.marked, .changed, .marked, .alreadyMarked, .changed, .alreadyMarked])
        #expect(try database.integer("SELECT group_concat(id, '') FROM files WHERE archived = 1") == 13)
        #expect(try await catalog.mark([]).isEmpty)
    }

    @Test("The exact stored value is compared: other storage classes and letter cases are a change")
    func exactValues() async throws {
        let database = try TemporaryDatabase(
            "CREATE TABLE files (id INTEGER PRIMARY KEY, uid COLLATE NOCASE, created_at, file_location, size_bytes, archived)",
            "INSERT INTO files VALUES (1, 'a', 5, '/a', 1, 0), (2, 7, '7', '/b', 1, 0), (3, 'x', 1.5, '/c', 1, 0)")
        let catalog = database.catalog()
        let outcomes = try await catalog.mark([
            RowKey(rowID: 1, uid: .text("A"), createdAt: .integer(5), location: .text("/a")),
            RowKey(rowID: 2, uid: .text("7"), createdAt: .text("7"), location: .text("/b")),
            RowKey(rowID: 2, uid: .integer(7), createdAt: .integer(7), location: .text("/b")),
            RowKey(rowID: 2, uid: .integer(7), createdAt: .text("7"), location: .text("/b")),
            RowKey(rowID: 3, uid: .text("x"), createdAt: .real(1.5), location: .text("/c")),
        ])
        #expect(outcomes == [.changed, .changed, .changed, .marked, .marked])
    }

    @Test(
        "Whatever a column holds, the row that was read can be marked",
        arguments: ["TEXT", "INTEGER", "TIMESTAMP", "REAL", "BLOB", ""],
        [
            "'plain'", "''", "NULL", "42", "-1.5", "'42'", "x'00FF'", "x''", "CAST(x'FF41' AS TEXT)",
            "'nul' || char(0) || 'x'",
            "9223372036854775807", "1e300", "'größe'",
        ])
    func anyValue(type: String, value: String) async throws {
        let database = try TemporaryDatabase(
            """
            CREATE TABLE files (
                uid \(type), created_at \(type), file_location \(type), size_bytes, archived \(type == "REAL" ? "" : type)
            )
            """, "INSERT INTO files VALUES (\(value), \(value), \(value), \(value), 0)",
            "INSERT INTO files VALUES ('z', '2024-01-01', 'z', 1, 0)", TemporaryDatabase.index)
        let catalog = database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: 1)
        try #require(rows.count == 2)
        #expect(try await catalog.mark(rows.map(\.key)) == [.marked, .marked])
        #expect(try await catalog.mark(rows.map(\.key)) == [.alreadyMarked, .alreadyMarked])
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows().isEmpty)
    }

    @Test("Identical rows without a rowid are marked together")
    func identicalRows() async throws {
        let database = try TemporaryDatabase(
            "CREATE TABLE base (uid, created_at, file_location, size_bytes, archived)",
            "INSERT INTO base VALUES ('a', 1, '/a', 1, 0), ('a', 1, '/a', 1, 0)",
            "CREATE VIEW files AS SELECT * FROM base",
            """
            CREATE TRIGGER mark INSTEAD OF UPDATE ON files BEGIN
                UPDATE base SET archived = new.archived WHERE uid = old.uid;
            END
            """)
        let catalog = database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(rows.count == 2)
        #expect(try await catalog.mark([rows[0].key]) == [.marked])
        #expect(try database.integer("SELECT sum(archived) FROM base") == 2)
    }

    @Test("A view without a trigger is refused before anything is packed, but can be counted")
    func viewWithoutTrigger() async throws {
        let database = try TemporaryDatabase(
            "CREATE TABLE base (uid, created_at, file_location, size_bytes, archived)",
            "INSERT INTO base VALUES ('a', 1, '/a', 1, 0)", "CREATE VIEW files AS SELECT * FROM base")
        let error = await catalogError { try await database.catalog().checkSchema() }
        #expect(error?.code == .notMarkable)
        #expect(error?.description.contains("INSTEAD OF UPDATE") == true)
        let reader = database.catalog(access: .readOnly)
        try await reader.checkSchema()
        #expect(try await reader.statistics(olderThan: .latest).totalFiles == 1)
        #expect(try await reader.pendingRows(olderThan: .latest).allRows().uids == ["a"])
    }

    @Test("A row that a constraint or trigger refuses does not stop the others")
    func refusedRows() async throws {
        let database = try TemporaryDatabase(
            TemporaryDatabase.defaultTable, Self.threeRows,
            """
            CREATE TRIGGER guard BEFORE UPDATE ON files WHEN old.uid = 'a' BEGIN SELECT RAISE(ABORT, 'on hold'); END
            """,
            "CREATE TRIGGER skip BEFORE UPDATE ON files WHEN old.uid = 'b' BEGIN SELECT RAISE(IGNORE); END")
        let outcomes = try await database.catalog().mark([key(1, "a"), key(2, "b"), key(3, "c")])
        #expect(outcomes[0] == .refused(reason: "on hold"))
        #expect(outcomes[1] == .refused(reason: "a trigger of the database left the row pending"))
        #expect(outcomes[2] == .marked)
        #expect(try database.integer("SELECT id FROM files WHERE archived = 1") == 3)
    }

    @Test("A row whose trigger rolls the transaction back does not stop the others")
    func rollback() async throws {
        let database = try TemporaryDatabase(
            TemporaryDatabase.defaultTable, Self.threeRows,
            "CREATE TRIGGER stop BEFORE UPDATE ON files WHEN old.uid = 'b' BEGIN SELECT RAISE(ROLLBACK, 'stop'); END")
        let catalog = database.catalog()
        let keys = [key(1, "a"), key(2, "b"), key(3, "c")]
        #expect(try await catalog.mark(keys) == [.marked, .refused(reason: "stop"), .marked])
        #expect(try database.integer("SELECT count(*) FROM files WHERE archived = 1") == 2)
        try database.execute("DROP TRIGGER stop")
        #expect(try await catalog.mark(keys) == [.alreadyMarked, .marked, .alreadyMarked])
    }

    @Test("A lock of another connection is a transient error, and the mark succeeds once it is gone")
    func locked() async throws {
        let database = try TemporaryDatabase(TemporaryDatabase.defaultTable, Self.threeRows, "BEGIN EXCLUSIVE")
        let catalog = database.catalog(busyTimeout: .milliseconds(50))
        for _ in 0..<2 {
            let error = await catalogError { _ = try await catalog.mark([key(1, "a")]) }
            #expect(error?.code == .locked)
            #expect(error?.isTransient == true)
        }
        try database.execute("ROLLBACK")
        #expect(try await catalog.mark([key(1, "a")]) == [.marked])

        try database.execute("BEGIN IMMEDIATE")
        #expect(await catalogError { _ = try await catalog.mark([key(2, "b")]) }?.isTransient == true)
        #expect(try await catalog.statistics(olderThan: .latest).totalFiles == 2)
        try database.execute("COMMIT")
        #expect(try await catalog.mark([key(2, "b")]) == [.marked])
    }

    @Test("Waiting for a lock ends at once when the task is cancelled")
    func cancelledWait() async throws {
        let database = try TemporaryDatabase(TemporaryDatabase.defaultTable, Self.threeRows)
        let catalog = database.catalog(busyTimeout: .seconds(600))
        try await catalog.checkSchema()
        try database.execute("BEGIN EXCLUSIVE")
        await #expect(throws: CancellationError.self) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await catalog.mark([key(1, "a")]) }
                group.cancelAll()
                try await group.waitForAll()
            }
        }
        try database.execute("ROLLBACK")
        #expect(try await catalog.mark([key(1, "a")]) == [.marked])
    }

    @Test("A catalog that cannot be written is reported as read-only")
    func readOnly() async throws {
        let database = try TemporaryDatabase(TemporaryDatabase.defaultTable, Self.threeRows)
        let reader = database.catalog(access: .readOnly)
        #expect(await catalogError { _ = try await reader.mark([key(1, "a")]) }?.code == .readOnly)

        // Nothing is written to a file that has been moved away: it is no longer the catalog.
        let writer = database.catalog()
        try await writer.checkSchema()
        try FileManager.default.moveItem(atPath: database.path, toPath: database.path + ".moved")
        #expect(await catalogError { _ = try await writer.mark([key(1, "a")]) }?.code == .replaced)
        try FileManager.default.moveItem(atPath: database.path + ".moved", toPath: database.path)
        #expect(try await writer.mark([key(1, "a")]) == [.marked])
    }

    @Test("The journal mode of the file stays as it is", arguments: ["delete", "wal", "truncate"])
    func journalMode(mode: String) async throws {
        let database = try TemporaryDatabase(
            "PRAGMA journal_mode = \(mode)", TemporaryDatabase.defaultTable, Self.threeRows)
        let catalog = database.catalog()
        #expect(try await catalog.mark([key(1, "a")]) == [.marked])
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows().count == 2)
        await catalog.close()
        #expect(try database.integer("SELECT journal_mode = '\(mode)' FROM pragma_journal_mode") == 1)
    }

    @Test("What a process killed within its transaction has left is rolled back by a scan and by a mark")
    func hotJournal() async throws {
        let database = try TemporaryDatabase(
            "PRAGMA cache_size = 1", TemporaryDatabase.defaultTable,
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
            INSERT INTO files SELECT i, 'uid' || i, '2024-01-01', '/data/' || i, i, 0 FROM n
            """, "BEGIN", "UPDATE files SET archived = 1")
        for name in ["scanned", "marked"] {
            let path = database.folder(name)
            try FileManager.default.copyItem(atPath: database.path, toPath: path)
            try FileManager.default.copyItem(atPath: database.path + "-journal", toPath: path + "-journal")
        }
        let scanned = SQLiteCatalog(
            path: database.folder("scanned"), schema: CatalogSchema(table: "files"),
            access: .readOnly)
        let rows = try await scanned.pendingRows(olderThan: .latest).allRows(pageSize: 1000)
        #expect(rows.count == 5000)
        let marked = SQLiteCatalog(
            path: database.folder("marked"), schema: CatalogSchema(table: "files"))
        let outcomes = try await marked.mark(rows.map(\.key))
        #expect(outcomes.allSatisfy { $0 == .marked })
    }
}
