import DESBase
package import DESCatalog
import GRDB
import GRDBSQLite

extension SQLiteCatalog {
    package func mark(_ rows: [RowMark], within fence: Fence?) async throws -> [MarkOutcome] {
        guard !rows.isEmpty else { return [] }
        let table = try await table()
        let what = "cannot mark \(rows.count) rows of table \"\(schema.table)\""
        guard let archived = table.archived else {
            throw CatalogError(
                code: .notMarkable, what: what, place: path, reason: "no archived column is configured",
                advice: "set database.archived_column, or use the watermark mode")
        }
        return try await mark(rows[...], in: table, archived: archived, within: fence, what: what)
    }

    /// Marks the rows in one transaction; if a trigger rolls it back, in two, until it is alone with its row.
    private func mark(
        _ rows: ArraySlice<RowMark>, in table: SourceTable, archived: SourceTable.Column, within fence: Fence?,
        what: String
    ) async throws -> [MarkOutcome] {
        do {
            return try await markAtOnce(rows, in: table, archived: archived, within: fence, what: what)
        } catch let error as MarksRolledBack {
            guard rows.count > 1 else { return rows.map { _ in .refused(reason: error.reason) } }
            let middle = rows.startIndex + rows.count / 2
            let first = try await mark(rows[..<middle], in: table, archived: archived, within: fence, what: what)
            return try await first + mark(rows[middle...], in: table, archived: archived, within: fence, what: what)
        }
    }

    private func markAtOnce(
        _ rows: ArraySlice<RowMark>, in table: SourceTable, archived: SourceTable.Column, within fence: Fence?,
        what: String
    ) async throws -> [MarkOutcome] {
        try await change(what) { [path] database in
            if let fence { try FenceTable.check(fence, in: database, what: what, place: path) }
            let time = Timestamp.now()
            var outcomes: [MarkOutcome] = []
            outcomes.reserveCapacity(rows.count)
            var statements: [MarkShape: MarkStatements] = [:]
            func statement(_ key: RowKey) throws -> MarkStatements {
                let shape = MarkShape(key: key, table: table)
                let statement =
                    try statements[shape]
                    ?? MarkStatements(shape, of: table, archived: archived, at: time, in: database)
                statements[shape] = statement
                return statement
            }
            var marked: [RowKey] = []
            for row in rows {
                var key = row.key
                var outcome = try statement(key).mark(key, shard: row.shard)
                if outcome == .changed && row.key.rowID != nil {
                    // VACUUM may have numbered the rows anew: then the row is there under another number.
                    key.rowID = nil
                    outcome = try statement(key).mark(key, shard: row.shard)
                }
                if outcome == .marked { marked.append(key) }
                outcomes.append(outcome)
            }
            for key in marked where try !statement(key).isStillMarked(key) {
                throw MarksRolledBack(
                    reason: "a trigger of the database undoes the marks of other rows; the mark was rolled back")
            }
            return outcomes
        }
    }

    package func raise(_ fence: Fence) async throws {
        let what = "cannot take over the unit \(fence.unit)"
        try await change(what) { [path] database in
            try FenceTable.raise(fence, in: database, what: what, place: path)
        }
    }

    /// Runs the body in a transaction that no other writer interrupts.
    private func change<Result: Sendable>(
        _ what: String, _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        try checkWritable(what)
        return try await writer.transaction(what, body)
    }

    /// Checks what would make every mark fail, before anything is packed.
    static func checkMarking(
        of table: SourceTable, archived: SourceTable.Column, in database: Database, path: String
    ) throws {
        func refusal(_ code: CatalogError.Code, _ reason: String, _ advice: String) -> CatalogError {
            CatalogError(
                code: code, what: "cannot mark rows of table \"\(table.name)\"", place: path, reason: reason,
                advice: advice)
        }
        if sqlite3_db_readonly(database.sqliteConnection, "main") == 1 {
            throw refusal(
                .readOnly, "the file cannot be written",
                "the user of this process needs to write the file and its folder; nothing was migrated")
        }
        let key = RowKey(rowID: nil, uid: .null, createdAt: .null, location: .null)
        let shape = MarkShape(key: key, table: table)
        do {
            _ = try MarkStatements(shape, of: table, archived: archived, at: .now(), in: database)
        } catch {
            guard let failure = SQLiteFailure(error), failure.code & 0xFF == SQLITE_ERROR else { throw error }
            throw refusal(
                .notMarkable, failure.message,
                table.isView
                    ? "use the table behind the view, or give the view a trigger INSTEAD OF UPDATE"
                    : "check archived_column, archived_at_column and shard_key_column")
        }
    }
}
