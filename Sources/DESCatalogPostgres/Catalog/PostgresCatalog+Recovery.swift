package import DESBase
package import DESCatalog
import DESPostgres

extension PostgresCatalog {
    /// One query looks all uids up. The operator's condition plays no part: a row may have left it since it was packed.
    package func recoveredRows(
        for keys: [(uid: String, createdAt: Timestamp)]
    ) async throws -> [[RecoveredRow]] {
        guard !keys.isEmpty else { return [] }
        let table = try await table()
        return try await reader.use("cannot look up the rows of shards left in staging") { session in
            var matches = RecoveryMatches(keys)
            let isPendingColumn = 3 + (table.size == nil ? 0 : 1) + table.meta.count
            for lookUp in PostgresLookUp.ways(to: matches.uids, in: table.uid) {
                let rows: PostgresResult
                do {
                    rows = try session.query(
                        "SELECT \(table.selected), \(table.isPending) FROM \(lookUp.values) "
                            + "JOIN \(table.qualifiedName) ON \(lookUp.isEqual)", [lookUp.parameter])
                } catch let error as PostgresError where error.code == .refusedRow && !lookUp.isLast {
                    continue
                }
                for row in 0..<rows.rowCount {
                    matches.add(
                        RecoveredRow(
                            row: table.row(rows, row), isArchived: rows.bool(row, isPendingColumn) == false))
                }
                break
            }
            return matches.rows
        }
    }

    /// One query looks all locations up. The operator's condition plays no part: what another row still needs stays.
    package func locationsStillPending(_ locations: [String]) async throws -> Set<ByteString> {
        guard !locations.isEmpty else { return [] }
        let table = try await table()
        return try await reader.use("cannot look up which sources other rows still need") { session in
            let wanted = Set(locations.map { ByteString($0) })
            var found: Set<ByteString> = []
            for lookUp in PostgresLookUp.ways(to: wanted.map(\.text), in: table.location) {
                let rows: PostgresResult
                do {
                    rows = try session.query(
                        "SELECT DISTINCT \(table.location.selected) FROM \(lookUp.values) "
                            + "JOIN \(table.qualifiedName) ON \(lookUp.isEqual) WHERE \(table.isPending)",
                        [lookUp.parameter])
                } catch let error as PostgresError where error.code == .refusedRow && !lookUp.isLast {
                    continue
                }
                for row in 0..<rows.rowCount {
                    // The column's collation may take more than equal texts for equal.
                    let location = table.location.value(rows, row, 0).uidText.map { ByteString($0) }
                    if let location, wanted.contains(location) { found.insert(location) }
                }
                break
            }
            return found
        }
    }
}

/// How the rows are found whose column has one of many texts as its ``CatalogValue/uidText``: perhaps some more are.
private struct PostgresLookUp {
    let values = "unnest($1) AS des_keys(des_value)"
    let parameter: PostgresParameter
    let isEqual: String
    let isLast: Bool

    /// The first one that the server does not refuse for a value is right.
    static func ways(to texts: [String], in column: PostgresColumn) -> [PostgresLookUp] {
        let value = "des_keys.des_value"
        func native(_ parameter: PostgresParameter) -> [PostgresLookUp] {
            [PostgresLookUp(parameter: parameter, isEqual: "\(column.sql) = \(value)", isLast: true)]
        }
        switch column.kind {
        case .text: return native(.textArray(texts))
        case .integer: return native(.int8Array(texts.compactMap { Int64($0) }))
        case .float: return native(.float8Array(texts.compactMap { Double($0) }))
        case .uuid: return native(.uuidArray(texts.compactMap { PostgresUUID($0) }))
        case .bytea: return native(.byteaArray(texts.map { Array($0.utf8) }))
        case .timestamptz: return native(.timestamptzArray(texts.compactMap(microseconds)))
        case .timestamp: return native(.timestampArray(texts.compactMap(microseconds)))
        case .date: return native(.dateArray(texts.compactMap(microseconds)))
        case .other:
            let asText = PostgresLookUp(
                parameter: .textArray(texts), isEqual: "\(column.sql)::text = \(value)", isLast: true)
            guard column.isComparable else { return [asText] }
            // By an index; refused if a text is none of the type's.
            let typed = PostgresLookUp(
                parameter: .textArray(texts), isEqual: "\(column.sql) = \(value)::\(column.typeName)", isLast: false)
            return [typed, asText]
        }
    }

    private static func microseconds(_ text: String) -> Int64? {
        Timestamp(parsing: text)?.microsecondsSinceEpoch
    }
}
