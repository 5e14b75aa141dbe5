package import DESCatalog
import DESPostgres

extension PostgresCatalog {
    package func raise(_ fence: Fence) async throws {
        let what = "cannot raise the token of the unit \"\(fence.unit)\""
        try checkWritable(what)
        let place = place
        let lockWait = limits.lockWait
        try await writer.use(what) { session in
            try PostgresFenceTable.createIfMissing(in: session)
            try session.transaction {
                _ = try session.query(
                    "SELECT set_config('lock_timeout', $1, true)", [.text("\(max(1, lockWait.components.seconds))s")])
                let raised = try session.query(
                    """
                    INSERT INTO \(PostgresMarkSQL.fences) AS f (unit, token) VALUES ($1, $2)
                    ON CONFLICT (unit) DO UPDATE SET token = excluded.token WHERE f.token <= excluded.token
                    RETURNING token
                    """, [.text(fence.unit), .int8(fence.token)])
                guard raised.rowCount > 0 else {
                    throw CatalogError(
                        code: .fenced, what: what, place: place,
                        reason: "a higher token than \(fence.token) was raised before",
                        advice: "another worker has the unit by now")
                }
            }
        }
    }
}

/// The table of the tokens, in the database that holds the catalog.
private enum PostgresFenceTable {
    static let sql = "CREATE TABLE \(PostgresMarkSQL.fences) (unit text PRIMARY KEY, token bigint NOT NULL)"

    static func createIfMissing(in session: PostgresSession) throws {
        if try exists(in: session) { return }
        do {
            try session.execute(sql)
        } catch let error as PostgresError {
            // Another worker may have created it at the same moment.
            if error.sqlState == "42P07" || error.sqlState == "23505" { return }
            guard error.code == .accessDenied || error.sqlState == "3F000" else { throw error }
            throw CatalogError(
                code: .accessDenied, what: "cannot create the table \(PostgresMarkSQL.fences)", place: session.place,
                reason: error.message,
                advice:
                    "create it once, as its owner: \(sql); GRANT SELECT, INSERT, UPDATE ON \(PostgresMarkSQL.fences) TO the user"
            )
        }
    }

    private static func exists(in session: PostgresSession) throws -> Bool {
        try session.query("SELECT to_regclass($1) IS NOT NULL", [.text(PostgresMarkSQL.fences)]).bool(0, 0) == true
    }
}
