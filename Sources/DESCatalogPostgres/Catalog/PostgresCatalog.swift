package import DESCatalog
import DESPostgres
import Synchronization

/// A catalog in a PostgreSQL database.
///
/// - The table may be named `schema.table`, have any name and column names, be partitioned, foreign, or a view (which can be
///   marked if PostgreSQL can update it, or it has an `INSTEAD OF UPDATE` trigger that returns the row).
/// - Marks go through one connection, each scan has one of its own, and statistics and look-ups share a third, so that
///   they run while others read. No transaction stays open between two calls.
/// - Rows with the same uid, time and location are one file: they are marked together, and where they stand on both sides of
///   a page's end the further ones are left out.
package final class PostgresCatalog: DatabaseCatalog {
    /// How long things may take.
    package struct Limits: Sendable {
        /// Any statement but those that read the whole table.
        package var statement: Duration
        /// Statistics, and the sorting of a table that has no index for its pages.
        package var fullPass: Duration
        /// How long a mark waits for rows that another transaction holds.
        package var lockWait: Duration
        /// Connecting to one host, unless the connection string gives `connect_timeout`.
        package var connect: Duration

        package init(
            statement: Duration = .seconds(300), fullPass: Duration = .seconds(600), lockWait: Duration = .seconds(10),
            connect: Duration = .seconds(10)
        ) {
            self.statement = statement
            self.fullPass = fullPass
            self.lockWait = lockWait
            self.connect = connect
        }
    }

    package let schema: CatalogSchema
    package let access: CatalogAccess
    let limits: Limits
    let clock: any Clock<Duration>
    let reader: PostgresConnection
    let writer: PostgresConnection
    private let settings: PostgresSettings
    /// Whether the marks were looked at.
    let hasLookedAtMarks = Atomic(false)
    private let resolvedTable = Mutex<PostgresTable?>(nil)
    /// What is known of triggers and the like, and until when.
    let afterwards = Mutex<(isChanged: Bool, expiry: ContinuousClock.Instant)?>(nil)

    /// - Parameters:
    ///   - conninfo: a URL `postgresql://…` or `host=… dbname=…`, as libpq reads it, with the `PG*` variables for what it
    ///     does not say. Connections are made on first use.
    ///   - applicationName: shown by the server for each session.
    package init(
        conninfo: String, schema: CatalogSchema, access: CatalogAccess = .readWrite, limits: Limits = Limits(),
        applicationName: String = "des", clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.schema = schema
        self.access = access
        self.limits = limits
        self.clock = clock
        settings = PostgresSettings(
            conninfo, applicationName: applicationName, statementTimeout: limits.statement, lockTimeout: .seconds(10),
            connectTimeout: limits.connect)
        reader = PostgresConnection(settings)
        var writing = settings
        writing.needsWrites = access == .readWrite
        writing.lockTimeout = PostgresMarkRun.lockTimeout
        // The arrays' sizes must not lead to other plans: with many keys, custom ones read the whole table.
        writing.parameters = [
            ("plan_cache_mode", "force_generic_plan"), ("jit", "off"), ("enable_seqscan", "off"),
            ("enable_mergejoin", "off"),
        ]
        writer = PostgresConnection(writing)
    }

    /// Host, database and user, for messages.
    package var place: String { settings.place }

    /// Checks that the server can be reached and has the table and all columns, and, for `readWrite`, that rows can be
    /// marked in it.
    package func checkSchema() async throws {
        let table = try await table()
        guard access == .readWrite else { return }
        try await writer.use("cannot prepare to mark rows of table \"\(schema.table)\"") { session in
            try PostgresMarkCheck(table: table).run(in: session)
        }
    }

    package var hasSizes: Bool { schema.hasSizes }

    package func refresh() async {
        resolvedTable.withLock { $0 = nil }
        afterwards.withLock { $0 = nil }
    }

    package func pendingRows(in range: PendingRange) async throws -> any PendingRowScan {
        try schema.check(range.state, place: place)
        let table = try await table()
        var scanning = settings
        scanning.parameters = PostgresPagePlan.sessionParameters
        let connection = PostgresConnection(scanning)
        do {
            let plan = try await connection.use("cannot plan the scan of table \"\(table.name)\"") { session in
                try PostgresPagePlan(of: table, in: range, session: session)
            }
            return PostgresPendingScan(plan, limit: limits.fullPass, on: connection)
        } catch {
            await connection.close()
            throw error
        }
    }

    package func close() async {
        await reader.close()
        await writer.close()
    }

    /// The table as found in the database; looked up once, until ``refresh()``.
    func table() async throws -> PostgresTable {
        if let table = resolvedTable.withLock({ $0 }) { return table }
        let table = try await reader.use("cannot read the schema") { [schema] session in
            try PostgresTable(schema, in: session, place: session.place)
        }
        resolvedTable.withLock { $0 = table }
        return table
    }
}
