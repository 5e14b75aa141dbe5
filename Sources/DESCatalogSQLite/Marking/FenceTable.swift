import DESCatalog
import GRDB

/// The table that keeps the highest fencing token of each unit of work beside the rows that it guards.
enum FenceTable {
    private static let name = "main.\(Fence.table)"

    /// Looks, within the transaction that marks, whether the token is the one that was raised last.
    static func check(_ fence: Fence, in database: Database, what: String, place: String) throws {
        let token = try token(of: fence.unit, in: database)
        guard token != fence.token else { return }
        throw CatalogError(
            code: .fenced, what: what, place: place,
            reason: token.map { "unit \(fence.unit) has token \($0) by now, not \(fence.token)" }
                ?? "unit \(fence.unit) was never taken over in this catalog",
            advice: "another worker has it; nothing was marked")
    }

    /// Makes the token the one that counts; creates the table if it is not there yet.
    static func raise(_ fence: Fence, in database: Database, what: String, place: String) throws {
        if let token = try token(of: fence.unit, in: database), token > fence.token {
            throw CatalogError(
                code: .fenced, what: what, place: place,
                reason: "it has token \(token) by now, and \(fence.token) is lower",
                advice: "another worker has it; nothing was changed")
        }
        try database.execute(
            sql: "CREATE TABLE IF NOT EXISTS \(name) (unit TEXT PRIMARY KEY NOT NULL, token INTEGER NOT NULL)")
        try database.change(
            """
            INSERT INTO \(name) (unit, token) VALUES (?1, ?2)
            ON CONFLICT (unit) DO UPDATE SET token = excluded.token
            """, [.text(fence.unit), .integer(fence.token)])
    }

    /// Nil if the unit has none, or nobody has raised one for any unit.
    private static func token(of unit: String, in database: Database) throws -> Int64? {
        guard try database.hasTable(Fence.table) else { return nil }
        return try database.rows("SELECT token FROM \(name) WHERE unit = ?1", [.text(unit)]).first?[0].integerValue
    }
}
