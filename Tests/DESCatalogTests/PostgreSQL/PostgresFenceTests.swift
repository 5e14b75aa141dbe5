import DESBase
import DESCatalog
import DESCatalogPostgres
import DESPostgres
import DESTestSupport
import Testing

@Suite("Fences of a PostgreSQL catalog")
struct PostgresFenceTests {
    @Test("Only the highest token that was raised marks")
    func tokens() async throws {
        let database = try await PostgresTestDatabase(PostgresTestDatabase.defaultTable, PostgresTestDatabase.indexes)
        try await database.insertFiles(4)
        let catalog = database.catalog()
        let marks = try await catalog.pendingRows(olderThan: .latest).allRows().map { RowMark($0) }
        let (old, new) = (Fence(unit: "day/1", token: 1), Fence(unit: "day/1", token: 2))
        // Nobody has raised it: the table does not even exist.
        #expect(await catalogError { _ = try await catalog.mark(marks, within: old) }?.code == .fenced)
        try await catalog.raise(old)
        #expect(try await catalog.mark([marks[0]], within: old) == [.marked])
        try await catalog.raise(new)
        try await catalog.raise(new)
        #expect(await catalogError { try await catalog.raise(old) }?.code == .fenced)
        let error = await catalogError { _ = try await catalog.mark(marks, within: old) }
        #expect(error?.code == .fenced)
        #expect(error?.isTransient == false)
        #expect(try await database.value("SELECT count(*) FROM files WHERE archived") == "1")
        #expect(try await catalog.mark(marks, within: new) == [.alreadyMarked, .marked, .marked, .marked])
        // Even if there is nothing left to mark, a void token is told.
        #expect(await catalogError { _ = try await catalog.mark(marks, within: old) }?.code == .fenced)
        #expect(try await catalog.mark(marks, within: nil) == Array(repeating: .alreadyMarked, count: 4))
    }

    @Test("Many workers may raise their first tokens at the same moment")
    func race() async throws {
        let database = try await PostgresTestDatabase(PostgresTestDatabase.defaultTable)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let catalog = database.catalog()
                    try await catalog.raise(Fence(unit: "unit \(number % 4)", token: 1))
                    await catalog.close()
                }
            }
            try await group.waitForAll()
        }
        #expect(try await database.value("SELECT count(*) FROM des_migration_fences") == "4")
    }

    @Test("Raising a token waits for marks under the one before")
    func waiting() async throws {
        let database = try await PostgresTestDatabase(
            PostgresTestDatabase.defaultTable, PostgresTestDatabase.indexes,
            """
            CREATE TABLE gate (n int);
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                WHILE NOT EXISTS (SELECT FROM gate) LOOP PERFORM pg_sleep(0.01); END LOOP;
                RETURN new;
            END $$;
            CREATE TRIGGER slow BEFORE UPDATE ON files FOR EACH ROW EXECUTE FUNCTION slow()
            """)
        try await database.insertFiles(1)
        let (worker, successor) = (database.catalog(), database.catalog())
        let marks = try await worker.pendingRows(olderThan: .latest).allRows().map { RowMark($0) }
        try await worker.raise(Fence(unit: "u", token: 1))
        let marking = Task { try await worker.mark(marks, within: Fence(unit: "u", token: 1)) }
        func waiting(_ event: String) async throws -> Bool {
            try await database.value(
                "SELECT count(*) FROM pg_stat_activity WHERE \(event) AND datname = current_database()") == "1"
        }
        try await waitUntil { try await waiting("query LIKE 'WITH des_fence%' AND state = 'active'") }
        let raising = Task { try await successor.raise(Fence(unit: "u", token: 2)) }
        try await waitUntil { try await waiting("query LIKE 'INSERT%' AND wait_event_type = 'Lock'") }
        #expect(try await database.value("SELECT archived FROM files") == "f")
        try await database.execute("INSERT INTO gate VALUES (1)")
        try await raising.value
        #expect(try await database.value("SELECT archived FROM files") == "t")
        #expect(try await marking.value == [.marked])
    }

    @Test("A user who may not create the table of tokens is told what to run")
    func permissions() async throws {
        let database = try await PostgresTestDatabase(PostgresTestDatabase.defaultTable)
        let user = "u" + database.name
        try await database.execute(
            """
            CREATE ROLE \(user) LOGIN PASSWORD 'geheim'; REVOKE CREATE ON SCHEMA public FROM PUBLIC;
            GRANT SELECT, UPDATE ON files TO \(user)
            """)
        let catalog = database.catalog(user: user, password: "geheim")
        let error = await catalogError { try await catalog.raise(Fence(unit: "u", token: 1)) }
        #expect(error?.code == .accessDenied)
        #expect(error?.advice?.contains("CREATE TABLE des_migration_fences") == true)
        try await database.execute(
            """
            CREATE TABLE des_migration_fences (unit text PRIMARY KEY, token bigint NOT NULL);
            GRANT SELECT, INSERT, UPDATE ON des_migration_fences TO \(user)
            """)
        try await catalog.raise(Fence(unit: "u", token: 1))
    }
}
