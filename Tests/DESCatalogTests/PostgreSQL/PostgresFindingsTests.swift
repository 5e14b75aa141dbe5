import DESBase
import DESCatalog
import DESCatalogPostgres
import DESTestSupport
import Foundation
import Testing

@Suite("What is known of a PostgreSQL catalog before anything is packed")
struct PostgresFindingsTests {
    @Test("The server tells its time")
    func serverTime() async throws {
        let database = try await PostgresTestDatabase(Self.table("boolean"))
        let time = try #require(try await database.catalog().serverTime())
        #expect(abs(Double(time.microsecondsSinceEpoch) / 1e6 - Date().timeIntervalSince1970) < 3600)
    }

    private static func table(_ archived: String) -> String {
        """
        CREATE TABLE files (uid text, created_at timestamptz, file_location text, size_bytes int, archived \(archived));
        CREATE INDEX ON files (created_at, uid);
        INSERT INTO files (uid, created_at, file_location) VALUES ('a', '2026-01-31Z', '/a'), ('b', '2026-01-31Z', '/b')
        """
    }

    @Test(
        "What the database would refuse of every row is known at once, and nothing is changed",
        arguments: [
            ["text DEFAULT 'N' CHECK (archived IN ('Y', 'N'))"], ["yesno DEFAULT 'N'"],
            ["varchar(10) DEFAULT '', at date NOT NULL DEFAULT '2000-01-01' CHECK (at < '2020-01-01')"],
            ["boolean DEFAULT false, shard varchar(20)"], ["boolean DEFAULT false, shard text REFERENCES shards"],
            ["boolean DEFAULT false, shard text REFERENCES shards DEFERRABLE INITIALLY DEFERRED"],
            ["boolean GENERATED ALWAYS AS (size_bytes > 5) STORED"], ["state DEFAULT 'new'"],
            [
                "boolean DEFAULT false",
                "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$",
                "CREATE TRIGGER t BEFORE UPDATE ON files FOR EACH ROW EXECUTE FUNCTION f()",
            ],
            [
                "boolean DEFAULT false",
                "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$",
                "CREATE TRIGGER t BEFORE UPDATE ON files FOR EACH ROW EXECUTE FUNCTION f()",
            ],
            [
                "boolean DEFAULT false",
                "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN UPDATE files SET archived = false WHERE archived; RETURN NULL; END$$",
                "CREATE TRIGGER t AFTER UPDATE ON files FOR EACH ROW WHEN (NEW.archived) EXECUTE FUNCTION f()",
            ],
            [
                "boolean DEFAULT false",
                "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'late'; END$$",
                "CREATE CONSTRAINT TRIGGER t AFTER UPDATE ON files INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f()",
            ],
        ])
    func refused(_ given: [String]) async throws {
        let database = try await PostgresTestDatabase(
            "CREATE TABLE shards (name text PRIMARY KEY)", "CREATE DOMAIN yesno AS text CHECK (VALUE IN ('Y', 'N'))",
            "CREATE TYPE state AS ENUM ('new', 'gone')", Self.table(given[0]))
        for statement in given.dropFirst() { try await database.execute(statement) }
        let schema = CatalogSchema(
            table: "files", archivedAtColumn: given[0].contains(" at ") ? "at" : nil,
            shardKeyColumn: given[0].contains("shard") ? "shard" : nil)
        let catalog = database.catalog(schema: schema)
        let error = await catalogError {
            try await catalog.checkSchema()
            try await catalog.tryMark(olderThan: .latest)
        }
        if given[0].hasPrefix("boolean GENERATED") || !given[0].contains("state") {
            #expect(error?.code == .notMarkable)
        }
        if given[0].contains("state") { #expect(error?.reason.contains("means true") == true) }
        #expect(try await database.value("SELECT count(*) FROM files WHERE archived::text IN ('true', '1')") == "0")
        await catalog.close()
    }

    @Test(
        "The member of an enumeration that means true is written, and the others are read for what they are",
        arguments: [
            ("'N', 'Y'", "Y"), ("'no', 'yes'", "yes"), ("'false', 'true', 'perhaps'", "true"), ("'0', '1'", "1"),
        ],
        [true, false])
    func enumerations(members: (list: String, mark: String), mayBeNull: Bool) async throws {
        let first = members.list.prefix { $0 != "," }
        let database = try await PostgresTestDatabase(
            "CREATE TYPE mark AS ENUM (\(members.list))",
            Self.table("mark \(mayBeNull ? "" : "NOT NULL") DEFAULT \(first)"))
        let catalog = database.catalog()
        try await catalog.checkSchema()
        try await catalog.tryMark(olderThan: .latest)
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(rows.uids == ["a", "b"])
        #expect(try await catalog.mark(rows) == [.marked, .marked])
        #expect(try await database.value("SELECT DISTINCT archived FROM files") == members.mark)
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows().isEmpty)
    }

    @Test("One row that is refused does not stop the others, and a row that somebody holds is no answer")
    func oneRow() async throws {
        let database = try await PostgresTestDatabase(
            Self.table("boolean DEFAULT false CHECK (NOT archived OR uid > 'a')"))
        let catalog = database.catalog()
        try await catalog.tryMark(olderThan: .latest)
        #expect(try await database.value("SELECT count(*) FROM files WHERE archived") == "0")
    }

    @Test(
        "Rows that are on hold at both ends of the table do not stop those between",
        arguments: [true, false], [(20, 20), (30, 60), (80, 0), (0, 80), (100, 0)])
    func heldAtBothEnds(isIndexed: Bool, held: (first: Int, last: Int)) async throws {
        let database = try await PostgresTestDatabase(
            """
            CREATE TABLE files (uid text, created_at timestamptz, file_location text, size_bytes int, archived boolean,
                hold boolean, CHECK (archived IS NOT TRUE OR NOT hold));
            INSERT INTO files SELECT 'a' || n, CASE WHEN n < 20 THEN date '2020-01-31' WHEN n < 80 THEN '2024-01-31'
                ELSE '2026-01-31' END, '/', 1, false, n < \(held.first) OR n > 99 - \(held.last) FROM generate_series(0, 99) n;
            \(isIndexed ? "CREATE INDEX ON files (created_at, uid)" : "")
            """)
        let catalog = database.catalog()
        let error = await catalogError { try await catalog.tryMark(olderThan: .latest) }
        #expect(error?.code == (held.first == 100 ? .notMarkable : nil))
        // Nothing of what is on hold would be packed.
        try await catalog.tryMark(olderThan: moment("2019-01-01"))
        #expect(try await database.value("SELECT count(*) FROM files WHERE archived") == "0")
        await catalog.close()
    }

    @Test("A view whose rows are others at each look is refused, and one whose rows stay the same is not")
    func views() async throws {
        try await atOnce([
            ("uid", "created_at", true), ("uid", "COALESCE(created_at, '2026-01-01Z')", true),
            ("uid", "COALESCE(created_at, now())", true), ("uid", "now() - interval '30 days'", false),
            ("uid", "date_trunc('second', now()) - interval '30 days'", false),
            ("uid", "clock_timestamp()::text", false), ("uid || random()", "created_at", false),
            ("gen_random_uuid()", "created_at", false),
        ]) { try await Self.tryView(uid: $0.0, time: $0.1, isTaken: $0.2) }
    }

    private static func tryView(uid: String, time: String, isTaken: Bool) async throws {
        let database = try await PostgresTestDatabase(
            """
            CREATE TABLE rows (uid text, created_at timestamptz, file_location text, size_bytes int, archived boolean);
            INSERT INTO rows VALUES ('a', '2026-01-31Z', '/a', 1, false), ('b', NULL, '/b', 1, false),
                ('c', '2026-01-30Z', '/c', 1, true);
            CREATE VIEW files AS SELECT \(uid) AS uid, \(time) AS created_at, file_location, size_bytes, archived FROM rows
            """)
        let catalog = database.catalog()
        try await catalog.checkSchema()
        let error = await catalogError { try await catalog.tryMark(olderThan: .latest) }
        #expect(error?.code == (isTaken ? nil : .notMarkable), "\(uid), \(time)")
        if !isTaken {
            #expect(error?.description.contains("was not found again by its uid, time and location") == true)
        }
        #expect(try await database.value("SELECT count(*) FROM rows WHERE archived") == "1")
        await catalog.close()
    }

    @Test(
        "A table that changes while the catalog is open is looked up anew, and its rows are found and marked",
        arguments: [
            "ADD COLUMN other int", "ALTER created_at TYPE timestamp", "ALTER created_at TYPE date",
            "ALTER created_at TYPE text", "ALTER created_at TYPE bigint USING extract(epoch FROM created_at)",
            "ALTER uid TYPE char(20)", "ALTER uid TYPE int USING uid::int", "ALTER uid TYPE varchar(9)",
            "ALTER archived DROP DEFAULT, ALTER archived TYPE smallint USING archived::int",
            "ALTER archived DROP DEFAULT, ALTER archived TYPE text USING archived::text",
            "RENAME TO rows; CREATE VIEW files AS SELECT * FROM rows",
            "RENAME TO rows; CREATE TABLE files (LIKE rows); INSERT INTO files SELECT * FROM rows; DROP TABLE rows",
            """
            DROP COLUMN size_bytes; ALTER TABLE files ADD size_bytes bigint DEFAULT 1;
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.uid = OLD.uid; RETURN NEW; END$$;
            CREATE TRIGGER t BEFORE UPDATE ON files FOR EACH ROW EXECUTE FUNCTION f()
            """,
        ])
    func refreshed(change: String) async throws {
        let database = try await PostgresTestDatabase(
            """
            SET timezone = 'UTC'; CREATE TABLE files (uid text, created_at timestamptz, file_location text, size_bytes int,
                archived boolean DEFAULT false);
            INSERT INTO files (uid, created_at, file_location, size_bytes)
            SELECT n, '2026-01-31Z', '/f', 1 FROM generate_series(1, 3) n
            """)
        let catalog = database.catalog()
        try await catalog.checkSchema()
        try await catalog.tryMark(olderThan: .latest)
        let first = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(try await catalog.mark([first[0]]) == [.marked])

        try await database.execute("SET timezone = 'UTC'; ALTER TABLE files \(change)")
        await catalog.refresh()
        try await catalog.checkSchema()
        try await catalog.tryMark(olderThan: .latest)
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(rows.map { $0.key.uid.uidText?.prefix(1) } == ["2", "3"])
        #expect(rows.allSatisfy { $0.key.createdAt.timestamp == Timestamp(year: 2026, month: 1, day: 31) })
        #expect(try await catalog.mark(rows) == [.marked, .marked])
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows().isEmpty)
        await catalog.close()
    }

    @Test(
        "Marks that are neither done nor waiting are counted and told",
        arguments: [
            ("text", "'pending'", true), ("int", "2", true), ("text", "'Yes '", false), ("int", "1", false),
            ("numeric", "0.5", true), ("varchar(20)", "'2026-01-31'", false), ("boolean", "true", false),
            ("int", "0", false),
        ])
    func otherMarks(type: String, value: String, isTold: Bool) async throws {
        let database = try await PostgresTestDatabase(Self.table("\(type) DEFAULT \(value)"))
        let told = try await database.catalog().findings().otherMarks
        #expect((told != nil) == isTold)
        if isTold { #expect(told?.hasPrefix("2 rows have a mark") == true) }
    }

    @Test(
        "Row-level security that counts for the user is told",
        arguments: [
            ("files", "app", "", true), ("files", "own", "", false), ("files", "own", "FORCE", true),
            ("files", "free", "", false), ("files", "postgres", "FORCE", false), ("by_own", "app", "", false),
            ("by_own", "app", "FORCE", true), ("by_app", "app", "", true), ("invoker", "app", "", true),
            ("invoker", "free", "", false), ("part", "app", "", false), ("whole", "app", "", true),
            ("nested", "app", "", true),
        ])
    func rowSecurity(table: String, user: String, force: String, isTold: Bool) async throws {
        let columns = "(uid text, created_at timestamptz, file_location text, size_bytes int, archived boolean"

        let database = try await PostgresTestDatabase()
        let id = String(database.name.suffix(12))
        func role(_ name: String) -> String { name == "postgres" ? database.server["USER"] : "\(name)_\(id)" }
        try await database.execute(
            """
            CREATE ROLE \(role("app")) LOGIN PASSWORD 'p'; CREATE ROLE \(role("own")) LOGIN PASSWORD 'p';
            CREATE ROLE \(role("free")) LOGIN PASSWORD 'p' BYPASSRLS;
            GRANT CREATE, USAGE ON SCHEMA public TO \(role("app")), \(role("own")), \(role("free"));
            CREATE TABLE files \(columns)); ALTER TABLE files OWNER TO \(role("own"));
            ALTER TABLE files ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON files USING (uid = current_user);
            CREATE TABLE whole \(columns)) PARTITION BY RANGE (created_at); ALTER TABLE whole ENABLE ROW LEVEL SECURITY;
            CREATE TABLE part PARTITION OF whole DEFAULT;
            GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;
            CREATE VIEW by_own AS SELECT * FROM files; ALTER VIEW by_own OWNER TO \(role("own"));
            CREATE VIEW by_app AS SELECT * FROM files; ALTER VIEW by_app OWNER TO \(role("app"));
            CREATE VIEW invoker WITH (security_invoker = on) AS SELECT * FROM files; ALTER VIEW invoker OWNER TO \(role("own"));
            CREATE VIEW nested AS SELECT * FROM invoker; ALTER VIEW nested OWNER TO \(role("own"));
            GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC
            """)
        if !force.isEmpty { try await database.execute("ALTER TABLE files FORCE ROW LEVEL SECURITY") }
        for isMarked in [true, false] {
            let schema = CatalogSchema(table: table, archivedColumn: isMarked ? "archived" : nil)
            let catalog = database.catalog(
                schema: schema, access: .readOnly, user: user == "postgres" ? nil : role(user),
                password: user == "postgres" ? nil : "p")
            let hidden = try await catalog.findings().hiddenRows
            #expect((hidden != nil) == isTold)
            if let hidden {
                #expect(hidden.isFinal == !isMarked)
                #expect(hidden.warning.contains("row-level security"))
            }
            await catalog.close()
        }
    }

    @Test(
        "The index that is advised serves the pages of each kind of column, whether it may be NULL or not",
        arguments: [
            "boolean", "int", "smallint", "bigint", "numeric", "real", "text", "varchar(5)", "char(1)", "mark",
            "timestamptz",
            "date", "flag",
        ], [true, false])
    func advisedIndex(type: String, mayBeNull: Bool) async throws {
        let isTime = type == "timestamptz" || type == "date"
        let zero = isTime ? "NULL" : type == "boolean" || type == "flag" ? "false" : type == "mark" ? "'no'" : "'0'"
        let database = try await PostgresTestDatabase(
            "CREATE TYPE mark AS ENUM ('no', 'yes')", "CREATE DOMAIN flag AS boolean",
            """
            CREATE TABLE files (uid text, created_at timestamptz, file_location text, size_bytes int,
                archived \(type)\(mayBeNull || isTime ? "" : " NOT NULL") DEFAULT \(zero))
            """,
            "INSERT INTO files (uid, created_at, file_location) SELECT n::text, now(), '/' FROM generate_series(1, 50) n",
            "CREATE INDEX ON files (uid)")
        let first = database.catalog()
        let note = try #require(try await first.pendingRows(olderThan: .latest).pagingNote)
        await first.close()
        let index = try #require(note.range(of: "CREATE INDEX CONCURRENTLY")).lowerBound
        try await database.execute(String(note[index...]).replacing("CONCURRENTLY ", with: ""))
        let catalog = database.catalog()
        let scan = try await catalog.pendingRows(olderThan: .latest)
        #expect(scan.pagingNote?.contains("by time") != true)
        #expect(try await scan.allRows(pageSize: 7).count == 50)
        await catalog.close()
    }

    @Test(
        "The indexes of docs/databases.md serve, whether the column may be NULL or not",
        arguments: [
            ("boolean", "archived IS NOT TRUE"), ("int", "COALESCE(archived, 0) = 0"),
            ("timestamptz", "archived IS NULL"),
            ("numeric", "COALESCE(archived, 0) = 0"),
        ], [true, false])
    func documentedIndex(kind: (type: String, condition: String), mayBeNull: Bool) async throws {
        let zero = kind.type == "timestamptz" ? "NULL" : kind.type == "boolean" ? "false" : "0"
        let notNull = mayBeNull || zero == "NULL" ? "" : "NOT NULL"
        let database = try await PostgresTestDatabase(
            """
            CREATE TABLE files (uid text, created_at timestamptz, file_location text, size_bytes int,
                archived \(kind.type) \(notNull) DEFAULT \(zero))
            """, "CREATE INDEX files_pending ON files (created_at, uid) WHERE \(kind.condition)",
            "CREATE UNIQUE INDEX files_uid ON files (uid)")
        let catalog = database.catalog()
        #expect(try await catalog.pendingRows(olderThan: .latest).pagingNote?.contains("by time") != true)
        await catalog.close()
    }

    @Test(
        "Shorter conditions that people write serve a column that is never NULL",
        arguments: ["NOT archived", "archived = false"])
    func shortConditions(condition: String) async throws {
        let database = try await PostgresTestDatabase(
            PostgresTestDatabase.defaultTable.replacing("DEFAULT false", with: "NOT NULL DEFAULT false"),
            "CREATE INDEX ON files (created_at, uid) WHERE \(condition)", "CREATE INDEX ON files (uid)")
        let note = try await database.catalog().pendingRows(olderThan: .latest).pagingNote
        #expect(note?.contains("by time") != true)
    }
}
