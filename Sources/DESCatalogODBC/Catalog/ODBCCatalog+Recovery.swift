package import DESBase
package import DESCatalog
import DESODBC

extension ODBCCatalog {
    /// With an index that begins with the uid, the keys are looked up; without one, the rows of their times are read once.
    package func recoveredRows(for keys: [(uid: String, createdAt: Timestamp)]) async throws -> [[RecoveredRow]] {
        guard !keys.isEmpty else { return [] }
        let table = try await table()
        return try await reader.run("cannot look up the rows of shards left in staging") { session in
            var matches = RecoveryMatches(keys)
            let columns = table.rowColumns.map(table.dialect.selected).joined(separator: ", ")
            let select = """
                SELECT \(columns), CASE WHEN \(table.isPending) THEN 1 ELSE 0 END FROM \(table.qualifiedName) WHERE
                """
            func read(_ query: ODBCQuery) throws(ODBCError) {
                try session.forEachRow(of: query) { (row) throws(ODBCError) in
                    let values = try row.values
                    matches.add(
                        RecoveredRow(row: table.catalogRow(values), isArchived: values.last?.integer == 0))
                }
            }
            if table.hasIndex(on: table.uid) || !table.createdAt.isTime {
                for list in table.lists(of: matches.uids, in: table.uid) {
                    try read(ODBCQuery(sql: "\(select) \(list.sql)", parameters: list.parameters))
                }
            } else {
                let (first, last) = matches.timeRange
                let next = Timestamp(microsecondsSinceEpoch: last.microsecondsSinceEpoch + 1)
                try read(table.query(select, from: first, before: next))
            }
            return matches.rows
        }
    }

    /// With an index that begins with the location, each is looked up; without one, the pending rows are read once. The
    /// operator's own condition is left aside: a row that it hides needs its source too.
    package func locationsStillPending(_ locations: [String]) async throws -> Set<ByteString> {
        guard !locations.isEmpty else { return [] }
        let table = try await table()
        return try await reader.run("cannot look up which sources other rows still need") { session in
            let wanted = Set(locations.map { ByteString($0) })
            var found: Set<ByteString> = []
            let select = "SELECT \(table.sql(table.location)) FROM \(table.qualifiedName) WHERE \(table.isPending)"
            let queries =
                table.hasIndex(on: table.location)
                ? table.lists(of: locations, in: table.location).map {
                    ODBCQuery(sql: "\(select) AND \($0.sql)", parameters: $0.parameters)
                } : [ODBCQuery(sql: select)]
            for query in queries {
                try session.forEachRow(of: query) { (row) throws(ODBCError) in
                    // The column's collation may take more than equal texts for equal.
                    let location = CatalogValue(try row.value(0)).uidText.map { ByteString($0) }
                    if let location, wanted.contains(location) { found.insert(location) }
                }
            }
            return found
        }
    }
}

extension ODBCTable {
    func hasIndex(on column: ODBCColumn) -> Bool {
        indexes.contains { !$0.isPartial && $0.columns.first == column.name }
            || primaryKey.first?.name == column.name
    }

    /// Conditions that the column has one of the texts; texts that it cannot hold are left out.
    func lists(of texts: [String], in column: ODBCColumn) -> [ODBCQuery] {
        let values = texts.compactMap { text -> ODBCValue? in
            switch column.type {
            // A text like 007 is another one than the number 7.
            case .integer, .boolean: Int64(text).flatMap { String($0) == text ? .integer($0) : nil }
            case .decimal: text.utf8.allSatisfy { (48...57).contains($0) } && !text.isEmpty ? .text(text) : nil
            case .uuid: text.utf8.count == 36 ? .text(text) : nil
            default: dialect.value(.text(text), for: column)
            }
        }
        return dialect.lists(of: values).map { part in
            let marks = part.map { _ in dialect.parameter(for: column) }.joined(separator: ", ")
            return ODBCQuery(
                sql: "\(sql(column)) IN (\(marks))", parameters: part.map { ODBCParameter(column.parameterKind, $0) })
        }
    }

    /// The rows whose time lies in a range, as far as the database can compare it.
    func query(_ select: String, from first: Timestamp, before end: Timestamp) -> ODBCQuery {
        let (name, mark) = (sql(createdAt), dialect.parameter(for: createdAt))
        // What a column rounds is found from its own value below the moment on.
        var query = ODBCQuery(
            sql: "\(select) \(name) >= \(mark)", parameters: [.text(dialect.text(first, for: createdAt))])
        if let upper = dialect.roundedUp(end, for: createdAt) {
            query.sql += " AND \(name) < \(mark)"
            query.parameters.append(.text(upper))
        }
        return query
    }
}
