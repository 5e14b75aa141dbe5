import DESCatalog
import DESBase
import DESCatalogODBC
import DESCatalogPostgres
import DESCatalogSQLite
import DESTestSupport
import Testing

/// What triggers and the like may do to a row when it is marked. Three rows are marked; only the second one is meddled with.
@Suite("Rows that the database changes when they are marked")
struct ChangingTriggerTests {
    private func expect(
        _ outcomes: [MarkOutcome], isRepeated: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(outcomes.count == 3, sourceLocation: sourceLocation)
        let good: MarkOutcome = isRepeated ? .alreadyMarked : .marked
        #expect([outcomes.first, outcomes.last] == [good, good], sourceLocation: sourceLocation)
        guard case .refused(let reason) = outcomes[1] else {
            Issue.record("the second row was not refused: \(outcomes)", sourceLocation: sourceLocation)
            return
        }
        #expect(reason.contains("trigger"), sourceLocation: sourceLocation)
    }

    // MARK: PostgreSQL

    static let assignments = [
        "created_at = created_at + interval '1 day'", "archived = false", "archived = NULL", "uid = 'x'",
        "file_location = NULL",
    ]

    private func postgres(_ trigger: String...) async throws -> PostgresTestDatabase {
        let database = try await PostgresTestDatabase(PostgresTestDatabase.defaultTable, PostgresTestDatabase.indexes)
        try await database.insertFiles(3)
        for sql in trigger { try await database.execute(sql) }
        return database
    }

    private static let postgresState = """
        SELECT string_agg(concat_ws('|', uid, created_at, file_location, archived), ',' ORDER BY id) FROM files WHERE id = 2
        """

    private func expectPostgres(_ database: PostgresTestDatabase) async throws {
        let before = try await database.value(Self.postgresState)
        let catalog = database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        expect(try await catalog.mark(rows))
        expect(try await catalog.mark(rows), isRepeated: true)
        #expect(try await database.value(Self.postgresState) == before)
        #expect(try await database.value("SELECT count(*) FROM files WHERE archived") == "2")
        await catalog.close()
    }

    @Test("PostgreSQL: a trigger before the update", arguments: assignments)
    func postgresBefore(assignment: String) async throws {
        let parts = assignment.split(separator: "=", maxSplits: 1)
        let value = parts[1].replacing("created_at", with: "new.created_at")
        try await expectPostgres(
            try await postgres(
                """
                CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF old.id = 2 THEN new.\(parts[0]) = \(value); END IF; RETURN new;
                END $$;
                CREATE TRIGGER t BEFORE UPDATE ON files FOR EACH ROW EXECUTE FUNCTION f()
                """))
    }

    @Test(
        "PostgreSQL: a trigger after the update, also at the end of the transaction", arguments: assignments,
        ["TRIGGER", "CONSTRAINT TRIGGER"])
    func postgresAfter(assignment: String, kind: String) async throws {
        let deferred = kind == "TRIGGER" ? "" : "DEFERRABLE INITIALLY DEFERRED"
        try await expectPostgres(
            try await postgres(
                """
                CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF old.id = 2 AND pg_trigger_depth() = 1 THEN
                        UPDATE files SET \(assignment) WHERE id = old.id;
                    END IF;
                    RETURN NULL;
                END $$;
                CREATE \(kind) t AFTER UPDATE ON files \(deferred) FOR EACH ROW EXECUTE FUNCTION f()
                """))
    }

    @Test("PostgreSQL: a trigger that only notes what happened does not disturb, nor does one behind a view")
    func harmless() async throws {
        let database = try await postgres(
            """
            CREATE TABLE log (uid text);
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO log VALUES (new.uid); RETURN NULL;
            END $$;
            CREATE TRIGGER t AFTER UPDATE ON files FOR EACH ROW EXECUTE FUNCTION f();
            CREATE VIEW open AS SELECT * FROM files WHERE NOT archived
            """)
        let catalog = database.catalog(schema: CatalogSchema(table: "open"))
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(try await catalog.mark(rows) == [.marked, .marked, .marked])
        #expect(try await database.value("SELECT count(*) FROM log") == "3")
        await catalog.close()
    }

    @Test(
        "PostgreSQL: a row that a policy or trigger denies does not stop the others", arguments: ["policy", "trigger"])
    func denied(kind: String) async throws {
        let database = try await postgres()
        let user = "u" + database.name
        try await database.execute(
            """
            CREATE ROLE \(user) LOGIN PASSWORD 'geheim'; GRANT SELECT, UPDATE ON files TO \(user);
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF old.id = 2 THEN RAISE 'the trigger says no' USING ERRCODE = '42501'; END IF; RETURN new;
            END $$
            """)
        try await database.execute(
            kind == "trigger"
                ? "CREATE TRIGGER t BEFORE UPDATE ON files FOR EACH ROW EXECUTE FUNCTION f()"
                : """
                ALTER TABLE files ENABLE ROW LEVEL SECURITY;
                CREATE POLICY trigger_like ON files USING (true) WITH CHECK (id <> 2 OR NOT archived)
                """)
        let catalog = database.catalog(user: user, password: "geheim")
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        let outcomes = try await catalog.mark(rows)
        #expect([outcomes[0], outcomes[2]] == [.marked, .marked])
        guard case .refused(let reason) = outcomes[1] else {
            Issue.record("the second row was not refused")
            return
        }
        #expect(reason.contains(kind == "trigger" ? "says no" : "security policy"))
        // What is denied for all rows is said once.
        try await database.execute(
            "DROP TRIGGER IF EXISTS t ON files; UPDATE files SET archived = false; REVOKE UPDATE ON files FROM \(user)")
        #expect(await catalogError { _ = try await catalog.mark(rows) }?.code == .accessDenied)
        await catalog.close()
    }

    // MARK: MariaDB

    private func mariaDB(_ key: String, _ sql: String...) throws -> ODBCDatabase {
        let database = try ODBCDatabase(ODBCDatabase.defaultTable)
        try database.addRows(3)
        try database.execute(key)
        for statement in sql { try database.execute(statement) }
        return database
    }

    @Test(
        "MariaDB: a trigger that changes the row or puts the mark back", arguments: ODBCMarkTests.keys,
        ["created_at = NOW(6)", "archived = 0", "archived = NULL", "uid = 'x'", "file_location = NULL"])
    func mariaDBBefore(key: String, assignment: String) async throws {
        let database = try mariaDB(
            key,
            """
            DELIMITER //
            CREATE TRIGGER t BEFORE UPDATE ON files FOR EACH ROW BEGIN
                IF OLD.uid = 'uid-0000001' THEN SET NEW.\(assignment); END IF;
            END //
            """)
        let before = try database.execute("SELECT * FROM files WHERE uid = 'uid-0000001'")
        let catalog = try database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        expect(try await catalog.mark(rows.map(\.key)))
        #expect(try database.execute("SELECT * FROM files WHERE uid = 'uid-0000001'") == before)
        #expect(try database.execute("SELECT COUNT(*) FROM files WHERE archived = 1") == "2")
        await catalog.close()
    }

    @Test("MariaDB: a trigger that denies one row does not stop the others", arguments: ODBCMarkTests.keys)
    func mariaDBDenied(key: String) async throws {
        let database = try mariaDB(
            key,
            """
            DELIMITER //
            CREATE TRIGGER t BEFORE UPDATE ON files FOR EACH ROW BEGIN
                IF OLD.uid = 'uid-0000001' THEN
                    SIGNAL SQLSTATE '28000' SET MESSAGE_TEXT = 'the trigger says no';
                END IF;
            END //
            """)
        let catalog = try database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        expect(try await catalog.mark(rows.map(\.key)))
        await catalog.close()
    }

    @Test("MariaDB: a trigger behind a view")
    func mariaDBView() async throws {
        let database = try mariaDB(
            "CREATE VIEW listed AS SELECT * FROM files",
            "CREATE TRIGGER t BEFORE UPDATE ON files FOR EACH ROW SET NEW.created_at = NOW(6)",
            "CREATE VIEW open AS SELECT * FROM files WHERE archived = 0")
        let catalog = try database.catalog(schema: CatalogSchema(table: "listed"))
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        let outcomes = try await catalog.mark(rows.map(\.key))
        #expect(!outcomes.contains(.marked))
        #expect(try database.execute("SELECT COUNT(*) FROM files WHERE archived = 1") == "0")
        try database.execute("DROP TRIGGER t")
        let pending = try database.catalog(schema: CatalogSchema(table: "open"))
        #expect(Set(try await pending.mark(rows.map(\.key))) == [.marked])
        await catalog.close()
        await pending.close()
    }

    @Test("MariaDB: a time that is set anew at each update stays what it was", arguments: ODBCMarkTests.keys)
    func onUpdate(key: String) async throws {
        let database = try mariaDB(
            key, "ALTER TABLE files MODIFY created_at TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6)",
            "CREATE VIEW listed AS SELECT * FROM files")
        let before = try database.execute("SELECT created_at FROM files ORDER BY uid")
        for table in ["files", "listed"] {
            try database.execute("UPDATE files SET archived = 0, created_at = created_at")
            let catalog = try database.catalog(schema: CatalogSchema(table: table))
            try await catalog.checkSchema()
            let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
            let outcomes = try await catalog.mark(rows.map(\.key))
            #expect(outcomes == [.marked, .marked, .marked])
            #expect(try database.execute("SELECT created_at FROM files ORDER BY uid") == before)
            await catalog.close()
        }
    }

    // MARK: SQLite

    @Test(
        "SQLite: a trigger that changes the row or puts the mark back",
        arguments: ["created_at = datetime('now')", "archived = 0", "archived = NULL", "uid = 'x'"], [true, false])
    func sqlite(assignment: String, hasRowID: Bool) async throws {
        let table = TemporaryDatabase.defaultTable
        let database = try TemporaryDatabase(
            hasRowID ? table : "\(table) WITHOUT ROWID", SQLiteMarkTests.threeRows,
            """
            CREATE TRIGGER t AFTER UPDATE ON files WHEN old.id = 2 BEGIN
                UPDATE files SET \(assignment) WHERE id = old.id;
            END
            """)
        let catalog = database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        expect(try await catalog.mark(rows.map(\.key)))
        expect(try await catalog.mark(rows.map(\.key)), isRepeated: true)
        #expect(
            try database.integer(
                "SELECT count(*) FROM files WHERE id = 2 AND uid = 'b' AND created_at = '2024-01-01' AND archived IS NULL"
            )
                == 1)
        #expect(try database.integer("SELECT count(*) FROM files WHERE archived = 1") == 2)
        await catalog.close()
    }

    @Test("SQLite: a mark that a trigger of another row undoes does not count")
    func otherRows() async throws {
        let database = try TemporaryDatabase(
            TemporaryDatabase.defaultTable, SQLiteMarkTests.threeRows,
            "CREATE TRIGGER t AFTER UPDATE ON files WHEN old.id = 2 BEGIN UPDATE files SET uid = 'x' WHERE id = 1; END")
        let catalog = database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        let outcomes = try await catalog.mark(rows.map(\.key))
        #expect(outcomes.contains(.marked))
        #expect(try database.integer("SELECT count(*) FROM files WHERE id = 3 AND archived = 1") == 1)
        await catalog.close()
    }

    // MARK: Texts

    @Test("Texts that PostgreSQL reads as false are pending in every database")
    func falseTexts() async throws {
        let pending = ["", "0", "f", "FALSE", "n", "N", "no", "No", "off", "of", "fal", " no ", "  "]
        let done = ["1", "t", "y", "yes", "on", "done", "o", "00"]
        let values = (pending + done).enumerated().map { "('\($0.offset)', '2024-01-01', '/a', '\($0.element)')" }
            .joined(separator: ", ")
        let insert = "INSERT INTO files (uid, created_at, file_location, archived) VALUES \(values)"
        let columns = "(uid varchar(20), created_at timestamp, file_location varchar(20), archived varchar(20))"
        var schema = CatalogSchema(table: "files")
        schema.sizeColumn = nil
        let postgres = try await PostgresTestDatabase("CREATE TABLE files \(columns)", insert)
        let mariaDB = try ODBCDatabase("CREATE TABLE files \(columns)", insert)
        let sqlite = try TemporaryDatabase("CREATE TABLE files \(columns)", insert)
        let odbc = ODBCCatalog(
            source: ODBCSource(connectionString: "DRIVER={SQLite3};DATABASE=\(sqlite.path)"), schema: schema)
        let catalogs: [any SourceCatalog] = [
            postgres.catalog(schema: schema), try mariaDB.catalog(schema: schema), sqlite.catalog(schema: schema), odbc,
        ]
        for catalog in catalogs {
            let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
            #expect(Set(rows.uids) == Set(pending.indices.map(String.init)), "\(type(of: catalog))")
            #expect(Set(try await catalog.mark(rows.map(\.key))) == [.marked])
            await catalog.close()
            // ODBC reads the same file.
            if catalog is SQLiteCatalog { try sqlite.execute("DELETE FROM files; \(insert)") }
        }
    }

    @Test(
        "PostgreSQL: an archived column may be of a domain that excludes NULL", arguments: ["boolean", "int", "text"])
    func domain(base: String) async throws {
        let database = try await PostgresTestDatabase(
            "CREATE DOMAIN flag AS \(base) NOT NULL",
            "CREATE TABLE files (uid text, created_at timestamptz, file_location text, archived flag)",
            "INSERT INTO files VALUES ('a', '2024-01-01', '/a', '0')")
        var schema = CatalogSchema(table: "files")
        schema.sizeColumn = nil
        let catalog = database.catalog(schema: schema)
        try await catalog.checkSchema()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(try await catalog.mark(rows) == [.marked])
        #expect(try await catalog.mark(rows) == [.alreadyMarked])
        await catalog.close()
    }
}
