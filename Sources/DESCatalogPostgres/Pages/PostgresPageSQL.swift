import DESCatalog
import DESPostgres

/// The statements that read pages of the rows that have a time and a uid, in the order of both.
struct PostgresPageSQL: Sendable {
    let table: PostgresTable
    let range: PendingRange

    /// Whether rows can be told apart by comparing their keys with `=` and `>`, as the server orders them.
    var isOrderExact: Bool {
        [table.createdAt, table.uid].allSatisfy { $0.isComparable && !$0.hasLooseCollation }
    }

    /// The first page.
    func first(limit: Int) -> PostgresRequest {
        PostgresRequest(sql: select(table.isInRange(range), limit: limit), parameters: [])
    }

    /// The page after the row with this time and uid.
    func following(after key: (createdAt: CatalogValue, uid: CatalogValue), limit: Int) -> PostgresRequest {
        let (time, uid) = (table.createdAt.scalar(key.createdAt), table.uid.scalar(key.uid))
        let operands = [
            table.createdAt.operand("$1::\(table.createdAt.parameterType(time.form))", time.form),
            table.uid.operand("$2::\(table.uid.parameterType(uid.form))", uid.form),
        ]
        let isAfter = "(\(table.createdAt.sql), \(table.uid.sql)) > (\(operands.joined(separator: ", ")))"
        var conditions = [isAfter]
        if table.createdAt.isTime {
            conditions.append(
                "\(table.createdAt.sql) < \(PostgresTimeText.literal(range.before, for: table.createdAt))")
        }
        return PostgresRequest(
            sql: select(conditions.joined(separator: " AND "), limit: limit),
            parameters: [time.parameter, uid.parameter])
    }

    /// Whether the server may take a time and uid for equal to others with other bytes, so that it has to be asked which
    /// rows are.
    var hasLooseEquality: Bool { [table.createdAt, table.uid].contains(where: \.hasLooseEquality) }

    private func select(_ condition: String, limit: Int) -> String {
        let (time, uid) = (table.createdAt.sql, table.uid.sql)
        var conditions = [condition, table.isWanted(range.state)]
        if table.uid.mayBeNull { conditions.append("\(uid) IS NOT NULL") }
        var (columns, window) = (table.selected, "")
        if hasLooseEquality {
            columns +=
                ", COALESCE(\(time) = lag(\(time)) OVER des_order AND \(uid) = lag(\(uid)) OVER des_order, false)"
            window = "WINDOW des_order AS (ORDER BY \(time), \(uid)) "
        }
        return """
            SELECT \(columns) FROM \(table.qualifiedName) WHERE \(conditions.joined(separator: " AND ")) \
            \(window)ORDER BY \(time), \(uid) LIMIT \(limit)
            """
    }

    /// Rows that the server takes for equal in time and uid, by the bytes of time, uid and location.
    ///
    /// - Parameter after: the last row that was read; nil at the begin.
    func group(
        _ key: (createdAt: CatalogValue, uid: CatalogValue), after: PostgresGroupKey?, limit: Int
    ) -> PostgresRequest {
        let (time, uid) = (table.createdAt.scalar(key.createdAt), table.uid.scalar(key.uid))
        var parameters = [time.parameter, uid.parameter]
        func bytes(_ column: PostgresColumn) -> String { "COALESCE(\(column.sql)::text, '') COLLATE \"C\"" }
        let order = [
            bytes(table.createdAt), bytes(table.uid), "(\(table.location.sql) IS NULL)", bytes(table.location),
        ].joined(separator: ", ")
        func isEqual(_ column: PostgresColumn, _ number: Int, _ form: PostgresColumn.Form) -> String {
            "\(column.sql) = \(column.operand("$\(number)::\(column.parameterType(form))", form))"
        }
        var conditions = [
            isEqual(table.createdAt, 1, time.form), isEqual(table.uid, 2, uid.form), table.isWanted(range.state),
        ]
        if let after {
            parameters += [
                .text(bytes: after.texts[0]), .text(bytes: after.texts[1]), .bool(!after.hasLocation),
                .text(bytes: after.texts[2]),
            ]
            conditions.append("(\(order)) > ($3::text, $4::text, $5::boolean, $6::text)")
        }
        return PostgresRequest(
            sql: """
                SELECT \(table.selected), \(order) FROM \(table.qualifiedName) \
                WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(order) LIMIT \(limit)
                """, parameters: parameters)
    }

    /// The rows that no page has: those without a uid, and then, if they are wanted, those without a readable time. Nil if the
    /// table can hold none.
    var others: String? {
        var alternatives: [String] = []
        if table.uid.mayBeNull {
            alternatives.append("\(table.uid.sql) IS NULL AND \(table.isInRange(range))")
        }
        if range.includesUndated, table.createdAt.isTime || table.createdAt.mayBeNull {
            alternatives.append(table.isUndated)
        }
        guard !alternatives.isEmpty else { return nil }
        let any = alternatives.map { "(\($0))" }.joined(separator: " OR ")
        return """
            SELECT \(table.selected) FROM \(table.qualifiedName) WHERE (\(any)) AND \(table.isWanted(range.state)) \
            ORDER BY \(table.isUndated), \(table.createdAt.ordered)
            """
    }

    /// All rows of the range, sorted.
    var all: String {
        var condition = table.isInRange(range)
        if range.includesUndated { condition = "(\(condition) OR \(table.isUndated))" }
        return """
            SELECT \(table.selected) FROM \(table.qualifiedName) WHERE \(condition) AND \(table.isWanted(range.state)) \
            ORDER BY \(table.isUndated), \(table.createdAt.ordered), \(table.uid.ordered)
            """
    }
}
