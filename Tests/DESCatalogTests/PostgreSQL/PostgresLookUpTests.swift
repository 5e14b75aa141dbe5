import DESBase
import DESCatalog
import DESCatalogPostgres
import DESTestSupport
import Testing

@Suite("Look-ups and statistics of a PostgreSQL catalog")
struct PostgresLookUpTests {
    @Test(
        "Rows are found again by uid and time, whatever type the uid has", arguments: [true, false],
        [
            ("text", "a1"), ("varchar(20)", "a1"), ("integer", "42"), ("bigint", "-9000000000"), ("numeric", "12.50"),
            ("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), ("bytea", "abc"), ("real", "7"), ("char(5)", "ab"),
        ])
    func recovery(hasIndex: Bool, uid: (type: String, text: String)) async throws {
        let database = try await PostgresTestDatabase(
            "CREATE TABLE files (uid \(uid.type), created_at timestamptz, file_location text, size_bytes int, archived boolean)",
            hasIndex ? PostgresTestDatabase.indexes : "SELECT 1",
            """
            INSERT INTO files VALUES ('\(uid.text)', '2024-01-01 00:00:00.000001Z', '/1', 1, true),
            ('\(uid.text)', '2024-01-01 00:00:00.000001Z', '/2', 1, false),
            ('\(uid.text)', '2024-01-01 00:00:00.000002Z', '/3', 1, false), (NULL, '2024-01-01 00:00:00.000001Z', '/4', 1, true)
            """)
        let catalog = database.catalog()
        let time = try moment("2024-01-01T00:00:00.000001Z")
        let found = try await catalog.recoveredRows(for: [
            (uid.text, time), ("no such uid", time), (uid.text, try moment("2024-01-02")), ("77", time),
            (uid.text, time),
        ])
        #expect(found.map(\.count) == [2, 0, 0, 0, 2])
        let rows = found[0].sorted { $0.row.key.location.uidText ?? "" < $1.row.key.location.uidText ?? "" }
        #expect(rows.map(\.isArchived) == [true, false])
        #expect(
            try await catalog.mark(rows.map { RowMark(key: $0.row.key, shard: "s") }, within: nil) == [
                .alreadyMarked, .marked,
            ])
    }

    @Test("Rows are found by times in other forms too")
    func recoveryByText() async throws {
        let database = try await PostgresTestDatabase(
            "CREATE TABLE files (uid text, created_at text, file_location text, size_bytes int, archived boolean)",
            "INSERT INTO files VALUES ('a', '2024-01-01T02:00:00+02:00', '/1', 1, NULL), ('a', '1704067200', '/2', 1, true)"
        )
        let found = try await database.catalog().recoveredRows(for: [("a", try moment("2024-01-01"))])
        #expect(found.map(\.count) == [2])
    }

    @Test("Many keys are looked up at once")
    func manyKeys() async throws {
        let database = try await PostgresTestDatabase(PostgresTestDatabase.defaultTable, PostgresTestDatabase.indexes)
        try await database.insertFiles(20_000)
        let catalog = database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: 10_000)
        let start = ContinuousClock.now
        let found = try await catalog.recoveredRows(
            for: rows.map { ($0.key.uid.uidText ?? "", $0.key.createdAt.timestamp ?? .latest) })
        #expect(found.count == 20_000 && found.allSatisfy { $0.count == 1 })
        let pending = try await catalog.locationsStillPending(rows.map { $0.key.location.uidText ?? "" })
        #expect(pending.count == 20_000)
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    @Test(
        "Locations that a pending row names are told from those that none does", arguments: ["text", "bytea", "name"])
    func locations(type: String) async throws {
        let database = try await PostgresTestDatabase(
            "CREATE TABLE files (uid text, created_at timestamptz, file_location \(type), size_bytes int, archived boolean)",
            "INSERT INTO files VALUES ('a', NULL, '/a', 1, true), ('b', NULL, '/b', 1, false), ('c', NULL, '/a', 1, NULL), ('d', NULL, '/d', 1, true), ('e', NULL, NULL, 1, false)"
        )
        let pending = try await database.catalog().locationsStillPending(["/a", "/b", "/d", "/x", "/b"])
        #expect(pending == ["/a", "/b"])
    }

    @Test(
        "The database counts what a reading of all rows would count",
        arguments: [
            ("text", "bigint", "timestamptz"), ("text", "text", "timestamp"), ("bytea", "real", "date"),
            ("text", "numeric", "text"), ("uuid", "smallint", "timestamptz"),
        ])
    func statistics(uid: String, size: String, time: String) async throws {
        let database = try await PostgresTestDatabase(
            "CREATE TABLE files (uid \(uid), created_at \(time), file_location text, size_bytes \(size), archived boolean)"
        )
        let sizes =
            ["1", "20000", "-5", "NULL"]
            + (size == "text" ? ["'+007'", "'x'", "''", "'9223372036854775808'", "'-0'"] : [])
        let times =
            ["'2024-01-01'", "'2024-01-02'", "'2024-03-01'", "NULL"]
            + (time == "text" ? ["'soon'"] : ["'infinity'", "'-infinity'"])
        let uids =
            uid == "uuid"
            ? ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "NULL"]
            : uid == "bytea" ? ["'u'", "''", "'\\xff'", "NULL"] : ["'u'", "''", "NULL"]
        var rows: [String] = []
        for uid in uids {
            for time in times {
                for size in sizes {
                    for (location, archived) in [
                        ("'/a'", "false"), ("''", "NULL"), ("NULL", "false"), ("'/a'", "true"),
                    ] {
                        rows.append("(\(uid), \(time), \(location), \(size), \(archived))")
                    }
                }
            }
        }
        try await database.execute("INSERT INTO files VALUES \(rows.joined(separator: ", "))")
        let cutoff = try moment("2024-02-01")
        let catalog = database.catalog()
        var expected = CatalogStatistics(hasSizes: true)
        for row in try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: 1000) {
            expected.count(
                time: row.key.createdAt.timestamp, cutoff: cutoff, hasUID: row.key.uid.uidText?.isEmpty == false,
                hasLocation: row.key.location.uidText?.isEmpty == false, size: row.size.integerValue)
        }
        #expect(expected.totalFiles > 0 && expected.rowsAfterCutoff > 0)
        #expect(try await catalog.statistics(olderThan: cutoff) == expected)
        let days = try await catalog.pendingDays(olderThan: cutoff)
        #expect(days.map(\.dayNumber) == [19723, 19724, nil])
        #expect(days.last?.rows == expected.rowsWithoutTime)
        #expect(days.dropLast().map(\.rows).reduce(0, +) == expected.totalFiles)
    }

    @Test("A count that takes too long says which index to create")
    func slowStatistics() async throws {
        let database = try await PostgresTestDatabase(
            """
            CREATE TABLE base (uid text, created_at timestamptz, file_location text, size_bytes int, archived boolean);
            CREATE TABLE files (LIKE base); INSERT INTO files SELECT n::text, now(), '/', 1, false FROM generate_series(1, 1000) n;
            CREATE FUNCTION slow() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN true; END $$
            """)
        var schema = CatalogSchema(table: "files")
        schema.whereClause = "slow()"
        let catalog = database.catalog(schema: schema, limits: .init(fullPass: .milliseconds(100)))
        for count in [0, 1] {
            let error = await catalogError {
                if count == 0 {
                    _ = try await catalog.statistics(olderThan: .latest)
                } else {
                    _ = try await catalog.pendingDays(olderThan: .latest)
                }
            }
            #expect(error?.code == .timedOut)
            #expect(error?.advice?.contains("CREATE INDEX CONCURRENTLY \"files_des_pending\"") == true)
        }
    }
}
