import DESBase
import DESCatalog
import DESCatalogPostgres
import DESTestSupport
import Testing

@Suite("Reading pending rows of a PostgreSQL catalog")
struct PostgresScanTests {
    @Test("A hundred thousand rows with one timestamp come once each", arguments: [true, false])
    func oneTimestamp(hasIndex: Bool) async throws {
        let database = try await PostgresTestDatabase(
            PostgresTestDatabase.defaultTable, hasIndex ? PostgresTestDatabase.indexes : "SELECT 1")
        try await database.execute(
            """
            INSERT INTO files (uid, created_at, file_location)
            SELECT md5(n::text), '2024-01-01Z', '/' || n FROM generate_series(1, 100000) n
            """)
        let rows = try await database.catalog().pendingRows(olderThan: .latest).allRows(pageSize: 1000)
        #expect(rows.count == 100_000)
        #expect(Set(rows.map(\.key.uid)).count == 100_000)
    }

    @Test(
        "Rows that share time and uid are neither lost nor repeated, however many a page holds",
        arguments: [1, 2, 3, 5, 64])
    func ties(pageSize: Int) async throws {
        let database = try await PostgresTestDatabase(PostgresTestDatabase.defaultTable, PostgresTestDatabase.indexes)
        try await database.execute(
            """
            INSERT INTO files (uid, created_at, file_location)
            SELECT chr(97 + n / 20), timestamptz '2024-01-01Z' + (n / 40) * interval '1 day', '/' || n
            FROM generate_series(0, 199) n;
            INSERT INTO files (uid, created_at, file_location) VALUES ('a', '2024-01-01Z', NULL)
            """)
        let rows = try await database.catalog().pendingRows(olderThan: .latest).allRows(pageSize: pageSize)
        #expect(rows.count == 201)
        #expect(Set(rows.map(\.key.location)).count == 201)
        #expect(rows.uids == rows.uids.sorted())
    }

    @Test("Rows that are equal in uid, time and location are marked together", arguments: [1, 2, 3, 10])
    func identicalRows(pageSize: Int) async throws {
        let database = try await PostgresTestDatabase(PostgresTestDatabase.defaultTable, PostgresTestDatabase.indexes)
        try await database.execute(
            """
            INSERT INTO files (uid, created_at, file_location) SELECT 'a', '2024-01-01Z', '/a' FROM generate_series(1, 5);
            INSERT INTO files (uid, created_at, file_location) VALUES ('b', '2024-01-01Z', '/b')
            """)
        let catalog = database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: pageSize)
        #expect(Set(rows.uids) == ["a", "b"])
        let outcomes = try await catalog.mark(rows)
        #expect(outcomes.allSatisfy { $0 == .marked || $0 == .alreadyMarked })
        #expect(try await database.value("SELECT count(*) FROM files WHERE archived IS NOT TRUE") == "0")
    }

    @Test(
        "Rows without uid or time come once each, the undated ones last and only if wanted", arguments: [1, 2, 50],
        [true, false])
    func nulls(pageSize: Int, hasIndex: Bool) async throws {
        let database = try await PostgresTestDatabase(
            PostgresTestDatabase.defaultTable, hasIndex ? PostgresTestDatabase.indexes : "SELECT 1")
        try await database.execute(
            """
            INSERT INTO files (uid, created_at, file_location) VALUES
            ('a', '2024-01-01Z', NULL), (NULL, '2024-01-01Z', '/1'), (NULL, '2024-01-01Z', '/2'), ('b', '2024-01-02Z', '/b'),
            (NULL, '2025-01-01Z', '/late'), (NULL, NULL, '/3'), ('n', NULL, '/n'), ('i', 'infinity', '/i'),
            ('m', '-infinity', '/m'), ('bc', '0044-03-15 00:00:00Z BC', '/bc'), ('far', '12024-05-06 07:08:09.5Z', '/far')
            """)
        let catalog = database.catalog()
        let before = try moment("2024-06-01")
        let rows = try await catalog.pendingRows(olderThan: before).allRows(pageSize: pageSize)
        #expect(rows.count == 10)
        #expect(Set(rows.uids) == ["a", "b", "NULL", "n", "i", "m", "bc", "far"])
        #expect(rows.filter { $0.key.uid == .null }.count == 3)
        #expect(rows.suffix(6).allSatisfy { $0.key.createdAt.timestamp == nil })
        let times = Set(rows.suffix(6).map(\.key.createdAt))
        #expect(
            times == [
                .null, .text("infinity"), .text("-infinity"), .text("0044-03-15 00:00:00+00 BC"),
                .text("12024-05-06 07:08:09.500+00"),
            ])
        let dated = try await catalog.pendingRows(in: PendingRange(before: before, includesUndated: false)).allRows()
        #expect(dated.count == 4)
        // Even these rows can be marked exactly.
        #expect(Set(try await catalog.mark(rows)) == [.marked])
        #expect(
            try await database.value("SELECT string_agg(file_location, ' ') FROM files WHERE NOT archived") == "/late")
    }

    @Test(
        "A range takes its first moment and leaves its end",
        arguments: ["timestamptz", "timestamp", "date", "text", "bigint"])
    func ranges(type: String) async throws {
        let database = try await PostgresTestDatabase(
            "CREATE TABLE files (uid text, created_at \(type), file_location text, size_bytes int, archived int)",
            PostgresTestDatabase.indexes)
        let values = (1...5).map { day in
            let text = type == "bigint" ? "2024010\(day)" : "'2024-01-0\(day)'"
            return "('\(day)', \(text), '/\(day)', 1, 0)"
        }
        try await database.execute("INSERT INTO files VALUES \(values.joined(separator: ", "))")
        let range = PendingRange(from: try moment("2024-01-02"), before: try moment("2024-01-04"))
        for pageSize in [1, 2, 10] {
            let rows = try await database.catalog().pendingRows(in: range).allRows(pageSize: pageSize)
            #expect(rows.uids == ["2", "3"])
        }
    }

    @Test("Texts that are times in any form are read, filtered by what they mean, and those that are none come too")
    func textTimes() async throws {
        let database = try await PostgresTestDatabase(
            "CREATE TABLE files (uid text, created_at text, file_location text, size_bytes text, archived text)",
            PostgresTestDatabase.indexes,
            """
            INSERT INTO files VALUES ('a', '2024-01-01T00:00:00Z', '/a', '5', NULL), ('b', '1704153600', '/b', 'x', ''),
            ('c', '20240105', '/c', NULL, '0'), ('d', 'soon', '/d', '1', 'f'), ('e', NULL, '/e', '1', 'False'),
            ('f', '2030-01-01', '/f', '1', '0'), ('g', '2024-01-01', '/g', '1', 'x')
            """)
        let scan = try await database.catalog().pendingRows(olderThan: moment("2024-02-01"))
        #expect(scan.pagingNote == nil)
        #expect(Set(try await scan.allRows(pageSize: 2).uids) == ["a", "b", "c", "d", "e"])
    }

    @Test("The session's zone and the column's type do not move a time", arguments: ["timestamptz", "timestamp"])
    func zones(type: String) async throws {
        let database = try await PostgresTestDatabase(
            "CREATE TABLE files (uid text, created_at \(type), file_location text, size_bytes int, archived boolean)",
            "INSERT INTO files VALUES ('a', '2024-03-31 02:30:00.123456\(type == "timestamptz" ? "+00" : "")', '/a', 1, false)"
        )
        try await database.execute("ALTER DATABASE \(database.name) SET timezone = 'Europe/Berlin'")
        let catalog = database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(rows.first?.key.createdAt == .time(try moment("2024-03-31T02:30:00.123456Z")))
        #expect(try await catalog.pendingDays(olderThan: .latest).map(\.dayNumber) == [19813])
        #expect(try await catalog.mark(rows) == [.marked])
    }

    @Test(
        "A note says which indexes to create; with them there is none",
        arguments: [
            "boolean NOT NULL", "boolean", "int NOT NULL", "smallint", "text", "varchar(5) NOT NULL", "numeric",
            "timestamptz",
            "char(1)",
        ])
    func notes(archived: String) async throws {
        let table =
            "CREATE TABLE \"Files\" (\"U id\" text, created_at timestamptz NOT NULL, file_location text, archived \(archived))"
        let database = try await PostgresTestDatabase(table)
        let schema = CatalogSchema(table: "Files", uidColumn: "U id", sizeColumn: nil)
        let catalog = database.catalog(schema: schema)
        let note = try #require(try await catalog.pendingRows(olderThan: .latest).pagingNote)
        let statements = note.split(separator: ";").compactMap { part in
            part.firstRange(of: "CREATE INDEX").map { String(part[$0.lowerBound...]) }
        }
        #expect(statements.count == 2)
        for statement in statements { try await database.execute(statement) }
        #expect(try await catalog.pendingRows(olderThan: .latest).pagingNote == nil)
    }

    @Test(
        "An index on the time alone gives pages too, and partial ones of the usual kinds do",
        arguments: [
            "CREATE INDEX i ON files (created_at)", "CREATE INDEX i ON files (created_at, uid) WHERE NOT archived",
            "CREATE INDEX i ON files (created_at, uid) WHERE archived = false",
            "CREATE INDEX i ON files (archived, created_at, uid)",
        ])
    func servedByIndex(index: String) async throws {
        let database = try await PostgresTestDatabase(
            """
            CREATE TABLE files (uid text PRIMARY KEY, created_at timestamptz NOT NULL, file_location text, size_bytes int,
            archived boolean NOT NULL DEFAULT false)
            """, index)
        try await database.execute(
            "INSERT INTO files SELECT 'f' || n, now() - n * interval '1 min', '/' || n, 1 FROM generate_series(1, 50) n"
        )
        let scan = try await database.catalog().pendingRows(olderThan: .latest)
        #expect(scan.pagingNote == nil)
        #expect(try await scan.allRows(pageSize: 7).count == 50)
    }

    @Test(
        "Names are taken as they are: quoted, with dots, in other schemas, in another case",
        arguments: [
            ("Weird \"Table\".x", "Weird \"Table\".x"), ("s p.Files", "s p.Files"), ("\"s p\".\"Files\"", "s p.Files"),
            ("UPPER", "upper"), ("mine.files", "mine.files"),
        ])
    func names(asked: String, real: String) async throws {
        let parts = real.hasPrefix("Weird") ? [real] : real.split(separator: ".").map(String.init)
        let quoted = parts.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ".")
        let database = try await PostgresTestDatabase("SELECT 1")
        if parts.count == 2 { try await database.execute("CREATE SCHEMA \"\(parts[0])\"") }
        try await database.execute(
            """
            CREATE TABLE \(quoted) ("u""id" text, "Created" timestamptz, "loc ation" text, archived boolean);
            INSERT INTO \(quoted) VALUES ('a', '2024-01-01Z', '/a', false)
            """)
        let schema = CatalogSchema(
            table: asked, uidColumn: "u\"id", createdAtColumn: "created", locationColumn: "loc ation", sizeColumn: nil)
        let catalog = database.catalog(schema: schema)
        try await catalog.checkSchema()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(rows.uids == ["a"])
        #expect(try await catalog.mark(rows) == [.marked])
        #expect(try await catalog.statistics(olderThan: .latest).totalFiles == 0)
    }

    @Test(
        "Views, partitioned tables and a condition of the operator's are read and marked",
        arguments: ["view", "partitioned"])
    func kinds(kind: String) async throws {
        let columns =
            "(uid text, created_at timestamptz, file_location text, size_bytes int, archived boolean, kind int)"
        let database = try await PostgresTestDatabase(
            kind == "view"
                ? "CREATE TABLE base \(columns); CREATE INDEX ON base (created_at, uid); CREATE INDEX ON base (uid); CREATE VIEW files AS SELECT * FROM base WHERE uid <> 'hidden'"
                : """
                CREATE TABLE files \(columns) PARTITION BY RANGE (created_at);
                CREATE TABLE f1 PARTITION OF files FOR VALUES FROM ('2024-01-01Z') TO ('2024-02-01Z');
                CREATE TABLE f2 PARTITION OF files FOR VALUES FROM ('2024-02-01Z') TO ('2024-03-01Z');
                CREATE INDEX ON files (created_at, uid); CREATE INDEX ON files (uid)
                """,
            """
            INSERT INTO files SELECT 'f' || n, '2024-01-01Z'::timestamptz + n * interval '1 day', '/' || n, n, false, n % 2
            FROM generate_series(10, 49) n
            """)
        var schema = CatalogSchema(table: "files", metaColumns: ["kind", "size_bytes"])
        schema.whereClause = "files.kind = 1 -- the odd ones"
        let catalog = database.catalog(schema: schema)
        try await catalog.checkSchema()
        let scan = try await catalog.pendingRows(olderThan: .latest)
        #expect(scan.pagingNote == nil)
        let rows = try await scan.allRows(pageSize: 3)
        #expect(rows.count == 20)
        #expect(rows[0].meta == [.integer(1), .integer(11)])
        #expect(try await catalog.statistics(olderThan: .latest).totalFiles == 20)
        #expect(Set(try await catalog.mark(rows)) == [.marked])
        #expect(try await database.value("SELECT count(*) FROM files WHERE archived") == "20")
    }

    @Test("Rows that are marked, added or deleted while the scan reads do not move the others")
    func changesMeanwhile() async throws {
        let database = try await PostgresTestDatabase(PostgresTestDatabase.defaultTable, PostgresTestDatabase.indexes)
        try await database.insertFiles(1000)
        let catalog = database.catalog()
        let scan = try await catalog.pendingRows(olderThan: .latest)
        var seen: [CatalogRow] = []
        var isDeleted = false
        while case let page = try await scan.nextPage(atMost: 100), !page.isEmpty {
            seen += page
            #expect(Set(try await catalog.mark(page)) == [.marked])
            if seen.count >= 300, !isDeleted {
                isDeleted = true
                try await database.execute("DELETE FROM files WHERE id > 900")
            }
        }
        #expect(seen.count == 900)
        #expect(Set(seen.uids).count == 900)
    }

    @Test("Fewer rows may be asked for than before")
    func shrinkingPages() async throws {
        let database = try await PostgresTestDatabase(PostgresTestDatabase.defaultTable, PostgresTestDatabase.indexes)
        try await database.insertFiles(100)
        let scan = try await database.catalog().pendingRows(olderThan: .latest)
        var uids: [String] = []
        for count in [50, 7, 1, 30, 100, 100] {
            let page = try await scan.nextPage(atMost: count)
            #expect(page.count <= count)
            uids += page.uids
        }
        #expect(uids.count == 100 && Set(uids).count == 100 && uids == uids.sorted())
        await scan.close()
    }

    @Test(
        "A scan of pages goes on after a restart of the server; one through a cursor says that it cannot",
        arguments: [true, false])
    func restart(hasIndex: Bool) async throws {
        let server = try await Blocking.run { try PostgresTestServer.start() }
        let database = try await PostgresTestDatabase(
            PostgresTestDatabase.defaultTable, hasIndex ? PostgresTestDatabase.indexes : "SELECT 1", on: server)
        try await database.insertFiles(1000)
        let scan = try await database.catalog().pendingRows(olderThan: .latest)
        var uids = try await scan.nextPage(atMost: 100).uids
        try await Blocking.run { try server.kill() }
        // A page that was read ahead may still come.
        let error = await catalogError {
            while case let page = try await scan.nextPage(atMost: 100), !page.isEmpty { uids += page.uids }
        }
        #expect(error?.code == .unreachable)
        #expect(error?.isTransient == true)
        #expect(uids.count <= 200)
        try await Blocking.run { try server.start() }
        if hasIndex {
            while case let page = try await scan.nextPage(atMost: 100), !page.isEmpty { uids += page.uids }
            #expect(uids.count == 1000 && Set(uids).count == 1000)
        } else {
            let error = await catalogError { _ = try await scan.nextPage(atMost: 100) }
            #expect(error?.code == .queryFailed)
            #expect(error?.reason.contains("cursor") == true)
        }
        await scan.close()
    }

    @Test("A restart that the scan does not even notice costs no page")
    func quickRestart() async throws {
        let server = try await Blocking.run { try PostgresTestServer.start() }
        let database = try await PostgresTestDatabase(
            PostgresTestDatabase.defaultTable, PostgresTestDatabase.indexes, on: server)
        try await database.insertFiles(500)
        let scan = try await database.catalog().pendingRows(olderThan: .latest)
        var uids: [String] = []
        while case let page = try await scan.nextPage(atMost: 100), !page.isEmpty {
            uids += page.uids
            try await Blocking.run { try server.restart() }
        }
        #expect(uids.count == 500 && Set(uids).count == 500)
    }
}
