import DESBase
import DESCatalog
import DESCatalogSQLite
import Foundation
import GRDBSQLite
import Testing

@Suite("Scanning the pending rows of an SQLite catalog")
struct SQLiteScanTests {
    /// Which index there is: each leads to another way of paging.
    static let indexes = [
        "CREATE INDEX i ON files (created_at, uid)", "CREATE INDEX i ON files (created_at)", "SELECT 1",
        """
        CREATE INDEX i ON files (created_at, uid)
        WHERE CASE ifnull(archived, 0) WHEN 0 THEN 1 WHEN 1 THEN NULL ELSE CASE trim(archived) COLLATE NOCASE
            WHEN '' THEN 1 WHEN '0' THEN 1 WHEN 'f' THEN 1 WHEN 'fa' THEN 1 WHEN 'fal' THEN 1 WHEN 'fals' THEN 1
            WHEN 'false' THEN 1 WHEN 'n' THEN 1 WHEN 'no' THEN 1 WHEN 'of' THEN 1 WHEN 'off' THEN 1 END END
        """,
    ]

    static let mixedForms = """
        INSERT INTO files (uid, created_at, file_location, size_bytes, archived) VALUES
        ('before 1', '2024-01-01 23:59:59.999999', '/1', 1, 0), ('before 2', 1704153599, '/2', 1, 0),
        ('before 3', 1704153599999, '/3', 1, NULL), ('before 4', '2024-01-02T01:59:59+02:00', '/4', 1, 0),
        ('before 5', 1704153599.5, '/5', 1, 0), ('before 6', '20240101T235959Z', '/6', 1, 'False'),
        ('before 7', '1704153599', '/7', 1, ''), ('before 8', 20240101, '/8', 1, '0'),
        ('at 1', '2024-01-02', '/9', 1, 0), ('at 2', 1704153600, '/10', 1, 0), ('at 3', '2024-01-01T23:00-01:00', '/11', 1, 0),
        ('after', '2024-01-02 00:00:00.000001', '/12', 1, 0), ('archived 1', '2020-01-01', '/13', 1, 1),
        ('archived 2', '2020-01-01', '/14', 1, 'true'), ('archived 3', '2020-01-01', '/15', 1, 't')
        """

    @Test("Times in mixed forms are compared with the cutoff as times", arguments: indexes)
    func cutoff(index: String) async throws {
        let database = try TemporaryDatabase(TemporaryDatabase.defaultTable, Self.mixedForms, index)
        let cutoff = try #require(Timestamp(parsing: "2024-01-02T00:00:00Z"))
        let catalog = database.catalog()
        let rows = try await catalog.pendingRows(olderThan: cutoff).allRows()
        #expect(rows.uids.sorted() == (1...8).map { "before \($0)" })
        let statistics = try await catalog.statistics(olderThan: cutoff)
        #expect(statistics.totalFiles == 8)
        #expect(statistics.rowsAfterCutoff == 4)
        #expect(statistics.oldest?.rfc3339 == "2024-01-01T00:00:00Z")
        #expect(statistics.newest?.rfc3339 == "2024-01-01T23:59:59.999999Z")
    }

    @Test("Without an index the rows come in the order of their times, and the note says which index helps")
    func sortedCopy() async throws {
        let database = try TemporaryDatabase(
            TemporaryDatabase.defaultTable,
            """
            INSERT INTO files (uid, created_at, file_location) VALUES
            ('c', '2024-01-03', '/c'), ('a', 1704067200, '/a'), ('b2', '2024-01-02T01:00:00+01:00', '/b2'),
            ('b1', '20240102', '/b1'), ('d', 'soon', '/d')
            """)
        let catalog = database.catalog()
        let scan = try await catalog.pendingRows(olderThan: .latest)
        #expect(try await scan.allRows(pageSize: 2).uids == ["a", "b1", "b2", "c", "d"])
        let note = try #require(scan.pagingNote)
        let create = try #require(note.range(of: "CREATE INDEX"))
        try database.execute(String(note[create.lowerBound...]))
        let second = try await catalog.pendingRows(olderThan: .latest)
        #expect(second.pagingNote == nil)
        #expect(try await second.allRows(pageSize: 2).count == 5)
    }

    @Test(
        "Rows that tie in time and uid are returned once each, whatever the size of the page", arguments: indexes,
        [1, 7, 1000])
    func ties(index: String, pageSize: Int) async throws {
        let database = try TemporaryDatabase(
            TemporaryDatabase.defaultTable,
            """
            WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 599)
            INSERT INTO files SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE 'uid' || (i % 10) END,
                CASE i / 200 WHEN 0 THEN '2024-01-01' WHEN 1 THEN '2024-01-02' END, '/data/' || i, i, 0 FROM n
            """, index)
        let rows = try await database.catalog().pendingRows(olderThan: .latest).allRows(pageSize: pageSize)
        #expect(rows.count == 600)
        #expect(Set(rows.map(\.key)).count == 600)
        #expect(rows.suffix(200).allSatisfy { $0.key.createdAt == .null })
    }

    @Test("A hundred thousand rows of one time are paged without loss")
    func manyTies() async throws {
        for index in [TemporaryDatabase.index, "SELECT 1"] {
            let database = try TemporaryDatabase(
                TemporaryDatabase.defaultTable,
                """
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
                INSERT INTO files SELECT i, 'same', 1704067200, '/data/' || i, i, 0 FROM n
                """, index)
            let rows = try await database.catalog().pendingRows(olderThan: .latest).allRows(pageSize: 1000)
            #expect(Set(rows.map(\.size)).count == 100_000)
            #expect(rows.count == 100_000)
        }
    }

    @Test("Rows with a NULL, empty or unreadable key are returned once", arguments: indexes)
    func unusableRows(index: String) async throws {
        let database = try TemporaryDatabase(
            TemporaryDatabase.defaultTable,
            """
            INSERT INTO files (uid, created_at, file_location, size_bytes) VALUES
            (NULL, '2024-01-01', '/1', 1), ('', '2024-01-01', '/2', 1), ('a', NULL, '/3', 1), ('b', 'soon', '/4', 1),
            ('c', '', '/5', 1), ('d', '2024-01-01', NULL, 1), ('e', '2024-01-01', '', 1), (NULL, NULL, NULL, NULL),
            ('good', '2024-01-01', '/6', -3), (x'FF', '2024-01-01', '/7', NULL), (NULL, '2030-01-01', '/8', 1)
            """, index)
        let catalog = database.catalog()
        let cutoff = try #require(Timestamp(parsing: "2025-01-01"))
        let rows = try await catalog.pendingRows(olderThan: cutoff).allRows(pageSize: 2)
        #expect(rows.count == 10)
        #expect(Set(rows.map(\.key.rowID)).count == 10)
        let statistics = try await catalog.statistics(olderThan: cutoff)
        #expect(statistics.totalFiles == 6)
        #expect(statistics.totalSizeInBytes == 4)
        #expect(statistics.rowsWithUnusableKey == 9)
        #expect(statistics.rowsWithoutUID == 4)
        #expect(statistics.rowsWithoutTime == 4)
        #expect(statistics.rowsWithoutLocation == 3)
        #expect(statistics.rowsWithoutSize == 2)
        #expect(statistics.rowsAfterCutoff == 1)
    }

    @Test("At most a thousand rows without a time are returned", arguments: indexes)
    func nullTimeLimit(index: String) async throws {
        let database = try TemporaryDatabase(
            TemporaryDatabase.defaultTable,
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
            INSERT INTO files SELECT i, 'uid' || i, NULL, '/data/' || i, i, 0 FROM n
            """, index)
        let catalog = database.catalog()
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: 300).count == 1000)
        #expect(try await catalog.statistics(olderThan: .latest).rowsWithoutTime == 1500)
    }

    static let otherSources = [
        """
        CREATE TABLE files (uid TEXT PRIMARY KEY, created_at, file_location, size_bytes, archived) WITHOUT ROWID;
        CREATE INDEX i ON files (created_at, uid);
        """,
        """
        CREATE TABLE files (uid TEXT, created_at TEXT, file_location, size_bytes, archived, PRIMARY KEY (created_at, uid))
        WITHOUT ROWID;
        """,
        "CREATE TABLE files (uid TEXT PRIMARY KEY, created_at, file_location, size_bytes, archived) WITHOUT ROWID;",
        """
        CREATE TABLE base (uid TEXT, created_at, file_location, size_bytes, archived);
        CREATE VIEW files AS SELECT * FROM base;
        CREATE TRIGGER fill INSTEAD OF INSERT ON files BEGIN
            INSERT INTO base VALUES (new.uid, new.created_at, new.file_location, new.size_bytes, new.archived);
        END;
        CREATE TRIGGER mark INSTEAD OF UPDATE ON files BEGIN
            UPDATE base SET archived = new.archived WHERE uid = old.uid;
        END;
        """,
        "CREATE TABLE files (uid, rowid, _rowid_, oid, created_at, file_location, size_bytes, archived);",
        "CREATE TABLE files (uid INTEGER PRIMARY KEY, created_at INTEGER, file_location, size_bytes, archived);",
    ]

    @Test(
        "Tables without rowid, views and tables that hide their rowid are scanned and marked", arguments: otherSources)
    func scansAndMarks(definition: String) async throws {
        let database = try TemporaryDatabase(
            definition,
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
            INSERT INTO files (uid, created_at, file_location, size_bytes, archived)
            SELECT i, '2024-01-0' || (i % 5 + 1), '/data/' || i, i, i > 90 FROM n
            """)
        let catalog = database.catalog()
        try await catalog.checkSchema()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: 8)
        #expect(rows.count == 90)
        #expect(Set(rows.uids).count == 90)
        #expect(rows.compactMap(\.key.createdAt.timestamp) == rows.compactMap(\.key.createdAt.timestamp).sorted())
        var keys = rows.map(\.key)
        keys[1].location = .text("/elsewhere")
        let outcomes = try await catalog.mark(keys + [keys[0]])
        #expect(outcomes == [.marked, .changed] + Array(repeating: .marked, count: 88) + [.alreadyMarked])
        #expect(try database.integer("SELECT count(*) FROM files WHERE archived = 0") == 1)
    }

    @Test("Marking while scanning neither loses nor repeats a row", arguments: indexes, ["delete", "wal"])
    func markingWhileScanning(index: String, journalMode: String) async throws {
        let database = try TemporaryDatabase(
            "PRAGMA journal_mode = \(journalMode)", TemporaryDatabase.defaultTable,
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
            INSERT INTO files SELECT i, 'uid' || i, 1704067200 + i / 100, '/data/' || i, i, 0 FROM n
            """, index)
        // A lock that is held from one page to the next would make the marks fail at once.
        let catalog = database.catalog(busyTimeout: .zero)
        let scan = try await catalog.pendingRows(olderThan: .latest)
        var uids: Set<String> = []
        while true {
            let page = try await scan.nextPage(atMost: 64)
            if page.isEmpty { break }
            uids.formUnion(page.uids)
            let outcomes = try await catalog.mark(page.map(\.key))
            #expect(outcomes.allSatisfy { $0 == .marked })
        }
        await scan.close()
        #expect(uids.count == 5000)
        #expect(try database.integer("SELECT count(*) FROM files WHERE archived = 1") == 5000)
    }

    @Test(
        "Two hundred thousand rows are scanned page by page", arguments: [TemporaryDatabase.index, "SELECT 1"])
    func manyPages(index: String) async throws {
        let database = try TemporaryDatabase(
            TemporaryDatabase.defaultTable,
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
            INSERT INTO files SELECT i, 'uid' || i, 1704067200 + (i * 7919) % 200000,
                '/data/' || i || '/' || hex(zeroblob(400)), i, 0 FROM n
            """, index)
        let scan = try await database.catalog().pendingRows(olderThan: .latest)
        var count = 0
        while true {
            let page = try await scan.nextPage(atMost: 1000)
            if page.isEmpty { break }
            count += page.count
            #expect(page.count <= 1000)
        }
        await scan.close()
        #expect(count == 200_000)
    }

    @Test("A cancelled scan ends with a cancellation, and the catalog stays usable")
    func cancellation() async throws {
        let database = try TemporaryDatabase(
            TemporaryDatabase.defaultTable, "INSERT INTO files (uid, created_at) VALUES ('a', 1)")
        let catalog = database.catalog()
        let scan = try await catalog.pendingRows(olderThan: .latest)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await scan.nextPage(atMost: 10)
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await scan.allRows().uids == ["a"])
    }
}
