package import DESBase
import DESCatalog
package import DESCatalogWatermark
package import DESPostgres

/// An archive store in a PostgreSQL database: that of the source catalog, or another one. The tables are those that the
/// user's search path leads to.
package final class PostgresArchiveStore: ArchiveStore {
    let id: Int64
    private let connection: PostgresConnection

    /// - Parameters:
    ///   - settings: the server. It is connected to on first use.
    ///   - id: the row of `des_archive_config`.
    package init(_ settings: PostgresSettings, id: Int64 = 1) {
        self.id = id
        connection = PostgresConnection(settings)
    }

    var place: String { connection.place }

    package func prepare() async throws {
        let advice = "the watermark mode needs these tables: " + ArchiveTables.postgres.joined(separator: "; ")
        let what = "cannot create the tables of the watermark mode"
        try await run(what, advice: advice) { session in
            let missing = try session.query(
                "SELECT count(*) FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NULL",
                [.textArray(ArchiveTables.names)])
            guard missing.integer(0, 0) != 0 else { return }
            try session.transaction {
                // Two that begin at once: IF NOT EXISTS alone may fail for the second.
                try session.execute("SELECT pg_advisory_xact_lock(hashtext('des_archive_config'))")
                for sql in ArchiveTables.postgres { try session.execute(sql) }
            }
        }
        try await run(
            "cannot add a column to a table of the watermark mode", advice: "run: \(ArchiveTables.postgresAcceptance)"
        ) { session in
            if try !Self.hasAcceptance(session) { try session.execute(ArchiveTables.postgresAcceptance) }
        }
        // An older or foreign table shows here, before anything is packed.
        try await run("the table des_archive_config is not as it should be") { [id] session in
            _ = try Self.config(id, in: session)
        }
    }

    package func config() async throws -> ArchiveConfig? {
        try await run("cannot read the watermark", ifMissing: nil) { [id] in try Self.config(id, in: $0) }
    }

    package func setWatermark(until: Timestamp?, lagDays: Int?) async throws -> ArchiveConfig {
        try await change("cannot set the watermark") { [id] session in
            var config =
                try Self.config(id, in: session, lock: "FOR UPDATE") ?? ArchiveConfig(archivedUntil: nil, lagDays: nil)
            if let until { config.archivedUntil = until }
            if let lagDays { config.lagDays = lagDays }
            try Self.write(config, id, in: session)
            return config
        }
    }

    package func advance(from: Timestamp?, to: Timestamp) async throws {
        try await change("cannot move the watermark to \(to)") { [id, place] session in
            var config =
                try Self.config(id, in: session, lock: "FOR UPDATE") ?? ArchiveConfig(archivedUntil: nil, lagDays: nil)
            guard config.archivedUntil != to else { return }
            guard config.archivedUntil == from else {
                throw CatalogError.watermarkMoved(
                    place: place, expected: from, found: config.archivedUntil, target: to)
            }
            config.archivedUntil = to
            try Self.write(config, id, in: session)
        }
    }

    package func storeName() async throws -> String? {
        try await run("cannot read which store the files are in", ifMissing: nil) { [id] session in
            let rows = try session.query("SELECT store FROM des_archive_store WHERE config_id = $1", [.int8(id)])
            return rows.rowCount > 0 ? rows.text(0, 0) : nil
        }
    }

    package func remember(storeName: String) async throws {
        try await change("cannot remember which store the files are in") { [id] session in
            _ = try session.query(
                """
                INSERT INTO des_archive_store (config_id, store) VALUES ($1, $2)
                ON CONFLICT (config_id) DO UPDATE SET store = excluded.store
                """, [.int8(id), .text(storeName)])
        }
    }

    package func close() async {
        await connection.close()
    }

    /// Whether the table of rows that are set aside knows accepted ones.
    static func hasAcceptance(_ session: PostgresSession) throws -> Bool {
        let result = try session.query(
            """
            SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('des_archive_set_aside')
                AND attname = 'accepted_at' AND NOT attisdropped)
            """)
        return result.bool(0, 0) == true
    }

    /// - Parameter lock: at the end of the statement, as in `FOR SHARE`.
    static func config(_ id: Int64, in session: PostgresSession, lock: String = "") throws -> ArchiveConfig? {
        let result = try session.query(
            "SELECT archived_until, lag_days::bigint FROM des_archive_config WHERE id = $1 \(lock)", [.int8(id)])
        guard result.rowCount > 0 else { return nil }
        var until: Timestamp?
        if !result.isNull(0, 0) {
            switch result.type(of: 0) {
            case .timestamptz, .timestamp, .date:
                until = result.microseconds(0, 0).map(Timestamp.init(microsecondsSinceEpoch:))
            default: until = result.text(0, 0).flatMap { Timestamp(parsing: $0) }
            }
            guard until != nil else {
                throw CatalogError(
                    code: .queryFailed, what: "cannot read the watermark", place: "des_archive_config, id \(id)",
                    reason: "archived_until is no time", advice: "make it a column of type timestamptz")
            }
        }
        return ArchiveConfig(archivedUntil: until, lagDays: result.integer(0, 1).map(Int.init(clamping:)))
    }

    /// Also forgets what lies behind the watermark: packed rows, and failures of rows that are gone or packed by now.
    private static func write(_ config: ArchiveConfig, _ id: Int64, in session: PostgresSession) throws {
        let until = config.archivedUntil.map { PostgresParameter.timestamptz($0.microsecondsSinceEpoch) }
        _ = try session.query(
            """
            INSERT INTO des_archive_config (id, archived_until, lag_days) VALUES ($1, $2, $3)
            ON CONFLICT (id) DO UPDATE SET archived_until = excluded.archived_until, lag_days = excluded.lag_days
            """, [.int8(id), until ?? .null(.timestamptz), config.lagDays.map { .int8(Int64($0)) } ?? .null(.int8)])
        guard let until else { return }
        for (table, condition) in [("des_archive_packed", ""), ("des_archive_set_aside", " AND set_aside_at IS NULL")] {
            let exists = try session.query("SELECT to_regclass($1) IS NOT NULL", [.text(table)])
            guard exists.bool(0, 0) == true else { continue }
            _ = try session.query(
                "DELETE FROM \(table) WHERE config_id = $1 AND created_at <= $2\(condition)", [.int8(id), until])
        }
    }

    // MARK: Calls

    func run<Result: Sendable>(
        _ what: String, advice: String? = nil, _ body: @escaping @Sendable (PostgresSession) throws -> Result
    ) async throws -> Result {
        do {
            return try await connection.run(what, advice: advice, body)
        } catch let error as PostgresError {
            throw CatalogError(watermark: error)
        }
    }

    /// As ``run(_:advice:_:)``, with an answer for the time before the tables are there.
    func run<Result: Sendable>(
        _ what: String, ifMissing answer: Result, _ body: @escaping @Sendable (PostgresSession) throws -> Result
    ) async throws -> Result {
        try await run(what) { session in
            do {
                return try body(session)
            } catch let error as PostgresError where error.sqlState == "42P01" {
                return answer
            }
        }
    }

    /// Runs the body in one transaction.
    func change<Result: Sendable>(
        _ what: String, _ body: @escaping @Sendable (PostgresSession) throws -> Result
    ) async throws -> Result {
        try await run(what) { session in try session.transaction { try body(session) } }
    }
}

extension CatalogError {
    /// What the server with the watermark answered, in the catalog's terms.
    fileprivate init(watermark error: PostgresError) {
        let code: Code =
            switch error.code {
            case .unreachable, .outOfConnections: .unreachable
            case .cannotConnect, .missingDatabase: .cannotOpen
            case .accessDenied: .accessDenied
            case .locked: .locked
            case .timedOut: .timedOut
            case .diskFull: .diskFull
            case .readOnly: .readOnly
            case .missingObject: error.sqlState == "42703" ? .missingColumn : .missingTable
            case .closed: .closed
            default: .queryFailed
            }
        self.init(code: code, what: error.what, place: error.place, reason: error.message, advice: error.advice)
    }
}
