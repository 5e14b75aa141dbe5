package import DESCatalog
import Synchronization

/// A catalog in an SQLite file: the embedded default.
///
/// - The file must exist; its journal mode is left as it is, rollback journal or WAL.
/// - The table may be named `schema.table`, have any name and column names, be a table `WITHOUT ROWID`, or a view (which
///   can be marked only if it has an `INSTEAD OF UPDATE` trigger).
/// - Marks go through one connection, each scan has one of its own, and statistics and look-ups share a third, so that
///   they run while others read. A read holds its lock for one page or one pass only.
/// - Text that is not valid UTF-8 is read as blob; as key it still matches the row that it was read from.
package final class SQLiteCatalog: DatabaseCatalog {
    let path: String
    package let schema: CatalogSchema
    package let access: CatalogAccess
    let busyTimeout: Duration
    let reader: CatalogConnection
    let writer: CatalogConnection
    /// The table, and the file that it was found in.
    private let resolvedTable = Mutex<(table: SourceTable, file: CatalogFileIdentity?)?>(nil)
    /// Whether the marks were looked at.
    let hasLookedAtMarks = Atomic(false)

    /// - Parameters:
    ///   - path: the database file. It is opened on first use.
    ///   - busyTimeout: how long a call waits for another connection's lock before it throws a transient error.
    package init(
        path: String, schema: CatalogSchema, access: CatalogAccess = .readWrite, busyTimeout: Duration = .seconds(30)
    ) {
        self.path = path
        self.schema = schema
        self.access = access
        self.busyTimeout = busyTimeout
        reader = CatalogConnection(path: path, busyTimeout: busyTimeout)
        writer = CatalogConnection(path: path, busyTimeout: busyTimeout)
    }

    package var place: String { path }

    /// Checks that the file can be opened and has the table and all columns, and, for `readWrite` and a table with an
    /// archived column, that rows can be marked in it.
    package func checkSchema() async throws {
        let table = try await table()
        guard access == .readWrite, let archived = table.archived else { return }
        try await writer.run("cannot prepare to mark rows of table \"\(schema.table)\"") { [path] database in
            try Self.checkMarking(of: table, archived: archived, in: database, path: path)
        }
    }

    package var hasSizes: Bool { schema.hasSizes }

    package func refresh() async { resolvedTable.withLock { $0 = nil } }

    package func pendingRows(in range: PendingRange) async throws -> any PendingRowScan {
        try schema.check(range.state, place: path)
        let connection = CatalogConnection(path: path, busyTimeout: busyTimeout, onReplacement: .fail)
        do {
            return try await SQLitePendingScan(of: table(), in: range, on: connection)
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
    func table() async throws -> SourceTable {
        // A file that was replaced may have another table.
        let file = CatalogFileIdentity(path)
        if let resolved = resolvedTable.withLock({ $0 }), resolved.file == file { return resolved.table }
        let table = try await reader.run("cannot read the schema") { [schema, path] database in
            try SourceTable(schema, in: database, path: path)
        }
        resolvedTable.withLock { $0 = (table, file) }
        return table
    }
}
