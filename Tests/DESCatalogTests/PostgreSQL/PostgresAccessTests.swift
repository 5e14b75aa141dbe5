import DESBase
import DESCatalog
import DESCatalogPostgres
import DESTestSupport
import Testing

@Suite("Opening a PostgreSQL catalog")
struct PostgresAccessTests {
    @Test(
        "What is missing or refused is told apart, with the nearest name, and without the password",
        arguments: [
            ("password", CatalogError.Code.accessDenied, "password authentication failed"),
            ("database", .cannotOpen, "does not exist"), ("table", .missingTable, "did you mean \"files\""),
            ("schema", .missingTable, "did you mean \"other.hidden\""),
            ("column", .missingColumn, "did you mean \"created_at\""),
            ("port", .unreachable, "refused"), ("text", .cannotOpen, "cannot be parsed"),
        ])
    func problems(kind: String, code: CatalogError.Code, text: String) async throws {
        let database = try await PostgresTestDatabase(
            PostgresTestDatabase.defaultTable, "CREATE SCHEMA other; CREATE TABLE other.hidden (uid text)")
        let server = database.server
        var schema = CatalogSchema(table: "files")
        if kind == "table" { schema.table = "flies" }
        if kind == "schema" { schema.table = "hidden" }
        if kind == "column" { schema.createdAtColumn = "create_at" }
        let url =
            switch kind {
            case "password": server.postgresURL(database: database.name, password: "wrong-geheim")
            case "database": server.postgresURL(database: "nowhere")
            case "port": server.postgresURL(database: database.name).replacing(":\(server["PORT"])/", with: ":1/")
            case "text": "host=localhost password='geheim"
            default: server.postgresURL(database: database.name)
            }
        let catalog = PostgresCatalog(conninfo: url, schema: schema)
        let error = try #require(await catalogError { try await catalog.checkSchema() })
        #expect(error.code == code)
        #expect("\(error)".contains(text))
        #expect(!"\(error)".contains("geheim"))
        #expect(error.isTransient == (kind == "port"))
        if kind != "text" { #expect(error.place.contains("des@127.0.0.1")) }
    }

    @Test("A server that takes no changes is told when marks are wanted, and will do for reading")
    func readOnly() async throws {
        let database = try await PostgresTestDatabase(PostgresTestDatabase.defaultTable, PostgresTestDatabase.indexes)
        try await database.insertFiles(3)
        try await database.execute("ALTER DATABASE \(database.name) SET default_transaction_read_only = on")
        #expect(await catalogError { try await database.catalog().checkSchema() }?.code == .readOnly)
        let reading = database.catalog(access: .readOnly)
        try await reading.checkSchema()
        let rows = try await reading.pendingRows(olderThan: .latest).allRows()
        #expect(rows.count == 3)
        #expect(await catalogError { _ = try await reading.mark(rows) }?.code == .readOnly)
        // As after a failover: the new server takes no changes yet.
        #expect(await catalogError { _ = try await database.catalog().mark(rows) }?.code == .readOnly)
    }

    @Test("What would make every mark fail is found before anything is packed")
    func unmarkable() async throws {
        let database = try await PostgresTestDatabase(
            PostgresTestDatabase.defaultTable,
            "CREATE VIEW grouped AS SELECT uid, created_at, file_location, size_bytes, archived FROM files GROUP BY 1, 2, 3, 4, 5",
            "CREATE MATERIALIZED VIEW copied AS SELECT * FROM files")
        let user = "u" + database.name
        try await database.execute("CREATE ROLE \(user) LOGIN PASSWORD 'geheim'; GRANT SELECT ON files TO \(user)")
        for table in ["grouped", "copied"] {
            let error = await catalogError {
                try await database.catalog(schema: CatalogSchema(table: table)).checkSchema()
            }
            #expect(error?.code == .notMarkable)
        }
        let catalog = database.catalog(user: user, password: "geheim")
        let error = await catalogError { try await catalog.checkSchema() }
        #expect(error?.code == .accessDenied)
        #expect(error?.advice?.contains("GRANT") == true)
        try await database.catalog(access: .readOnly, user: user, password: "geheim").checkSchema()
        try await database.execute("GRANT UPDATE (archived) ON files TO \(user)")
        try await catalog.checkSchema()
    }

    @Test("A view with a trigger instead of UPDATE can be marked")
    func viewWithTrigger() async throws {
        let database = try await PostgresTestDatabase(
            PostgresTestDatabase.defaultTable,
            """
            CREATE VIEW listed AS SELECT uid, created_at, file_location, size_bytes, archived FROM files GROUP BY 1, 2, 3, 4, 5;
            CREATE FUNCTION mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                UPDATE files SET archived = new.archived WHERE uid = old.uid; RETURN new;
            END $$;
            CREATE TRIGGER mark INSTEAD OF UPDATE ON listed FOR EACH ROW EXECUTE FUNCTION mark()
            """)
        try await database.insertFiles(10)
        let catalog = database.catalog(schema: CatalogSchema(table: "listed"))
        try await catalog.checkSchema()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(Set(try await catalog.mark(rows)) == [.marked])
        #expect(try await database.value("SELECT count(*) FROM files WHERE archived") == "10")
    }

    @Test("A closed catalog says so")
    func closed() async throws {
        let database = try await PostgresTestDatabase(PostgresTestDatabase.defaultTable)
        let catalog = database.catalog()
        try await catalog.checkSchema()
        await catalog.close()
        #expect(await catalogError { _ = try await catalog.statistics(olderThan: .latest) }?.code == .closed)
        #expect(await catalogError { try await catalog.checkSchema() }?.code == .closed)
    }

    @Test("A catalog that is cancelled says so, and can be used again")
    func cancelled() async throws {
        let database = try await PostgresTestDatabase(
            PostgresTestDatabase.defaultTable, "INSERT INTO files (uid) VALUES ('a')")
        var schema = CatalogSchema(table: "files")
        schema.whereClause = "pg_sleep(60) IS NOT NULL"
        let catalog = database.catalog(schema: schema)
        let task = Task { try await catalog.statistics(olderThan: .latest) }
        try await waitUntil {
            try await database.value(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
                == "1"
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await catalog.locationsStillPending(["/x"]).isEmpty)
    }
}
