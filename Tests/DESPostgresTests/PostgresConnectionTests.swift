import DESPostgres
import DESTestSupport
import Glibc
import Testing

@Suite("Connections to PostgreSQL")
struct PostgresConnectionTests {
    private let server: DatabaseServer
    private let database: String

    init() throws {
        server = try PostgresTestServer.shared()
        database = try server.createPostgresDatabase()
    }

    private func connection(_ change: (inout PostgresSettings) -> Void = { _ in }) -> PostgresConnection {
        var settings = PostgresSettings(server.postgresURL(database: database))
        change(&settings)
        return PostgresConnection(settings)
    }

    @Test("Every kind of value comes back as it went")
    func values() async throws {
        let uuid = try #require(PostgresUUID("01234567-89AB-cdef-0123-456789abcdef"))
        try await connection().run("cannot try") { session in
            let result = try session.query(
                "SELECT $1::int8, $2::text, $3::bytea, $4::uuid, $5::bool, $6::float8, $7::timestamptz, $8::timestamp, $9::date, NULL, $2::text = ''",
                [
                    .int8(-5), .text("größe"), .bytea([0, 255]), .uuid(uuid), .bool(true), .float8(1.5),
                    .timestamptz(1_700_000_000_123_456), .timestamp(-1), .date(-1),
                ])
            #expect(result.integer(0, 0) == -5)
            #expect(result.text(0, 1) == "größe")
            #expect(result.bytea(0, 2) == [0, 255])
            #expect(result.uuid(0, 3)?.description == "01234567-89ab-cdef-0123-456789abcdef")
            #expect(result.bool(0, 4) == true)
            #expect(result.double(0, 5) == 1.5)
            #expect(result.microseconds(0, 6) == 1_700_000_000_123_456)
            #expect(result.microseconds(0, 7) == -1)
            #expect(result.microseconds(0, 8) == -86_400_000_000)
            #expect(result.isNull(0, 9) && result.text(0, 9) == nil && result.integer(0, 9) == nil)
            let texts = try session.query(
                "SELECT $1::timestamptz::text, $2::timestamp::text, $3::date::text, $4::timestamptz::text, $5 = ''",
                [
                    .timestamptz(1_700_000_000_123_456), .timestamp(-1), .date(-1),
                    .timestamptz(PostgresTime.minusInfinity), .text(""),
                ])
            #expect(texts.text(0, 0) == "2023-11-14 22:13:20.123456+00")
            #expect(texts.text(0, 1) == "1969-12-31 23:59:59.999999")
            #expect(texts.text(0, 2) == "1969-12-31")
            #expect(texts.text(0, 3) == "-infinity")
            #expect(texts.bool(0, 4) == true)
        }
    }

    @Test("Arrays go over with their NULLs, and empty")
    func arrays() async throws {
        let uuid = PostgresUUID(high: 1, low: 2)
        try await connection().run("cannot try") { session in
            let result = try session.query(
                "SELECT * FROM unnest($1::int8[], $2::text[], $3::bytea[], $4::uuid[], $5::timestamptz[], $6::date[], $7::float8[], $8::bool[], $9::timestamp[])",
                [
                    .int8Array([1, nil, 3]), .textArray(["a", nil, ""]), .byteaArray([[], nil, [1, 2]]),
                    .uuidArray([uuid, nil, uuid]), .timestamptzArray([0, nil, 1]),
                    .dateArray([0, nil, 86_400_000_000]),
                    .float8Array([0, nil, -0.5]), .boolArray([true, nil, false]), .timestampArray([5, nil, 6]),
                ])
            #expect(result.rowCount == 3)
            #expect((0..<9).allSatisfy { result.isNull(1, $0) })
            #expect(result.integer(2, 0) == 3)
            #expect(result.text(2, 1) == "")
            #expect(result.bytea(0, 2) == [])
            #expect(result.uuid(2, 3) == uuid)
            #expect(result.microseconds(2, 4) == 1)
            #expect(result.microseconds(2, 5) == 86_400_000_000)
            #expect(result.double(2, 6) == -0.5)
            #expect(result.bool(2, 7) == false)
            #expect(result.microseconds(2, 8) == 6)
            #expect(try session.query("SELECT * FROM unnest($1::text[])", [.textArray([])]).rowCount == 0)
        }
    }

    @Test("A session speaks UTC and UTF-8, commits durably and shows its name, whatever the role's defaults are")
    func sessionSettings() async throws {
        try server.psql(
            """
            ALTER DATABASE \(database) SET timezone = 'America/Los_Angeles';
            ALTER DATABASE \(database) SET synchronous_commit = off;
            ALTER DATABASE \(database) SET default_transaction_isolation = 'serializable';
            ALTER DATABASE \(database) SET client_encoding = 'LATIN1'
            """)
        let values = try await connection { $0.applicationName = "des-try" }.run("cannot try") { session in
            let names = [
                "timezone", "synchronous_commit", "transaction_isolation", "client_encoding", "application_name",
                "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout",
            ]
            return try names.map { try session.query("SELECT current_setting($1)", [.text($0)]).text(0, 0) }
        }
        #expect(values == ["UTC", "on", "read committed", "UTF8", "des-try", "5min", "10s", "1min"])
    }

    @Test("A transaction is committed whole or not at all")
    func transactions() async throws {
        let connection = connection()
        try await connection.run("cannot create") { try $0.execute("CREATE TABLE t (n int PRIMARY KEY)") }
        try await connection.run("cannot insert") { session in
            try session.transaction { _ = try session.query("INSERT INTO t VALUES (1)") }
        }
        let error = await #expect(throws: PostgresError.self) {
            try await connection.run("cannot insert") { session in
                try session.transaction {
                    _ = try session.query("INSERT INTO t VALUES (2)")
                    _ = try session.query("INSERT INTO t VALUES (1)")
                }
            }
        }
        #expect(error?.code == .refusedRow)
        #expect(error?.sqlState == "23505")
        #expect(error?.what == "cannot insert")
        // A swallowed error must not end in a commit that rolls back without a word.
        await #expect(throws: PostgresError.self) {
            try await connection.run("cannot insert") { session in
                try session.transaction { _ = try? session.query("INSERT INTO t VALUES (1)") }
            }
        }
        // What a body leaves open is rolled back.
        try await connection.run("cannot insert") { session in
            try session.execute("BEGIN")
            try session.send("INSERT INTO t VALUES (3)")
        }
        let count = try await connection.run("cannot count") { session in
            try session.query("SELECT count(*) FROM t").integer(0, 0)
        }
        #expect(count == 1)
    }

    @Test("A query that was sent is received by a later call")
    func sendAndReceive() async throws {
        let connection = connection()
        try await connection.run("cannot send") { try $0.send("SELECT $1::int8 * 2", [.int8(21)]) }
        #expect(try await connection.run("cannot receive") { try $0.receive().integer(0, 0) } == 42)
        try await connection.run("cannot send") { try $0.send("SELECT 1/0") }
        // Nobody asked for its result.
        #expect(try await connection.run("cannot ask") { try $0.query("SELECT 7").integer(0, 0) } == 7)
    }

    @Test("A prepared statement whose table has changed is prepared again")
    func stalePlan() async throws {
        let connection = connection()
        try await connection.run("cannot create") { try $0.execute("CREATE TABLE t AS SELECT 1 AS a") }
        #expect(try await connection.run("cannot read") { try $0.query("SELECT * FROM t").columnCount } == 1)
        try server.psql("ALTER TABLE t ADD COLUMN b int", database: database)
        #expect(try await connection.run("cannot read") { try $0.query("SELECT * FROM t").columnCount } == 2)
        try await connection.run("cannot forget") { try $0.execute("DEALLOCATE ALL") }
        #expect(try await connection.run("cannot read") { try $0.query("SELECT * FROM t").columnCount } == 2)
    }

    @Test("A cancelled task ends its statement on the server, and the connection goes on")
    func cancellation() async throws {
        let connection = connection()
        try await connection.run("cannot open") { try $0.execute("SELECT 1") }
        let task = Task { try await connection.run("cannot sleep") { try $0.execute("SELECT pg_sleep(600)") } }
        try await waitUntil {
            try server.psql(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND datname = '\(database)'")
                == "1"
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await connection.run("cannot ask") { try $0.query("SELECT 1").rowCount } == 1)
    }

    @Test("A server that says nothing any more is given up, and the next call has a new connection")
    func frozenServer() async throws {
        let connection = connection { $0.statementTimeout = .seconds(1) }
        let pid = try await connection.run("cannot ask") {
            try #require(try $0.query("SELECT pg_backend_pid()::text").text(0, 0).flatMap { pid_t($0) })
        }
        kill(pid, SIGSTOP)
        defer { kill(pid, SIGCONT) }
        let error = await #expect(throws: PostgresError.self) {
            try await connection.run("cannot ask") { try $0.execute("SELECT 1") }
        }
        #expect(error?.code == .unreachable)
        #expect(error?.message == "no answer for 6 s")
        #expect(try await connection.run("cannot ask") { try $0.query("SELECT 1").rowCount } == 1)
    }

    @Test("A transaction of a cancelled task is rolled back")
    func cancelledTransaction() async throws {
        let connection = connection()
        try await connection.run("cannot create") { try $0.execute("CREATE TABLE t (n int)") }
        let task = Task {
            try await connection.run("cannot insert") { session in
                try session.transaction {
                    _ = try session.query("INSERT INTO t VALUES (1)")
                    _ = try session.query("SELECT pg_sleep(60)")
                }
            }
        }
        try await waitUntil {
            try server.psql(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = '\(database)'") == "1"
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        let state = try await connection.run("cannot count") { session in
            (session.openingNumber, session.isInTransaction, try session.query("SELECT FROM t").rowCount)
        }
        #expect(state == (1, false, 0))
    }

    @Test("A statement that takes too long is timed out, a lock that takes too long is reported")
    func limits() async throws {
        try server.psql("CREATE TABLE t AS SELECT 1 AS a", database: database)
        let connection = connection {
            $0.statementTimeout = .milliseconds(200)
            $0.lockTimeout = .milliseconds(50)
        }
        let slow = await #expect(throws: PostgresError.self) {
            try await connection.run("cannot sleep") { try $0.execute("SELECT pg_sleep(60)") }
        }
        #expect(slow?.code == .timedOut)
        let holder = Task {
            try await self.connection().run("cannot lock") {
                try $0.execute("BEGIN; LOCK TABLE t; SELECT pg_sleep(60)")
            }
        }
        try await waitUntil {
            try server.psql(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE 'BEGIN; LOCK%'",
                database: database) == "1"
        }
        let error = await #expect(throws: PostgresError.self) {
            try await connection.run("cannot read") { try $0.execute("SELECT * FROM t") }
        }
        holder.cancel()
        await #expect(throws: CancellationError.self) { try await holder.value }
        #expect(error?.code == .locked)
    }

    @Test("The connection is opened again after the server has ended it, and never goes on with a transaction")
    func reconnect() async throws {
        let connection = connection()
        func ask() async throws -> (opening: Int, pid: Int64) {
            try await connection.run("cannot ask") { session in
                (session.openingNumber, try session.query("SELECT pg_backend_pid()::int8").integer(0, 0) ?? 0)
            }
        }
        let first = try await ask()
        try server.psql("SELECT pg_terminate_backend(\(first.pid), 30000)")
        // Nothing was asked of it meanwhile.
        #expect(try await ask().opening == 2)
        let (server, database) = (server, database)
        let error = await #expect(throws: PostgresError.self) {
            try await connection.run("cannot ask") { session in
                try session.transaction {
                    let pid = try session.query("SELECT pg_backend_pid()::int8").integer(0, 0) ?? 0
                    try server.psql("SELECT pg_terminate_backend(\(pid), 30000)", database: database)
                    _ = try session.query("SELECT 1")
                }
            }
        }
        #expect(error?.code == .unreachable)
        #expect(error?.isTransient == true)
        #expect(error?.isOutcomeUnknown == true)
        #expect(try await ask().opening == 3)
    }

    @Test(
        "Why a connection cannot be made is told apart, and the password is never shown",
        arguments: [
            ("password", PostgresError.Code.accessDenied, "28P01"), ("database", .missingDatabase, "3D000"),
            ("user", .accessDenied, "28P01"), ("port", .unreachable, nil), ("text", .cannotConnect, nil),
            ("no password", .accessDenied, nil), ("root", .cannotConnect, nil), ("host", .unreachable, nil),
        ] as [(String, PostgresError.Code, String?)])
    func refusals(kind: String, code: PostgresError.Code, state: String?) async throws {
        let right = server.postgresURL(database: database)
        let url =
            switch kind {
            case "password": server.postgresURL(database: database, password: "wrong-secret")
            case "database": server.postgresURL(database: "nowhere")
            case "user": server.postgresURL(database: database, user: "nobody")
            case "port": right.replacing(":\(server["PORT"])/", with: ":1/")
            case "text": "host='" + server["PASSWORD"]
            case "no password": "host=127.0.0.1 port=\(server["PORT"]) user=des dbname=\(database) sslmode=disable"
            case "root": right.replacing("sslmode=disable", with: "sslmode=verify-full&sslrootcert=/nonexistent")
            default: "host=/nonexistent user=des password=wrong-secret"
            }
        let error = await #expect(throws: PostgresError.self) {
            try await PostgresConnection(PostgresSettings(url)).run("cannot ask") { try $0.execute("SELECT 1") }
        }
        #expect(error?.code == code)
        #expect(error?.sqlState == state)
        let text = "\(try #require(error))"
        #expect(!text.contains("secret") && !text.contains("geheim") && !text.contains("LOCATION"))
        if kind == "password" { #expect(text.contains("password authentication failed for user \"des\"")) }
    }

    @Test("TLS with the server's certificate as root, a keyword string and a scheme with a driver all connect")
    func spellings() async throws {
        let secret = server["PASSWORD"]
        let texts = [
            server.postgresURL(database: database).replacing("postgresql://", with: "postgresql+psycopg://"),
            server.postgresURL(
                database: database,
                options: "sslmode=verify-ca&sslrootcert=\(server["CERTIFICATE"])"),
            "host=127.0.0.1 port=\(server["PORT"]) dbname=\(database) user=des password='\(secret)'",
            "host=/nonexistent,127.0.0.1 port=\(server["PORT"]),\(server["PORT"]) dbname=\(database) user=des password='\(secret)'",
        ]
        for text in texts {
            let settings = PostgresSettings(text)
            #expect(!"\(settings)".contains("geheim"))
            var dumped = ""
            dump(settings, to: &dumped)
            #expect(!dumped.contains("geheim"))
            let name = try await PostgresConnection(settings).run("cannot ask") {
                try $0.query("SELECT current_database()").text(0, 0)
            }
            #expect(name == database)
        }
    }

    @Test("A server that takes no changes is refused where changes are needed")
    func readOnly() async throws {
        try server.psql("ALTER DATABASE \(database) SET default_transaction_read_only = on")
        #expect(try await connection().run("cannot ask") { $0.isReadOnly })
        let error = await #expect(throws: PostgresError.self) {
            try await connection { $0.needsWrites = true }.run("cannot write") { _ in }
        }
        #expect(error?.code == .readOnly)
    }
}
