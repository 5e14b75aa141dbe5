import DESBase
import DESCatalog
import DESTestSupport
import Testing

@Suite("Keys that PostgreSQL takes for equal")
struct PostgresLooseKeyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let type: String
        let uids: [String]
        var testDescription: String { type }

        init(_ type: String, _ uids: String...) {
            self.type = type
            self.uids = uids
        }
    }

    static let cases = [
        Case("citext", "a.txt", "A.TXT", "b", "B", "a.TXT", "c"), Case("file_name", "a", "A", "b", "B"),
        Case("numeric", "5", "5.0", "5.00", "6", "6.0"), Case("double precision", "0", "-0", "1", "NaN"),
        Case("jsonb", "1.0", "1.00", "2", "{\"a\": 1.0}", "{\"a\": 1}"),
        Case("interval", "1 day", "24:00", "2 days", "48:00"), Case("numeric[]", "{1.0}", "{1}", "{2}"),
        Case("numrange", "[1,2)", "[1.0,2)", "[3,4)"), Case("character(5)", "a", "b", "c"),
        Case("pair", "(1.0,a)", "(1,a)", "(2,a)"), Case("text", "a", "A", "b"),
    ]

    private func database(_ type: String, _ index: String) async throws -> PostgresTestDatabase {
        try await PostgresTestDatabase(
            "CREATE EXTENSION citext", "CREATE DOMAIN file_name AS citext", "CREATE TYPE pair AS (n numeric, t text)",
            """
            CREATE TABLE files (uid \(type), created_at timestamptz, file_location text, size_bytes int,
                archived boolean NOT NULL DEFAULT false)
            """, "CREATE INDEX ON files \(index)", "CREATE INDEX ON files (uid)")
    }

    @Test(
        "Rows whose uids are equal, but not the same, come once each, whatever the page", arguments: cases,
        [1, 2, 3, 7])
    func everyRowOnce(_ given: Case, pageSize: Int) async throws {
        let database = try await database(given.type, "(created_at, uid)")
        for (number, uid) in given.uids.enumerated() {
            try await database.execute(
                "INSERT INTO files VALUES ('\(uid)', '2026-01-31Z', '/f\(number)'), ('\(uid)', '2026-01-31Z', '/g\(number)')"
            )
        }
        let scan = try await database.catalog().pendingRows(olderThan: .latest)
        #expect(scan.pagingNote == nil)
        let rows = try await scan.allRows(pageSize: pageSize)
        #expect(
            rows.compactMap(\.key.location.uidText).sorted()
                == given.uids.indices.flatMap { ["/f\($0)", "/g\($0)"] }.sorted())
    }

    @Test("Rows whose times are equal, but not the same, come once each", arguments: [1, 2, 3])
    func looseTimes(pageSize: Int) async throws {
        let database = try await PostgresTestDatabase(
            "CREATE TABLE files (uid text, created_at numeric, file_location text, size_bytes int, archived boolean)",
            "CREATE INDEX ON files (created_at, uid)",
            """
            INSERT INTO files SELECT 'u' || n / 4, (ARRAY[1700000000, 1700000000.0, 1700000000.00])[1 + n % 3], '/' || n
            FROM generate_series(0, 11) n
            """)
        let rows = try await database.catalog().pendingRows(olderThan: .latest).allRows(pageSize: pageSize)
        #expect(Set(rows.compactMap(\.key.location.uidText)).count == 12)
        #expect(rows.count == 12)
    }

    @Test("Each mark hits the row that was read, and none that is only equal", arguments: cases.dropLast())
    func marks(_ given: Case) async throws {
        let database = try await database(given.type, "(created_at, uid)")
        for uid in given.uids { try await database.execute("INSERT INTO files VALUES ('\(uid)', '2026-01-31Z', '/f')") }
        let catalog = database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        for (number, row) in rows.enumerated() where given.type != "double precision" {
            #expect(try await catalog.mark([row]) == [.marked])
            #expect(try await database.value("SELECT count(*) FROM files WHERE archived") == "\(number + 1)")
        }
    }

    @Test("A type whose operators are outside of the search path is read without them", arguments: [1, 2, 3])
    func hiddenOperators(pageSize: Int) async throws {
        let database = try await PostgresTestDatabase(
            "CREATE SCHEMA elsewhere", "CREATE EXTENSION citext SCHEMA elsewhere",
            """
            CREATE TABLE files (uid elsewhere.citext, created_at timestamptz, file_location text, size_bytes int,
                archived boolean NOT NULL DEFAULT false)
            """, "CREATE INDEX ON files (created_at, uid)",
            "INSERT INTO files SELECT u, '2026-01-31Z', '/' || u FROM unnest(ARRAY['a', 'B', 'b', 'C', 'A', 'c']) u")
        let rows = try await database.catalog().pendingRows(olderThan: .latest).allRows(pageSize: pageSize)
        #expect(rows.uids.sorted() == ["A", "B", "C", "a", "b", "c"])
    }
}

@Suite("Pages of long values in PostgreSQL")
struct PostgresLongValueTests {
    @Test("A page ends early where its values are long, with an index and without", arguments: [true, false])
    func boundedPages(hasIndex: Bool) async throws {
        let database = try await PostgresTestDatabase(
            "CREATE TABLE files (uid text, created_at timestamptz, file_location text, size_bytes int, archived bool, m text)",
            hasIndex ? "CREATE INDEX ON files (created_at, uid)" : "SELECT 1",
            """
            INSERT INTO files SELECT 'u' || lpad(n::text, 4, '0'), timestamptz '2026-01-01Z' + n / 3 * interval '1 s',
                '/' || n, 1, false, CASE WHEN n BETWEEN 200 AND 260 THEN repeat(chr(97 + n % 26), 900000) ELSE 'm' END
            FROM generate_series(0, 399) n
            """)
        let schema = CatalogSchema(table: "files", metaColumns: ["m"])
        let scan = try await database.catalog(schema: schema).pendingRows(olderThan: .latest)
        var uids: [String] = []
        while case let page = try await scan.nextPage(atMost: 1000), !page.isEmpty {
            #expect(page.reduce(0) { $0 + $1.memoryInBytes } < 6_000_000)
            for row in page where row.meta != [.text("m")] { #expect(row.meta[0].memoryInBytes > 900_000) }
            uids += page.uids
        }
        await scan.close()
        #expect(uids == (0..<400).map { "u" + String(10_000 + $0).dropFirst() })
    }

    @Test("A value beyond its limit is not kept, and said to be too long")
    func tooLong() async throws {
        let database = try await PostgresTestDatabase(
            "CREATE TABLE files (uid text, created_at timestamptz, file_location text, size_bytes int, archived bool, m bytea)",
            "CREATE INDEX ON files (created_at, uid)",
            """
            INSERT INTO files VALUES ('a', '2026-01-01Z', repeat('x', 70000), 1, false, NULL), ('b', '2026-01-01Z', '/b', 1, false,
                decode(repeat('00', 1048577), 'hex')), (repeat('c', 70000), '2026-01-01Z', '/c', 1, false, NULL),
            ('d', '2026-01-02Z', '/d', 1, false, NULL)
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
