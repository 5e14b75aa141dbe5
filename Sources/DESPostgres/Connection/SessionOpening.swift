import CPostgres
import Glibc

/// Opens sessions: connects, and sets what every session of ours relies on.
struct SessionOpening {
    let settings: PostgresSettings
    let wakeUp: WakeUp

    /// Connects within the time limit, or until the task is cancelled.
    func session(number: Int) throws -> PostgresSession {
        let handle = try connect()
        let isUnchecked = PQparameterStatus(handle, "server_encoding").map { String(cString: $0) } == "SQL_ASCII"
        if isUnchecked { PQsetClientEncoding(handle, "SQL_ASCII") }
        let session = PostgresSession(
            handle, wakeUp: wakeUp, openingNumber: number, place: Self.place(handle), hasUncheckedTexts: isUnchecked,
            statementTimeout: settings.statementTimeout)
        guard PQsetnonblocking(handle, 1) == 0 else {
            throw PostgresError(code: .unreachable, message: "the connection broke", place: session.place)
        }
        try prepare(session)
        return session
    }

    private func connect() throws -> OpaquePointer {
        let given = try settings.options()
        var options = given
        options["client_encoding"] = "UTF8"
        options["fallback_application_name"] = given["fallback_application_name"] ?? settings.applicationName
        // A peer that is gone without a word is noticed within about a minute.
        let keepalives = [
            "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3", "tcp_user_timeout": "20000",
        ]
        options.merge(keepalives) { given, _ in given }

        let sorted = options.sorted { $0.key < $1.key }
        guard let handle = Self.withCStrings(sorted.map(\.key), sorted.map(\.value), PQconnectStartParams) else {
            throw PostgresError(code: .unreachable, message: "out of memory", place: settings.place)
        }
        var isConnected = false
        defer { if !isConnected { PQfinish(handle) } }
        des_pg_ignore_notices(handle)
        // So that what goes wrong while connecting comes with its SQLSTATE.
        PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        try complete(handle)
        PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
        isConnected = true
        return handle
    }

    /// Carries the connection through its stages ("Database Connection Control Functions" of libpq's manual).
    private func complete(_ handle: OpaquePointer) throws {
        let deadline = ContinuousClock.now + timeLimit(handle)
        var status = PQstatus(handle) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
        while true {
            switch status {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_FAILED: throw ConnectionFailure(handle).error
            default:
                try Task.checkCancellation()
                let left = deadline - ContinuousClock.now
                guard left > .zero else {
                    throw PostgresError(
                        code: .unreachable, message: "no answer within the time limit for connecting",
                        place: Self.place(handle), advice: PostgresError.Code.unreachable.defaultAdvice)
                }
                let events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT
                var descriptors = [
                    pollfd(fd: PQsocket(handle), events: Int16(events), revents: 0),
                    pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
                ]
                _ = poll(&descriptors, 2, Int32(clamping: left.milliseconds))
                if descriptors[1].revents != 0 { wakeUp.clear() }
                if descriptors[0].revents != 0 { status = PQconnectPoll(handle) }
            }
        }
    }

    /// The limit for all hosts of the connection string together.
    private func timeLimit(_ handle: OpaquePointer) -> Duration {
        guard let parsed = PQconninfo(handle) else { return settings.connectTimeout }
        defer { PQconninfoFree(parsed) }
        let options = PostgresSettings.dictionary(parsed)
        let hosts = (options["host"] ?? options["hostaddr"] ?? "").split(separator: ",").count
        let seconds = options["connect_timeout"].flatMap { Int($0) } ?? 0
        let limit = seconds > 0 ? Duration.seconds(max(2, seconds)) : settings.connectTimeout
        // The kernel gives up a host that does not answer after tcp_user_timeout, and libpq turns to the next.
        return hosts > 1 ? max(limit, .seconds(20)) * hosts : limit
    }

    private func prepare(_ session: PostgresSession) throws {
        func limit(_ name: String, _ duration: Duration?) -> String {
            "SET \(name) = \(duration.map(\.milliseconds) ?? 0)"
        }
        let statements = [
            "SET TIME ZONE 'UTC'", "SET DateStyle = 'ISO'", "SET IntervalStyle = 'postgres'",
            "SET standard_conforming_strings = on", "SET bytea_output = 'hex'", "SET extra_float_digits = 1",
            "SET default_transaction_isolation = 'read committed'",
            // Sources are deleted once a mark is committed: a commit must outlive a crash of the server.
            """
            SELECT set_config('synchronous_commit', 'on', false)
            WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')
            """,
            limit("statement_timeout", settings.statementTimeout), limit("lock_timeout", settings.lockTimeout),
            limit("idle_in_transaction_session_timeout", settings.idleInTransactionTimeout),
        ]
        try session.execute(statements.joined(separator: "; "))
        for parameter in settings.parameters {
            _ = try session.query(
                "SELECT set_config($1, $2, false)", [.text(parameter.name), .text(parameter.value)])
        }
        let state = try session.query(
            "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'")
        session.isInRecovery = state.bool(0, 0) ?? false
        session.isReadOnly = state.bool(0, 1) ?? false
        if settings.needsWrites, session.isReadOnly {
            throw PostgresError(
                code: .readOnly, sqlState: "25006",
                message: session.isInRecovery
                    ? "the server is a standby and takes no changes"
                    : "its transactions are read-only (default_transaction_read_only)",
                place: session.place, advice: PostgresError.Code.readOnly.defaultAdvice)
        }
    }

    static func place(_ handle: OpaquePointer) -> String {
        func text(_ field: UnsafeMutablePointer<CChar>?) -> String? { field.map { String(cString: $0) } }
        return PostgresSettings.place(
            user: text(PQuser(handle)), host: text(PQhost(handle)), port: text(PQport(handle)),
            database: text(PQdb(handle)))
    }

    private static func withCStrings(
        _ keywords: [String], _ values: [String],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<UnsafePointer<CChar>?>?, Int32) -> OpaquePointer?
    ) -> OpaquePointer? {
        let copies = [keywords, values].map { texts in texts.map { strdup($0) } }
        defer { for copy in copies.joined() { free(copy) } }
        let pointers = copies.map { $0.map { UnsafePointer($0) } + [nil] }
        return body(pointers[0], pointers[1], 0)
    }
}
