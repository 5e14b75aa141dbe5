import DESBase
package import DESCatalog
import DESODBC
import Synchronization

/// A catalog in a database that is reached through an ODBC driver: MySQL, MariaDB, SQL Server, Oracle; others as far as
/// they speak standard SQL.
///
/// - Marks go through one connection, each scan has one of its own, and statistics and look-ups share a third. A connection
///   that broke is opened again by the next call.
/// - Sessions run in UTC and READ COMMITTED. No call waits for a lock while it holds one.
/// - Texts are compared exactly, whatever the column's collation.
package final class ODBCCatalog: DatabaseCatalog {
    let source: ODBCSource
    package let schema: CatalogSchema
    package let access: CatalogAccess
    let settings: ODBCCatalogSettings
    let reader: ODBCCatalogConnection
    let writer: ODBCCatalogConnection
    /// Whether the marks were looked at.
    let hasLookedAtMarks = Atomic(false)
    private let resolvedTable = Mutex<ODBCTable?>(nil)
    /// Whether marks were read again before their commit, and were what they should be.
    let hasTriedMarks = Mutex(false)

    /// Connects on first use.
    package init(
        source: ODBCSource, schema: CatalogSchema, access: CatalogAccess = .readWrite,
        settings: ODBCCatalogSettings = ODBCCatalogSettings()
    ) {
        self.source = source
        self.schema = schema
        self.access = access
        self.settings = settings
        reader = ODBCCatalogConnection(source, .reading, settings)
        writer = ODBCCatalogConnection(source, .marking, settings)
    }

    package var place: String { source.description }

    /// Checks that the database can be reached and has the table and all columns, and, for `readWrite`, that its user may
    /// mark rows.
    package func checkSchema() async throws {
        let table = try await table()
        guard access == .readWrite, table.archived != nil else { return }
        let what = "cannot mark rows of table \"\(schema.table)\""
        guard table.markedValue != nil else { throw notMarkable(table, what: what) }
        let statements = ODBCMarkStatements(table: table)
        do {
            try await writer.run(what) { session in
                try session.execute(statements.trial)
                _ = try session.statement(statements.update.sql)
            }
        } catch let error as CatalogError where error.code == .queryFailed {
            throw CatalogError(
                code: .notMarkable, what: what, place: place, reason: error.reason,
                advice: "check archived_column, archived_at_column and shard_key_column; nothing was migrated")
        }
    }

    package var hasSizes: Bool { schema.hasSizes }

    package func refresh() async {
        resolvedTable.withLock { $0 = nil }
        hasTriedMarks.withLock { $0 = false }
        await reader.forgetStatements()
        await writer.forgetStatements()
    }

    package func pendingRows(in range: PendingRange) async throws -> any PendingRowScan {
        try schema.check(range.state, place: place)
        let table = try await table()
        return ODBCPendingScan(
            ODBCScanStatements(table: table, range: range),
            on: ODBCCatalogConnection(source, .reading, settings))
    }

    package func close() async {
        await reader.close()
        await writer.close()
    }

    /// The table as found in the database; looked up once, until ``refresh()``.
    func table() async throws -> ODBCTable {
        if let table = resolvedTable.withLock({ $0 }) { return table }
        let table = try await reader.run("cannot read the schema") { [schema, place] session in
            try ODBCTable(schema, in: session, place: place)
        }
        resolvedTable.withLock { $0 = table }
        return table
    }

    func notMarkable(_ table: ODBCTable, what: String) -> CatalogError {
        if let archived = table.archived, let members = table.enumerations[ByteString(archived.name)] {
            return CatalogError(
                code: .notMarkable, what: what, place: place,
                reason: "no member of the column \"\(archived.name)\" means true (it has "
                    + members.map(\.debugDescription).joined(separator: ", ") + ")",
                advice: "give it a member 'yes', or name another archived_column; nothing was migrated")
        }
        let reason =
            table.archived.map { "a mark cannot be kept in the column \"\($0.name)\" of type \($0.typeName)" }
            ?? "there is no archived_column"
        return CatalogError(code: .notMarkable, what: what, place: place, reason: reason)
    }
}
