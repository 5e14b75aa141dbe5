import DESBase
import DESCatalog
import Testing

@Suite("Keys that SQLite takes for equal, and long values")
struct SQLiteKeyOrderTests {
    static let tables = [
        "uid TEXT COLLATE NOCASE, created_at TEXT, file_location TEXT, size_bytes, archived",
        "uid TEXT COLLATE RTRIM, created_at TEXT COLLATE NOCASE, file_location TEXT, size_bytes, archived",
        "uid, created_at, file_location, size_bytes, archived",
        "uid TEXT COLLATE NOCASE NOT NULL, created_at, file_location, size_bytes, archived, PRIMARY KEY (uid COLLATE BINARY)",
        """
        uid TEXT COLLATE RTRIM NOT NULL, created_at, file_location, size_bytes, archived,
        n TEXT COLLATE NOCASE, PRIMARY KEY (n COLLATE BINARY, uid COLLATE BINARY)
        """,
    ]

    @Test("Rows whose uids are equal by the column come once each, whatever the page", arguments: tables, [1, 2, 3, 7])
    func everyRowOnce(columns: String, pageSize: Int) async throws {
        let hasKey = columns.contains("PRIMARY KEY")
        let database = try TemporaryDatabase(
            "CREATE TABLE files (\(columns))\(hasKey ? " WITHOUT ROWID" : "")", TemporaryDatabase.index)
        let uids = ["'a'", "'A'", "'a '", "'b'", "'B'", "'1'"] + (hasKey ? [] : ["1", "1.0", "x'61'", "x'31'"])
        for uid in uids {
            let more =
                columns.contains("n TEXT COLLATE NOCASE, PRIMARY")
                ? ("uid, created_at, file_location, n", ", 'x'") : ("uid, created_at, file_location", "")
            try database.execute("INSERT INTO files (\(more.0)) VALUES (\(uid), '2026-01-31', '/' || \(uid)\(more.1))")
        }
        let catalog = database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: pageSize)
        #expect(rows.count == uids.count)
        for (number, row) in rows.enumerated() {
            #expect(try await catalog.mark([row.key]) == [.marked])
            #expect(try database.integer("SELECT count(*) FROM files WHERE archived") == Int64(number + 1))
        }
    }

    @Test("A page ends early where its values are long", arguments: [true, false])
    func boundedPages(hasIndex: Bool) async throws {
        let database = try TemporaryDatabase(
            "CREATE TABLE files (uid, created_at, file_location, size_bytes, archived, m)",
            hasIndex ? TemporaryDatabase.index : "SELECT 1",
            """
            WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 99) INSERT INTO files
            SELECT 'u' || n, '2026-01-01', '/' || n, 1, 0, CASE WHEN n > 50 THEN zeroblob(900000) ELSE 'm' END FROM n
            """)
        let schema = CatalogSchema(table: "files", metaColumns: ["m"])
        let scan = try await database.catalog(schema: schema).pendingRows(olderThan: .latest)
        var count = 0
        while case let page = try await scan.nextPage(atMost: 1000), !page.isEmpty {
            #expect(page.reduce(0) { $0 + $1.memoryInBytes } < 6_000_000)
            count += page.count
        }
        await scan.close()
        #expect(count == 100)
    }

    @Test("A value beyond its limit is not kept, and said to be too long")
    func tooLong() async throws {
        let database = try TemporaryDatabase(
            "CREATE TABLE files (uid, created_at, file_location, size_bytes, archived, m)", TemporaryDatabase.index,
            """
            INSERT INTO files VALUES ('a', '2026-01-01', printf('%.*c', 70000, 'x'), 1, 0, 1),
            ('b', '2026-01-01', '/b', 1, 0, zeroblob(1048577)), (printf('%.*c', 70000, 'c'), '2026-01-01', '/c', 1, 0, 1),
            ('d', '2026-01-02', '/d', 1, 0, 1)
            """)
        let schema = CatalogSchema(table: "files", metaColumns: ["m"])
        let rows = try await database.catalog(schema: schema).pendingRows(olderThan: .latest).allRows(pageSize: 1)
        #expect(rows.count == 4)
        #expect(rows[0].key.location == .tooLong(sizeInBytes: 70_000))
        #expect(rows[1].meta == [.tooLong(sizeInBytes: 1_048_577)])
        #expect(rows[2].key.uid == .tooLong(sizeInBytes: 70_000))
        #expect(rows[3].key.uid == .text("d"))
    }
}
