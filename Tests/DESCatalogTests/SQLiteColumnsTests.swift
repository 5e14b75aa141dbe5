import DESBase
import DESCatalog
import DESCatalogSQLite
import Testing

@Suite("Optional columns and the operator's condition in an SQLite catalog")
struct SQLiteColumnsTests {
    static let table = """
        CREATE TABLE files (
            id INTEGER PRIMARY KEY, uid TEXT, created_at, file_location TEXT, size_bytes INTEGER, archived BOOLEAN,
            archived_at TEXT, shard TEXT, tenant TEXT
        )
        """
    static let rows = """
        INSERT INTO files (id, uid, created_at, file_location, size_bytes, archived, tenant) VALUES
        (1, 'a', '2024-01-01', '/a', 1, 0, 'x'), (2, 'b', '2024-01-02', '/b', 2, 0, 'y'), (3, 'c', '2024-01-03', '/c', 4, 0, NULL),
        (4, 'd', '2024-01-04', '/a', 8, 0, 'y')
        """

    private func schema(where clause: String? = nil, archived: String? = "archived") -> CatalogSchema {
        CatalogSchema(table: "files", archivedColumn: archived, whereClause: clause)
    }

    @Test("Of two columns whose names look alike it is the named one", arguments: ["\u{E9}", "e\u{301}"])
    func lookAlikes(name: String) async throws {
        let database = try TemporaryDatabase(
            "CREATE TABLE files (uid TEXT, created_at TEXT, \"\u{E9}\" TEXT, \"e\u{301}\" TEXT, archived INTEGER)",
            "INSERT INTO files VALUES ('a', '2024-01-01', '/composed', '/combined', 0)")
        let schema = CatalogSchema(table: "files", locationColumn: name, sizeColumn: nil)
        let rows = try await database.catalog(schema: schema).pendingRows(olderThan: .latest).allRows()
        #expect(rows.map(\.key.location) == [.text(name.utf8.count == 2 ? "/composed" : "/combined")])
    }

    @Test("The moment of the mark and the shard are noted beside it")
    func markColumns() async throws {
        let database = try TemporaryDatabase(Self.table, Self.rows)
        var schema = schema()
        schema.archivedAtColumn = "archived_at"
        schema.shardKeyColumn = "shard"
        let catalog = database.catalog(schema: schema)
        try await catalog.checkSchema()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        let marks = [RowMark(key: rows[0].key, shard: "first"), RowMark(key: rows[1].key, shard: "größe 'x'")]
        #expect(try await catalog.mark(marks, within: nil) == [.marked, .marked])
        // A second mark changes neither.
        let again = marks.map { RowMark(key: $0.key, shard: "other") }
        #expect(try await catalog.mark(again, within: nil) == [.alreadyMarked, .alreadyMarked])
        #expect(try database.integer("SELECT count(*) FROM files WHERE shard IN ('first', 'größe ''x''')") == 2)
        #expect(
            try database.integer(
                """
                SELECT count(*) FROM files WHERE archived_at GLOB '20??-??-??T??:??:??.??????Z'
                AND abs(julianday(archived_at) - julianday('now')) < 0.01
                """) == 2)

        schema.shardKeyColumn = "shrad"
        let error = await catalogError { try await database.catalog(schema: schema).checkSchema() }
        #expect(error?.code == .missingColumn)
        #expect(error?.description.contains("shard_key_column") == true)
    }

    @Test("Without an archived column every row is pending, and none can be marked")
    func withoutArchivedColumn() async throws {
        let database = try TemporaryDatabase(
            Self.table, Self.rows, "UPDATE files SET archived = 1 WHERE id = 1", TemporaryDatabase.index)
        let catalog = database.catalog(schema: schema(archived: nil))
        try await catalog.checkSchema()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(rows.uids == ["a", "b", "c", "d"])
        #expect(await catalogError { _ = try await catalog.mark(rows.map(\.key)) }?.code == .notMarkable)
        #expect(try await catalog.statistics(olderThan: .latest).totalFiles == 4)
        let time = try #require(rows[0].key.createdAt.timestamp)
        #expect(try await catalog.recoveredRows(for: [("a", time)]).map { $0.map(\.isArchived) } == [[false]])

        // A view that could not be marked will do.
        try database.execute("CREATE VIEW v AS SELECT * FROM files")
        let view = database.catalog(schema: CatalogSchema(table: "v", archivedColumn: nil))
        try await view.checkSchema()
        #expect(try await view.pendingRows(olderThan: .latest).allRows().count == 4)
    }

    @Test(
        "A condition restricts what is read and marked",
        arguments: [
            "tenant = 'y'", "tenant = 'x' OR tenant = 'y'", "tenant IS NOT NULL -- all of ours", "\"tenant\" <> ''",
        ],
        [TemporaryDatabase.index, "CREATE INDEX i ON files (tenant)", "SELECT 1"])
    func condition(clause: String, index: String) async throws {
        let database = try TemporaryDatabase(Self.table, Self.rows, index)
        let catalog = database.catalog(schema: schema(where: clause))
        try await catalog.checkSchema()
        let all = try await database.catalog(schema: schema()).pendingRows(olderThan: .latest).allRows()
        let expected = clause == "tenant = 'y'" ? ["b", "d"] : ["a", "b", "d"]
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: 1).uids == expected)
        #expect(try await catalog.statistics(olderThan: .latest).totalFiles == Int64(expected.count))
        #expect(try await catalog.pendingDays(olderThan: .latest).count == expected.count)
        let keys = all.compactMap { row in
            row.key.createdAt.timestamp.map { (uid: row.key.uid.uidText ?? "", createdAt: $0) }
        }
        let found = try await catalog.recoveredRows(for: keys)
        #expect(found.map { !$0.isEmpty } == all.uids.map(expected.contains))
        // A source that a row outside of the condition names is still needed.
        #expect(try await catalog.locationsStillPending(["/a", "/c"]) == ["/a", "/c"])
        let outcomes = try await catalog.mark(all.map(\.key))
        #expect(outcomes == all.uids.map { expected.contains($0) ? .marked : .changed })
    }

    @Test("A row that its mark takes out of the condition is still known to be marked")
    func conditionOnTheMark() async throws {
        let database = try TemporaryDatabase(Self.table, Self.rows)
        let catalog = database.catalog(schema: schema(where: "archived = 0"))
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(try await catalog.mark([rows[0].key]) == [.marked])
        #expect(try await catalog.mark([rows[0].key]) == [.alreadyMarked])
        let time = try #require(rows[0].key.createdAt.timestamp)
        #expect(try await catalog.recoveredRows(for: [("a", time)]).map { $0.map(\.isArchived) } == [[true]])
    }

    @Test(
        "What is no condition is refused by name",
        arguments: [
            "", "tenant =", "tennant = 'y'", "1) OR (1", "1; DROP TABLE files", "1 ORDER BY uid", "tenant = ?",
            "tenant = :t",
            "(1", "1)", "/*",
        ])
    func noCondition(clause: String) async throws {
        let database = try TemporaryDatabase(Self.table, Self.rows)
        let error = await catalogError { try await database.catalog(schema: schema(where: clause)).checkSchema() }
        #expect(error?.code == .queryFailed)
        #expect(error?.description.contains("database.where_clause") == true)
        #expect(try database.integer("SELECT count(*) FROM files") == 4)
    }

    @Test("A moment is bound as text in RFC 3339")
    func boundTime() async throws {
        let database = try TemporaryDatabase(
            Self.table,
            "INSERT INTO files (id, uid, created_at, file_location) VALUES (1, 'a', '2024-01-02T03:04:05.000000Z', '/a')"
        )
        let time = try #require(Timestamp(parsing: "2024-01-02T03:04:05Z"))
        let key = RowKey(rowID: 1, uid: .text("a"), createdAt: .time(time), location: .text("/a"))
        #expect(try await database.catalog(schema: schema()).mark([key]) == [.marked])
        #expect(CatalogValue.time(time).uidText == "2024-01-02T03:04:05Z")
        #expect(CatalogValue.time(time).timestamp == time)
    }
}
