import DESCatalog
import DESPostgres

/// Checks what would make every mark fail, before anything is packed.
struct PostgresMarkCheck: Sendable {
    let table: PostgresTable

    func run(in session: PostgresSession) throws {
        guard let archived = table.archived else { return }
        if table.kind == .materializedView {
            throw refusal(session, .notMarkable, "a materialized view cannot be changed", "use the table behind it")
        }
        let columns = [archived, table.archivedAt, table.shardKey].compactMap { $0 }
        for column in columns {
            let allowed = try session.query(
                "SELECT has_column_privilege($1::oid, $2, 'UPDATE')", [.int8(table.number), .text(column.name)])
            if allowed.bool(0, 0) != true {
                throw refusal(
                    session, .accessDenied, "the user may not change the column \"\(column.name)\"",
                    "grant it: GRANT SELECT, UPDATE ON \(table.qualifiedName) TO the user; nothing was migrated")
            }
        }
        if table.markedValue == nil, let members = archived.enumeration {
            throw refusal(
                session, .notMarkable,
                "no member of the enumeration of the column \"\(archived.name)\" means true (it has "
                    + members.map(\.debugDescription).joined(separator: ", ") + ")",
                "add one (ALTER TYPE \(archived.typeName) ADD VALUE 'yes'), or name another archived_column; nothing was migrated"
            )
        }
        do {
            // Checks the views behind the name and the types of the columns, and changes nothing.
            let update = PostgresMarkSQL([], of: table, within: nil).update(isGuarded: true)
            _ = try session.query("EXPLAIN " + update.sql, update.parameters)
        } catch let error as PostgresError
            where [.queryFailed, .missingObject, .refusedRow].contains(error.code)
        {
            let view =
                "use the table behind the view, or give the view a trigger INSTEAD OF UPDATE that returns the row"
            throw refusal(
                session, .notMarkable, error.message,
                table.isView ? view : error.advice ?? "check archived_column")
        }
    }

    private func refusal(
        _ session: PostgresSession, _ code: CatalogError.Code, _ reason: String, _ advice: String
    ) -> CatalogError {
        CatalogError(
            code: code, what: "cannot mark rows of table \"\(table.name)\"", place: session.place, reason: reason,
            advice: advice)
    }
}
