/// The operator's `where_clause` on its way into SQL.
package enum WhereClause {
    /// The clause as one condition. A comment at its end ends with its line.
    package static func condition(_ clause: String) -> String { "(\n\(clause)\n)" }

    /// Statements that read nothing, and that the database refuses unless the clause is one condition and no more.
    ///
    /// In the first one it stands between keywords, without parentheses: a clause that closes ours and opens others would
    /// take in rows that it is not said for. In the second one it stands as in all later statements.
    ///
    /// - Parameter table: as it stands behind FROM.
    package static func trials(of clause: String, on table: String) -> [String] {
        [
            "SELECT CASE WHEN\n\(clause)\nTHEN 1 ELSE 0 END FROM \(table) WHERE 1 = 0",
            "SELECT 1 FROM \(table) WHERE 1 = 0 AND \(condition(clause))",
        ]
    }

    /// What is thrown for a clause that the database refuses.
    package static func refusal(_ reason: String, table: String, place: String) -> CatalogError {
        CatalogError(
            code: .queryFailed, what: "database.where_clause is no condition on the rows",
            place: "table \"\(table)\" in \(place)", reason: reason,
            advice: "it is used as it is, after WHERE, with balanced parentheses; nothing was started")
    }
}
