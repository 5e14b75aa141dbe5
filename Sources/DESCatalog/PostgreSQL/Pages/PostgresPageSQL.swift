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

    private func select(_ condition: String, limit: Int) -> String {
        var conditions = [condition, table.isWanted(range.state)]
        if table.uid.mayBeNull { conditions.append("\(table.uid.sql) IS NOT NULL") }
        return """
            SELECT \(table.selected) FROM \(table.qualifiedName) WHERE \(conditions.joined(separator: " AND ")) \
            ORDER BY \(table.createdAt.sql), \(table.uid.sql) LIMIT \(limit)
            """
    }

    /// Rows that all have this time and uid, by their location.
    ///
    /// - Parameter after: the last location that was read; nil at the begin.
    func group(
        _ key: (createdAt: CatalogValue, uid: CatalogValue), after: CatalogValue?, limit: Int
    ) -> PostgresRequest {
        let (time, uid) = (table.createdAt.scalar(key.createdAt), table.uid.scalar(key.uid))
        var parameters = [time.parameter, uid.parameter]
        let location = table.location
        // By bytes, whatever the collation.
        let ordered = location.kind == .text ? "\(location.sql) COLLATE \"C\"" : location.ordered
        var conditions = [
            table.createdAt.equals("$1::\(table.createdAt.parameterType(time.form))", time.form, isNullSafe: false),
            table.uid.equals("$2::\(table.uid.parameterType(uid.form))", uid.form, isNullSafe: false),
            table.isWanted(range.state),
        ]
        switch after {
        case nil: break
        case .null?: conditions.append("false")
        case let last?:
            let value = location.scalar(last)
            parameters.append(value.parameter)
            let parameter = "$3::\(location.parameterType(value.form))"
            let operand = location.isComparable ? location.operand(parameter, value.form) : parameter
            conditions.append("(\(ordered) > \(operand) OR \(location.sql) IS NULL)")
        }
        return PostgresRequest(
            sql: """
                SELECT \(table.selected) FROM \(table.qualifiedName) WHERE \(conditions.joined(separator: " AND ")) \
                ORDER BY \(ordered) NULLS LAST LIMIT \(limit)
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
