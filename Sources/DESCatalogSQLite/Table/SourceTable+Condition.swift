import DESCatalog
import GRDB
import GRDBSQLite

extension SourceTable {
    /// The operator's `where_clause` in parentheses, after a look whether it is one condition on the table and no more.
    ///
    /// - Throws: ``CatalogError`` with `queryFailed` that names `database.where_clause`.
    static func condition(
        _ clause: String, on from: String, in database: Database, place: String
    ) throws -> String {
        // A comment at the end of the clause ends with its line.
        let condition = "(\(clause)\n)"
        func refusal(_ reason: String) -> CatalogError {
            CatalogError(
                code: .queryFailed, what: "database.where_clause is no condition on the rows", place: place,
                reason: reason,
                advice: "it is used as it is, after WHERE, and names columns without their table; nothing was changed")
        }
        // Without parentheses of our own too: what closes them and opens others would take the rest of a statement in.
        for text in [condition, clause] {
            let statement: Statement
            do {
                statement = try database.makeStatement(sql: "SELECT 1 FROM \(from) WHERE \(text)")
            } catch {
                guard let failure = SQLiteFailure(error), [SQLITE_ERROR, SQLITE_MISUSE].contains(failure.code & 0xFF)
                else { throw error }
                throw refusal(failure.message)
            }
            guard sqlite3_bind_parameter_count(statement.sqliteStatement) == 0 else {
                throw refusal("it has a parameter (?, :name, @name or $name)")
            }
        }
        return condition
    }
}
