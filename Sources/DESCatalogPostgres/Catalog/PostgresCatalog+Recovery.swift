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
            let rows = try PostgresLookUp.rows(with: matches.uids, in: table.uid, session) { lookUp in
                "SELECT \(table.selected), \(table.isPending) FROM \(lookUp.values) "
                    + "JOIN \(table.qualifiedName) ON \(lookUp.isEqual)"
            }
            for row in 0..<rows.rowCount {
                matches.add(
                    RecoveredRow(
                        row: table.row(rows, row), isArchived: rows.bool(row, table.selectedCount) == false))
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
            let rows = try PostgresLookUp.rows(with: wanted.map(\.text), in: table.location, session) { lookUp in
                "SELECT DISTINCT \(table.location.selected) FROM \(lookUp.values) "
                    + "JOIN \(table.qualifiedName) ON \(lookUp.isEqual) WHERE \(table.isPending)"
            }
            // The column's collation may take more than equal texts for equal.
            return wanted.intersection(
                (0..<rows.rowCount).compactMap { table.location.value(rows, $0, 0).uidText.map { ByteString($0) } })
        }
    }
}

/// How the rows are found whose column has one of many texts as its ``CatalogValue/uidText``: perhaps some more are.
private struct PostgresLookUp {
    let values = "unnest($1) AS des_keys(des_value)"
    let parameter: PostgresParameter
    let isEqual: String

    /// The rows of a query for the texts.
    static func rows(
        with texts: [String], in column: PostgresColumn, _ session: PostgresSession,
        _ query: (PostgresLookUp) -> String
    ) throws -> PostgresResult {
        let (first, rest) = ways(to: texts, in: column)
        do {
            return try session.query(query(first), [first.parameter])
        } catch let error as PostgresError where error.code == .refusedRow {
            guard let rest else { throw error }
            return try session.query(query(rest), [rest.parameter])
        }
    }

    /// The second one is right if the server refuses the first one for a value.
    private static func ways(to texts: [String], in column: PostgresColumn) -> (PostgresLookUp, PostgresLookUp?) {
        let value = "des_keys.des_value"
        func native(_ parameter: PostgresParameter) -> (PostgresLookUp, PostgresLookUp?) {
            (PostgresLookUp(parameter: parameter, isEqual: "\(column.sql) = \(value)"), nil)
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
            let asText = PostgresLookUp(parameter: .textArray(texts), isEqual: "\(column.sql)::text = \(value)")
            guard column.isComparable else { return (asText, nil) }
            // By an index; refused if a text is none of the type's.
            let typed = PostgresLookUp(
                parameter: .textArray(texts), isEqual: "\(column.sql) = \(value)::\(column.typeName)")
            return (typed, asText)
        }
    }

    private static func microseconds(_ text: String) -> Int64? {
        Timestamp(parsing: text)?.microsecondsSinceEpoch
    }
}
