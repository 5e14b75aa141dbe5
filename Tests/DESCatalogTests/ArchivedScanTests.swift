import DESBase
import DESCatalogPostgres
import DESCatalogSQLite
import DESCatalogWatermark
import Testing

@testable import DESCatalog

@Suite("Reading the marked rows of a catalog", .serialized)
struct ArchivedScanTests {
    /// A type of the archived column, with SQL values of rows that wait, and of rows that are marked.
    struct Column: Sendable, CustomTestStringConvertible {
        let type: String
        let pending: [String]
        let marked: [String]

        var testDescription: String { type }

        /// Rows `m0`, `m1`, … and `p0`, `p1`, …, mixed, an hour apart.
        var values: String {
            let all =
                zip(marked.indices, marked).map { ("m\($0)", $1) }
                + zip(pending.indices, pending).map { ("p\($0)", $1) }
            return all.enumerated().map { position, row in
                let time = "'2024-01-02 \(position < 10 ? "0" : "")\(position):00:00'"
                return "('\(row.0)', \(time), '/\(row.0)', 5, \(row.1))"
            }.joined(separator: ", ")
        }

        var markedUIDs: [String] { marked.indices.map { "m\($0)" } }
        var pendingUIDs: [String] { pending.indices.map { "p\($0)" } }
    }

    private static let all = PendingRange(before: .latest, state: .archived)

    /// The marked rows by pages of two, and the pending ones.
    private func check(_ catalog: any SourceCatalog, _ column: Column) async throws {
        #expect(try await catalog.pendingRows(in: Self.all).allRows(pageSize: 2).uids == column.markedUIDs)
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: 2).uids == column.pendingUIDs)
        // Marking moves a row from one to the other.
        let first = try #require(try await catalog.pendingRows(olderThan: .latest).allRows().first)
        #expect(try await catalog.mark([RowMark(key: first.key, shard: "s")], within: nil) == [.marked])
        let marked = try await catalog.pendingRows(in: Self.all).allRows()
        #expect(marked.uids == column.markedUIDs + ["p0"])
        #expect(marked.last?.size == .integer(5))
        await catalog.close()
    }

    private static let columns = "uid, created_at, file_location, size_bytes, archived"

    // MARK: SQLite

    static let sqliteColumns = [
        Column(type: "BOOLEAN", pending: ["NULL", "0", "false"], marked: ["1", "true", "2"]),
        Column(
            type: "TEXT", pending: ["NULL", "''", "'0'", "'False'", "'f'"], marked: ["'1'", "'t'", "'2024-01-01'"]),
        Column(type: "", pending: ["0", "0.0"], marked: ["1", "'yes'", "x'00'"]),
    ]

    @Test("Marked rows of SQLite, whatever the archived column", arguments: sqliteColumns, [true, false])
    func sqlite(column: Column, hasIndex: Bool) async throws {
        let database = try TemporaryDatabase(
            """
            CREATE TABLE files (
                id INTEGER PRIMARY KEY, uid TEXT, created_at TEXT, file_location TEXT, size_bytes INTEGER,
                archived \(column.type))
            """, hasIndex ? TemporaryDatabase.index : "SELECT 1",
            "INSERT INTO files (\(Self.columns)) VALUES \(column.values)")
        defer { withExtendedLifetime(database) {} }
        let scan = try await database.catalog().pendingRows(in: Self.all)
        #expect((scan.pagingNote == nil) == hasIndex)
        // An index on the pending rows would not help.
        #expect(scan.pagingNote?.contains("WHERE") != true)
        await scan.close()
        try await check(database.catalog(), column)
    }

    @Test("A range of marked rows, with the operator's condition, and those without a time if asked for")
    func sqliteRange() async throws {
        let database = try TemporaryDatabase(
            TemporaryDatabase.defaultTable, TemporaryDatabase.index,
            """
            INSERT INTO files (\(Self.columns)) VALUES ('a', '2024-01-01', '/a', 1, 1), ('b', '2024-01-02', '/b', 1, 1),
            ('c', '2024-01-02T23:59:59Z', '/c', 2, 1), ('d', '2024-01-03', '/d', 1, 1), ('n', NULL, '/n', 1, 1),
            ('p', '2024-01-02', '/p', 1, 0), ('x', 'soon', '/x', 1, 1)
            """)
        defer { withExtendedLifetime(database) {} }
        let from = try #require(Timestamp(parsing: "2024-01-02"))
        let before = try #require(Timestamp(parsing: "2024-01-03"))
        var range = PendingRange(from: from, before: before, includesUndated: false, state: .archived)
        #expect(try await database.catalog().pendingRows(in: range).allRows().uids == ["b", "c"])
        let schema = CatalogSchema(table: "files", whereClause: "size_bytes = 1 -- only these")
        #expect(try await database.catalog(schema: schema).pendingRows(in: range).allRows().uids == ["b"])
        range.includesUndated = true
        #expect(try await database.catalog().pendingRows(in: range).allRows().uids == ["b", "c", "x", "n"])
    }

    @Test("Without an archived column nobody can tell which rows are marked")
    func noColumn() async throws {
        let database = try TemporaryDatabase(TemporaryDatabase.defaultTable)
        defer { withExtendedLifetime(database) {} }
        let catalog = database.catalog(schema: CatalogSchema(table: "files", archivedColumn: nil))
        let error = await catalogError { _ = try await catalog.pendingRows(in: Self.all) }
        #expect(error?.code == .missingColumn)
    }

    // MARK: PostgreSQL

    static let postgresColumns = [
        Column(type: "boolean", pending: ["NULL", "false"], marked: ["true", "true"]),
        Column(type: "boolean NOT NULL", pending: ["false"], marked: ["true", "true", "true"]),
        Column(type: "smallint", pending: ["NULL", "0"], marked: ["1", "-1"]),
        Column(type: "bigint NOT NULL", pending: ["0"], marked: ["1", "7"]),
        Column(type: "double precision", pending: ["NULL", "0"], marked: ["0.5", "'NaN'"]),
        Column(type: "numeric(10, 2)", pending: ["NULL", "0.00"], marked: ["1", "0.01"]),
        Column(type: "text", pending: ["NULL", "''", "'0'", "'False'"], marked: ["'1'", "'yes'"]),
        Column(type: "char(5)", pending: ["NULL", "'0'", "'f'"], marked: ["'1'", "'Y'"]),
        Column(type: "timestamptz", pending: ["NULL"], marked: ["'2024-05-01Z'", "'infinity'"]),
        Column(type: "timestamp", pending: ["NULL"], marked: ["'2024-05-01'"]),
        Column(type: "date", pending: ["NULL"], marked: ["'2024-05-01'"]),
        Column(type: "varchar(20)", pending: ["NULL", "'false'"], marked: ["'t'"]),
    ]

    @Test("Marked rows of PostgreSQL, whatever the archived column", arguments: postgresColumns, [true, false])
    func postgres(column: Column, hasIndex: Bool) async throws {
        let database = try await PostgresTestDatabase(
            """
            CREATE TABLE files (
                id bigserial PRIMARY KEY, uid text, created_at timestamp, file_location text, size_bytes bigint,
                archived \(column.type))
            """, hasIndex ? PostgresTestDatabase.indexes : "SELECT 1",
            "INSERT INTO files (\(Self.columns)) VALUES \(column.values)")
        let catalog = database.catalog()
        let scan = try await catalog.pendingRows(in: Self.all)
        #expect((scan.pagingNote == nil) == hasIndex)
        await scan.close()
        try await check(catalog, column)
    }

    @Test(
        "Times of every type are those of the marked rows",
        arguments: ["timestamptz", "timestamp", "date", "text", "bigint"])
    func postgresTimes(type: String) async throws {
        let database = try await PostgresTestDatabase(
            "CREATE TABLE files (uid uuid, created_at \(type), file_location text, size_bytes numeric, archived boolean)",
            PostgresTestDatabase.indexes)
        let values = (1...6).map { day in
            let time = type == "bigint" ? "2024010\(day)" : "'2024-01-0\(day)'"
            return "('00000000-0000-0000-0000-00000000000\(day)', \(time), '/\(day)', 1, \(day % 2 == 0))"
        }
        try await database.execute("INSERT INTO files VALUES \(values.joined(separator: ", "))")
        let range = PendingRange(
            from: try moment("2024-01-02"), before: try moment("2024-01-06"), includesUndated: false, state: .archived)
        for pageSize in [1, 10] {
            let rows = try await database.catalog().pendingRows(in: range).allRows(pageSize: pageSize)
            #expect(rows.map(\.key.location) == [.text("/2"), .text("/4")])
        }
    }

    // MARK: MariaDB

    static let mariadbColumns = [
        Column(type: "TINYINT NULL", pending: ["NULL", "0"], marked: ["1", "1"]),
        Column(type: "BIT(1) NOT NULL", pending: ["b'0'"], marked: ["b'1'", "b'1'"]),
        Column(type: "VARCHAR(10) NULL", pending: ["NULL", "''", "'0'", "'FALSE'"], marked: ["'1'", "'yes'"]),
        Column(type: "DATETIME NULL", pending: ["NULL"], marked: ["'2024-05-01'"]),
        Column(type: "DECIMAL(5, 2) NULL", pending: ["NULL", "0"], marked: ["1", "0.5"]),
    ]

    @Test(
        "Marked rows of MariaDB, whatever the archived column and the index", arguments: mariadbColumns,
        ["KEY i (created_at, uid)", "KEY i (archived, created_at, uid)", "KEY i (uid)"])
    func mariadb(column: Column, index: String) async throws {
        let database = try ODBCDatabase(
            """
            CREATE TABLE files (
                id BIGINT PRIMARY KEY AUTO_INCREMENT, uid VARCHAR(100), created_at DATETIME(6), file_location VARCHAR(100),
                size_bytes BIGINT, archived \(column.type), \(index))
            """, "INSERT INTO files (\(Self.columns)) VALUES \(column.values)")
        try await check(try database.catalog(), column)
    }

    // MARK: Others

    @Test("A manifest's marked entries are those that this process has marked")
    func manifest() async throws {
        let json = """
            [{"uid": "b", "created_at": "2024-01-02", "source_path": "/b"},
             {"uid": "a", "created_at": "2024-01-01", "source_path": "/a"}]
            """
        let catalog = try ManifestCatalog(json: Array(json.utf8), path: "m.json")
        #expect(try await catalog.pendingRows(in: Self.all).allRows().isEmpty)
        let row = try #require(try await catalog.pendingRows(olderThan: .latest).allRows().last)
        _ = try await catalog.mark([row.key])
        #expect(try await catalog.pendingRows(in: Self.all).allRows().uids == ["b"])
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows().uids == ["a"])
    }

    @Test("Behind a watermark everything is marked but what was set aside, and after it what is packed")
    func watermark() async throws {
        let base = try TemporaryDatabase(
            TemporaryDatabase.defaultTable, TemporaryDatabase.index,
            """
            WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9)
            INSERT INTO files SELECT i + 1, 'u' || i, date('2024-01-01', i || ' days'), '/' || i, 100, NULL FROM n
            """)
        defer { withExtendedLifetime(base) {} }
        let fixture = try ArchiveFixture(.sqlite)
        defer { withExtendedLifetime(fixture) {} }
        let store = fixture.store()
        try await store.prepare()
        let catalog = WatermarkCatalog(
            base: base.catalog(schema: CatalogSchema(table: "files", archivedColumn: nil)), store: store
        )
        #expect(try await catalog.pendingRows(in: Self.all).allRows().isEmpty)
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        let failure = ArchiveFailure(key: rows[1].key, reason: "missing", message: "gone", isPermanent: true)
        _ = try await store.failed([failure], cycle: "1", limit: 1)
        _ = try await catalog.mark([rows[7]].map { RowMark(key: $0.key, shard: "s") }, within: nil)
        #expect(try await catalog.pendingRows(in: Self.all).allRows().uids == ["u7"])
        _ = try await store.setWatermark(until: Timestamp(parsing: "2024-01-04"), lagDays: nil)
        #expect(try await catalog.pendingRows(in: Self.all).allRows(pageSize: 1).uids == ["u0", "u2", "u3", "u7"])
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows().uids == ["u4", "u5", "u6", "u8", "u9"])
        let range = PendingRange(
            from: try #require(Timestamp(parsing: "2024-01-03")),
            before: try #require(Timestamp(parsing: "2024-01-04")),
            state: .archived)
        #expect(try await catalog.pendingRows(in: range).allRows().uids == ["u2"])
    }
}
