import DESBase
import DESCatalog
import DESCatalogPostgres
import DESPostgres
import DESTestSupport
import Testing

@Suite("Marking rows of a PostgreSQL catalog")
struct PostgresMarkTests {
    private func mark(_ uid: String, _ time: String = "2024-01-01", _ location: String? = nil) throws -> RowMark {
        let key = RowKey(
            rowID: nil, uid: .text(uid), createdAt: .time(try moment(time)), location: .text(location ?? "/" + uid))
        return RowMark(key: key, shard: "s-" + uid)
    }

    private static let threeRows = """
        INSERT INTO files (uid, created_at, file_location, archived) VALUES
        ('a', '2024-01-01Z', '/a', false), ('b', '2024-01-01Z', '/b', NULL), ('c', '2024-01-01Z', '/c', false)
        """

    @Test("Each mark has its outcome, in order, and only pending unchanged rows are marked", arguments: [true, false])
    func outcomes(hasIndex: Bool) async throws {
        let database = try await PostgresTestDatabase(
            PostgresTestDatabase.defaultTable, hasIndex ? PostgresTestDatabase.indexes : "SELECT 1", Self.threeRows)
        try await database.execute("UPDATE files SET file_location = '/new' WHERE uid = 'b'")
        let marks = [
            try mark("c"), try mark("b"), try mark("a"), try mark("x"), try mark("a", "2024-01-02"), try mark("a"),
        ]
        let outcomes = try await database.catalog().mark(marks, within: nil)
        #expect([outcomes[0], outcomes[1], outcomes[3], outcomes[4]] == [.marked, .changed, .changed, .changed])
        #expect(Set([outcomes[2], outcomes[5]]) == [.marked, .alreadyMarked])
        #expect(try await database.value("SELECT string_agg(uid, '' ORDER BY uid) FROM files WHERE archived") == "ac")
        #expect(try await database.catalog().mark([RowMark](), within: nil).isEmpty)
    }

    @Test(
        "Whatever type a column has, the row that was read can be marked",
        arguments: [
            ("text", "'größe'"), ("text", "''"), ("varchar(40)", "'v'"), ("char(9)", "'code'"), ("bit(3)", "B'101'"),
            ("varbit", "B'1'"), ("integer", "-7"),
            ("smallint", "7"), ("bigint", "9223372036854775807"), ("numeric", "12.50"), ("real", "0.1"),
            ("double precision", "1e300"), ("double precision", "'NaN'"),
            ("uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'"),
            ("bytea", "'\\x00ff41'"), ("bytea", "''"), ("timestamptz", "'2024-05-06 07:08:09.123456+02'"),
            ("timestamp", "'2024-05-06 07:08:09.123456'"), ("timestamp", "'infinity'"),
            ("timestamptz", "'0044-03-15 12:00:00.5+00 BC'"), ("date", "'2024-05-06'"), ("date", "'-infinity'"),
            ("date", "'20240-05-06'"), ("boolean", "true"), ("mood", "'happy'"), ("inet", "'10.0.0.1/8'"),
            ("json", "'{\"a\": 1}'"), ("posint", "5"), ("label", "'l'"), ("text[]", "'{a,NULL}'"),
            ("interval", "'1 day 2 s'"),
            ("text COLLATE loose", "'Ab'"), ("name", "'n'"), ("xid", "'5'"), ("text", "NULL"), ("bigint", "NULL"),
        ])
    func anyType(type: String, value: String) async throws {
        let database = try await PostgresTestDatabase(
            "CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN posint AS int CHECK (value > 0)",
            "CREATE DOMAIN inner_label AS text; CREATE DOMAIN label AS inner_label NOT NULL",
            "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
            """
            CREATE TABLE files (uid \(type), created_at \(type), file_location \(type), size_bytes \(type), archived int)
            """, "INSERT INTO files VALUES (\(value), \(value), \(value), \(value), 0)",
            type == "json" || type == "xid" ? "SELECT 1" : PostgresTestDatabase.indexes)
        let catalog = database.catalog(schema: CatalogSchema(table: "files", metaColumns: ["size_bytes"]))
        try await catalog.checkSchema()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: 1)
        try #require(rows.count == 1)
        #expect("\(rows[0].meta)" == "\([rows[0].key.uid])")
        #expect(try await catalog.mark(rows) == [.marked])
        #expect(try await catalog.mark(rows) == [.alreadyMarked])
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows().isEmpty)
    }

    @Test(
        "Every type of an archived column is read and set", arguments: [true, false],
        [
            "boolean", "smallint", "bigint", "numeric", "real", "text", "varchar(5)", "char(1)", "bit(1)",
            "timestamptz",
            "date",
        ])
    func archivedTypes(isNotNull: Bool, type: String) async throws {
        let isTime = type == "timestamptz" || type == "date"
        if isNotNull && isTime { return }
        let database = try await PostgresTestDatabase(
            "CREATE TABLE files (uid text, created_at date, file_location text, size_bytes int, archived \(type))",
            "INSERT INTO files VALUES ('a', '2024-01-01', '/a', 1, \(isTime ? "NULL" : type == "boolean" ? "false" : "'0'"))",
            isNotNull
                ? "ALTER TABLE files ALTER archived SET NOT NULL" : "INSERT INTO files VALUES ('b', '2024-01-01', '/b')"
        )
        let catalog = database.catalog()
        try await catalog.checkSchema()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(rows.uids == (isNotNull ? ["a"] : ["a", "b"]))
        #expect(Set(try await catalog.mark(rows)) == [.marked])
        #expect(Set(try await catalog.mark(rows)) == [.alreadyMarked])
        #expect(try await catalog.statistics(olderThan: .latest).totalFiles == 0)
    }

    @Test("Texts in another encoding, or in none, are read and marked", arguments: ["SQL_ASCII", "LATIN1"])
    func encodings(encoding: String) async throws {
        let original = try await PostgresTestDatabase()
        let (server, name) = (original.server, original.name + "e")
        try await original.execute(
            "CREATE DATABASE \(name) ENCODING '\(encoding)' LOCALE 'C' TEMPLATE template0")
        let bytes = "convert_from('\\xe4ff'::bytea, '\(encoding)')"
        _ = try await Blocking.run {
            try server.psql(
                "\(PostgresTestDatabase.defaultTable); INSERT INTO files (uid, created_at, file_location) VALUES (\(bytes), now(), '/' || \(bytes))",
                database: name)
        }
        let catalog = PostgresCatalog(
            conninfo: server.postgresURL(database: name), schema: CatalogSchema(table: "files"))
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(rows.map(\.key.uid) == [encoding == "LATIN1" ? .text("äÿ") : .blob([0xE4, 0xFF])])
        #expect(try await catalog.mark(rows) == [.marked])
    }

    @Test(
        "Only exactly equal values are the row that was read", arguments: ["citext", "text COLLATE loose", "numeric"])
    func exactValues(type: String) async throws {
        let database = try await PostgresTestDatabase(
            "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
            type == "citext" ? "CREATE EXTENSION citext" : "SELECT 1",
            "CREATE TABLE files (uid \(type), created_at timestamptz, file_location text, size_bytes int, archived int)",
            "INSERT INTO files VALUES ('\(type == "numeric" ? "1.0" : "Ab")', '2024-01-01Z', '/x', 1, 0)")
        let (same, other) = type == "numeric" ? ("1.0", "1.00") : ("Ab", "aB")
        let catalog = database.catalog()
        let marks = [try mark(other, "2024-01-01", "/x"), try mark(same, "2024-01-01", "/x")]
        #expect(try await catalog.mark(marks, within: nil) == [.changed, .marked])
    }

    @Test(
        "The moment of the mark and the shard are noted where columns are given for them",
        arguments: ["timestamptz", "bigint", "text"])
    func furtherColumns(type: String) async throws {
        let database = try await PostgresTestDatabase(
            """
            CREATE TABLE files (uid text, created_at timestamptz, file_location text, archived text,
            moved_at \(type), shard varchar(20))
            """, "INSERT INTO files VALUES ('a', '2024-01-01Z', '/a', ''), ('b', '2024-01-01Z', '/b', 'false')")
        var schema = CatalogSchema(table: "files", sizeColumn: nil)
        schema.archivedAtColumn = "moved_at"
        schema.shardKeyColumn = "shard"
        let catalog = database.catalog(schema: schema)
        try await catalog.checkSchema()
        #expect(try await catalog.pendingRows(olderThan: .latest).pagingNote != nil)
        #expect(
            try await catalog.mark([try mark("a"), try mark("b"), try mark("c")], within: nil) == [
                .marked, .marked, .changed,
            ])
        #expect(
            try await database.value("SELECT uid, archived, moved_at IS NOT NULL, shard FROM files ORDER BY uid")
                == "a|1|t|s-a\nb|1|t|s-b")
    }

    @Test("A row that a constraint or a trigger refuses does not hold up the others")
    func refusedRows() async throws {
        let database = try await PostgresTestDatabase(
            PostgresTestDatabase.defaultTable, PostgresTestDatabase.indexes,
            """
            ALTER TABLE files ADD CONSTRAINT keep CHECK (uid <> 'f000007' OR NOT archived);
            CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF new.uid = 'f000033' THEN RAISE 'not this one'; END IF;
                IF new.uid = 'f000050' THEN RETURN NULL; END IF;
                RETURN new;
            END $$;
            CREATE TRIGGER guard BEFORE UPDATE ON files FOR EACH ROW EXECUTE FUNCTION guard()
            """)
        try await database.insertFiles(100)
        let catalog = database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: 100)
        let outcomes = try await catalog.mark(rows)
        var refused: [String: String] = [:]
        for (row, outcome) in zip(rows, outcomes) where outcome != .marked {
            if case .refused(let reason) = outcome { refused[row.key.uid.uidText ?? ""] = reason }
        }
        #expect(refused.keys.sorted() == ["f000007", "f000033", "f000050"])
        #expect(refused["f000007"]?.contains("keep") == true)
        #expect(refused["f000033"] == "not this one")
        #expect(refused["f000050"]?.contains("trigger") == true)
        #expect(try await database.value("SELECT count(*) FROM files WHERE archived") == "97")
    }

    @Test("A row that another transaction holds is waited for, without holding others, and then reported")
    func lockedRow() async throws {
        let database = try await PostgresTestDatabase(PostgresTestDatabase.defaultTable, PostgresTestDatabase.indexes)
        try await database.insertFiles(1000)
        let other = PostgresConnection(PostgresSettings(database.server.postgresURL(database: database.name)))
        let holder = Task {
            try await other.run("cannot hold") {
                try $0.execute("BEGIN; UPDATE files SET size_bytes = 1 WHERE uid = 'f000500'; SELECT pg_sleep(60)")
            }
        }
        try await waitUntil {
            try await database.value(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
                == "1"
        }
        let short = database.catalog(limits: .init(lockWait: .milliseconds(300)))
        let rows = try await short.pendingRows(olderThan: .latest).allRows(pageSize: 1000)
        let outcomes = try await short.mark(rows)
        #expect(outcomes.filter { $0 == .marked }.count == 999)
        #expect(outcomes[499] == .refused(reason: "locked by another transaction for 0.3 s"))

        await short.close()
        let patient = database.catalog(limits: .init(lockWait: .seconds(60)))
        let marking = Task { try await patient.mark([rows[499], rows[0], rows[499]]) }
        try await waitUntil {
            try await database.value(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%bool_or%' AND datname = current_database() AND state = 'idle'"
            ) == "1"
        }
        // Nothing is locked while it waits.
        try await database.execute("SET lock_timeout = 1; UPDATE files SET size_bytes = 5 WHERE uid <> 'f000500'")
        holder.cancel()
        await #expect(throws: CancellationError.self) { try await holder.value }
        let late = try await marking.value
        #expect(late[1] == .alreadyMarked)
        #expect(Set([late[0], late[2]]) == [.marked, .alreadyMarked])
    }

    @Test("Rows that are updated or deleted between reading and marking are not taken for what was read")
    func changesMeanwhile() async throws {
        let database = try await PostgresTestDatabase(PostgresTestDatabase.defaultTable, PostgresTestDatabase.indexes)
        try await database.insertFiles(6)
        let catalog = database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        try await database.execute(
            """
            DELETE FROM files WHERE uid = 'f000001'; UPDATE files SET file_location = '/moved' WHERE uid = 'f000002';
            UPDATE files SET created_at = created_at + interval '1 us' WHERE uid = 'f000003';
            UPDATE files SET size_bytes = 77 WHERE uid = 'f000004'; UPDATE files SET archived = true WHERE uid = 'f000005'
            """)
        #expect(try await catalog.mark(rows) == [.changed, .changed, .changed, .marked, .alreadyMarked, .marked])
    }

    @Test("Rows that have left the operator's condition are not marked")
    func condition() async throws {
        let database = try await PostgresTestDatabase(PostgresTestDatabase.defaultTable, PostgresTestDatabase.indexes)
        try await database.insertFiles(3)
        var schema = CatalogSchema(table: "files")
        schema.whereClause = "size_bytes < 10 AND NOT archived"
        let catalog = database.catalog(schema: schema)
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        try await database.execute("UPDATE files SET size_bytes = 77 WHERE uid = 'f000002'")
        #expect(try await catalog.mark(rows) == [.marked, .changed, .marked])
        #expect(try await catalog.mark(rows) == [.alreadyMarked, .changed, .alreadyMarked])
    }

    @Test("Without an archived column every row is pending, and none can be marked")
    func withoutArchivedColumn() async throws {
        let database = try await PostgresTestDatabase(PostgresTestDatabase.defaultTable, PostgresTestDatabase.indexes)
        try await database.insertFiles(3)
        var schema = CatalogSchema(table: "files")
        schema.archivedColumn = nil
        let catalog = database.catalog(schema: schema)
        try await catalog.checkSchema()
        let scan = try await catalog.pendingRows(olderThan: .latest)
        #expect(scan.pagingNote == nil)
        let rows = try await scan.allRows()
        #expect(rows.count == 3)
        let error = await catalogError { _ = try await catalog.mark(rows) }
        #expect(error?.code == .notMarkable)
        #expect(try await catalog.locationsStillPending(["/data/f000001", "/x"]) == ["/data/f000001"])
    }

    @Test("A mark whose answer is lost is found out by repeating it")
    func lostAnswer() async throws {
        let database = try await PostgresTestDatabase(PostgresTestDatabase.defaultTable, PostgresTestDatabase.indexes)
        try await database.insertFiles(100)
        let proxy = try CuttingProxy(to: try #require(UInt16(database.server["PORT"])))
        let url = database.server.postgresURL(database: database.name)
            .replacing(":\(database.server["PORT"])/", with: ":\(proxy.port)/")
        let catalog = PostgresCatalog(conninfo: url, schema: CatalogSchema(table: "files"))
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: 100)
        // The first mark prepares the statement, so that the next answer is that of the mark.
        #expect(try await catalog.mark([rows[0]]) == [.marked])
        proxy.cutNextAnswer()
        let error = await catalogError { _ = try await catalog.mark(rows) }
        #expect(error?.code == .unreachable)
        #expect(error?.isTransient == true)
        #expect(try await database.value("SELECT count(*) FROM files WHERE archived") == "100")
        #expect(Set(try await catalog.mark(rows)) == [.alreadyMarked])
    }

    @Test("A restart while marking is reported as unreachable, and marking again completes it")
    func restart() async throws {
        let server = try await Blocking.run { try PostgresTestServer.start() }
        let database = try await PostgresTestDatabase(
            PostgresTestDatabase.defaultTable, PostgresTestDatabase.indexes, on: server)
        try await database.execute(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN new; END $$;
            CREATE TRIGGER slow BEFORE UPDATE ON files FOR EACH ROW EXECUTE FUNCTION slow()
            """)
        try await database.insertFiles(200)
        let catalog = database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: 200)
        let marking = Task { await catalogError { _ = try await catalog.mark(rows) } }
        try await waitUntil {
            try await database.value(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'UPDATE%' AND state = 'active'") == "1"
        }
        try await Blocking.run { try server.kill() }
        #expect(await marking.value?.code == .unreachable)
        #expect(await catalogError { _ = try await catalog.mark(rows) }?.code == .unreachable)
        try await Blocking.run { try server.start() }
        #expect(Set(try await catalog.mark(rows)) == [.marked])
        #expect(try await database.value("SELECT count(*) FROM files WHERE archived") == "200")
    }
}
