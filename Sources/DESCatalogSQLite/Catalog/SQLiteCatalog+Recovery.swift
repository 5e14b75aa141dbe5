package import DESBase
package import DESCatalog
import GRDB

extension SQLiteCatalog {
    /// With an index that begins with the uid, each key is looked up; without one, the table is read once for all keys.
    package func recoveredRows(
        for keys: [(uid: String, createdAt: Timestamp)]
    ) async throws -> [[RecoveredRow]] {
        guard !keys.isEmpty else { return [] }
        let table = try await table()
        return try await reader.run("cannot look up the rows of shards left in staging") { database in
            var matches = RecoveryMatches(keys)
            let columns = (table.rowColumns + [table.isPending]).joined(separator: ", ")
            // A marked row is found whatever the operator's condition says of it by now.
            let condition = table.condition.map { " AND (\(table.isPending) IS NULL OR \($0))" } ?? ""
            let look = "SELECT \(columns) FROM \(table.from) WHERE \(table.uid.sql) IN (?1, ?2, ?3)\(condition)"
            let (first, last) = matches.timeRange
            let queries: [(sql: String, values: [CatalogValue])] =
                try database.isServedByIndex(look)
                ? matches.uids.map { (look, Self.storedForms(of: $0)) }
                : [
                    (
                        "SELECT \(columns) FROM \(table.from) WHERE \(table.microseconds) BETWEEN ?1 AND ?2\(condition)",
                        [.integer(first.microsecondsSinceEpoch), .integer(last.microsecondsSinceEpoch)]
                    )
                ]
            for query in queries {
                try database.rows(query.sql, binding: query.values) { row in
                    matches.add(
                        RecoveredRow(
                            row: row.catalogRow(metaCount: table.meta.count),
                            isArchived: row.integer(at: Int32(table.rowColumns.count)) == 0))
                    return true
                }
            }
            return matches.rows
        }
    }

    /// With an index that begins with the location, each is looked up; without one, the pending rows are read once.
    ///
    /// The operator's condition does not count here: a source that only rows outside of it name is still needed.
    package func locationsStillPending(_ locations: [String]) async throws -> Set<ByteString> {
        guard !locations.isEmpty else { return [] }
        let table = try await table()
        return try await reader.run("cannot look up which sources other rows still need") { database in
            let wanted = Set(locations.map { ByteString($0) })
            var found: Set<ByteString> = []
            let select = "SELECT \(table.location.sql) FROM \(table.from) WHERE \(table.isPending)"
            let look = select + " AND \(table.location.sql) IN (?1, ?2, ?3)"
            let queries: [(sought: Set<ByteString>, sql: String, values: [CatalogValue])] =
                try database.isServedByIndex(look)
                ? wanted.map { ([$0], look, Self.storedForms(of: $0.text)) } : [(wanted, select, [])]
            for query in queries {
                var missing = query.sought
                try database.rows(query.sql, binding: query.values) { row in
                    // The column's collation may take more than equal texts for equal.
                    if let location = row.value(at: 0).uidText.flatMap({ missing.remove(ByteString($0)) }) {
                        found.insert(location)
                    }
                    return !missing.isEmpty
                }
            }
            return found
        }
    }

    /// All values whose ``CatalogValue/uidText`` is this text.
    private static func storedForms(of text: String) -> [CatalogValue] {
        let number = Int64(text).flatMap { String($0) == text ? CatalogValue.integer($0) : nil }
        return [.text(text), number ?? .null, .blob(Array(text.utf8))]
    }
}

extension Database {
    /// Whether the query jumps into an index instead of reading the table from start to end.
    fileprivate func isServedByIndex(_ sql: String) throws -> Bool {
        let steps = try rows("EXPLAIN QUERY PLAN " + sql).map { $0[3].uidText ?? "" }
        return steps.contains { $0.hasBytePrefix("SEARCH ") } && !steps.contains { $0.hasBytePrefix("SCAN ") }
    }
}
