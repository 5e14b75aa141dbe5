import GRDB
import GRDBSQLite

extension SQLiteCatalog {
    package func mark(_ keys: [RowKey]) async throws -> [MarkOutcome] {
        guard !keys.isEmpty else { return [] }
        let table = try await table()
        let what = "cannot mark \(keys.count) rows of table \"\(schema.table)\""
        guard access == .readWrite else {
            throw CatalogError(
                code: .readOnly, what: what, place: path, reason: "the catalog was opened for reading only")
        }
        return try await writer.run(what, advice: nil) { database in
            try Self.endAbandonedTransaction(in: database)
            var outcomes: [MarkOutcome] = []
            outcomes.reserveCapacity(keys.count)
            var statements: [MarkShape: MarkStatements] = [:]
            try database.inTransaction(.immediate) {
                func mark(_ key: RowKey) throws -> MarkOutcome {
                    let shape = MarkShape(key: key, table: table)
                    let statement = try statements[shape] ?? MarkStatements(shape, of: table, in: database)
                    statements[shape] = statement
                    return try statement.mark(key)
                }
                for key in keys {
                    var outcome = try mark(key)
                    if outcome == .changed && key.rowID != nil {
                        // VACUUM may have numbered the rows anew: then the row is there under another number.
                        var byValue = key
                        byValue.rowID = nil
                        outcome = try mark(byValue)
                    }
                    outcomes.append(outcome)
                }
                return .commit
            }
            return outcomes
        }
    }

    /// Checks what would make every mark fail, before anything is packed.
    static func checkMarking(of table: SourceTable, in database: Database, path: String) throws {
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
        do {
            _ = try MarkStatements(MarkShape(key: key, table: table), of: table, in: database)
        } catch {
            guard let failure = SQLiteFailure(error), failure.code & 0xFF == SQLITE_ERROR else { throw error }
            throw refusal(
                .notMarkable, failure.message,
                table.isView
                    ? "use the table behind the view, or give the view a trigger INSTEAD OF UPDATE"
                    : "check archived_column")
        }
    }

    /// A transaction that could be neither committed nor rolled back (an I/O error) must not swallow later marks.
    private static func endAbandonedTransaction(in database: Database) throws {
        if database.isInsideTransaction { try database.rollback() }
    }
}
