import DESRouting
import GRDB

/// Pages by ranges of an index: each begins after the last key of the one before. A row that is marked meanwhile does not
/// move the others, and rows with one time, or one time and uid, are told apart by the rowid or primary key.
struct KeysetPages: PageSource {
    private enum Position {
        case first
        /// After the row with these values of the order's columns.
        case after([KeyValue])
        /// After a row whose uid is NULL: more such rows of one time come first, in the order of the other columns.
        case afterNullUID([KeyValue])
        /// After the last row without a uid of that time.
        case afterAllNullUIDs(KeyValue)
        /// Among the rows whose time is NULL; the values of the identity columns of the last one.
        case nullTimes(after: [KeyValue], returned: Int)
        case end
    }

    private let table: SourceTable
    private let order: KeysetOrder
    private let cutoff: Timestamp
    private var position = Position.first

    init(table: SourceTable, order: KeysetOrder, cutoff: Timestamp) {
        self.table = table
        self.order = order
        self.cutoff = cutoff
    }

    mutating func nextPage(atMost count: Int, in database: Database) throws -> [CatalogRow] {
        while true {
            if case .end = position { return [] }
            let (rows, lastKey) = try read(atMost: count, in: database)
            position = next(after: lastKey, returned: rows.count)
            if !rows.isEmpty { return rows }
        }
    }

    /// Where the next page begins, given the last key of a full page; nil if the page reached the end of its range.
    private func next(after lastKey: [KeyValue]?, returned: Int) -> Position {
        switch (position, lastKey) {
        case (.nullTimes(_, let before), .some(let key)):
            .nullTimes(after: key, returned: before + returned)
        case (.first, .some(let key)), (.after, .some(let key)), (.afterNullUID, .some(let key)),
            (.afterAllNullUIDs, .some(let key)):
            order.hasNullableUID && key[1].value == .null ? .afterNullUID(key) : .after(key)
        case (.afterNullUID(let key), nil): .afterAllNullUIDs(key[0])
        case (.first, nil), (.after, nil), (.afterAllNullUIDs, nil):
            table.createdAt.mayBeNull ? .nullTimes(after: [], returned: 0) : .end
        case (.nullTimes, nil), (.end, _): .end
        }
    }

    /// The rows of the position's range, and the key of the last one if there are as many as asked for.
    private func read(atMost count: Int, in database: Database) throws -> (rows: [CatalogRow], lastKey: [KeyValue]?) {
        let cutoff = KeyValue(.integer(cutoff.microsecondsSinceEpoch))
        var limit = count
        let sql: String
        var values: [KeyValue]
        var keyColumns = order.columns
        switch position {
        case .first: (sql, values) = (firstSQL, [cutoff])
        case .after(let key): (sql, values) = (followingSQL, [cutoff] + key)
        case .afterNullUID(let key): (sql, values) = (nullUIDSQL, [cutoff, key[0]] + key.dropFirst(2))
        case .afterAllNullUIDs(let time): (sql, values) = (afterNullUIDsSQL, [cutoff, time])
        case .nullTimes(let key, let returned):
            limit = min(count, SQLitePendingScan.nullTimeLimit - returned)
            guard limit > 0 else { return ([], nil) }
            (sql, values) = (nullTimesSQL(isFirst: key.isEmpty), key)
            keyColumns = table.identityColumns
        case .end: return ([], nil)
        }
        values.append(KeyValue(.integer(Int64(limit))))
        let cursor = try database.cursor(sql)
        defer { cursor.reset() }
        for (index, value) in values.enumerated() { try value.bind(to: cursor, at: Int32(index + 1)) }

        var rows: [CatalogRow] = []
        rows.reserveCapacity(min(limit, 10_000))
        while try cursor.step() {
            rows.append(cursor.catalogRow(metaCount: table.meta.count))
            if rows.count == limit {
                return (rows, keyColumns.map { KeyValue(cursor, column: selectedColumns.firstIndex(of: $0) ?? 0) })
            }
        }
        return (rows, nil)
    }
}

extension KeysetPages {
    /// The columns of a row, and what else the order needs.
    private var selectedColumns: [String] {
        let columns = table.rowColumns
        return columns + (order.columns + table.identityColumns).filter { !columns.contains($0) }
    }

    /// Parameters: the cutoff, the limit.
    var firstSQL: String { sql(where: "\(order.columns[0]) IS NOT NULL", limit: 2) }

    /// Parameters: the cutoff, the last key, the limit.
    var followingSQL: String {
        sql(where: Self.isGreater(order.columns, firstParameter: 2), limit: order.columns.count + 2)
    }

    /// Parameters: the cutoff, the last time, the rest of the last key without the uid, the limit.
    private var nullUIDSQL: String {
        let rest = Array(order.columns.dropFirst(2))
        return sql(
            where: """
                \(order.columns[0]) = ?2 AND \(order.columns[1]) IS NULL \
                AND \(Self.isGreater(rest, firstParameter: 3))
                """, limit: rest.count + 3)
    }

    /// Parameters: the cutoff, the last time, the limit.
    private var afterNullUIDsSQL: String {
        let time = order.columns[0]
        return sql(where: "\(time) >= ?2 AND (\(time) > ?2 OR \(order.columns[1]) IS NOT NULL)", limit: 3)
    }

    /// Parameters: the identity of the last row, unless it is the first page; the limit.
    private func nullTimesSQL(isFirst: Bool) -> String {
        let identity = table.identityColumns
        let range = isFirst ? "" : " AND \(Self.isGreater(identity, firstParameter: 1))"
        return """
            SELECT \(selectedColumns.joined(separator: ", ")) FROM \(table.from) \
            WHERE \(order.columns[0]) IS NULL AND \(table.isPending)\(range) \
            ORDER BY \(identity.joined(separator: ", ")) LIMIT ?\(isFirst ? 1 : identity.count + 1)
            """
    }

    private func sql(where range: String, limit: Int) -> String {
        """
        SELECT \(selectedColumns.joined(separator: ", ")) FROM \(table.from) \
        WHERE \(range) AND \(table.isPending) AND \(table.isDue(before: "?1")) \
        ORDER BY \(order.columns.joined(separator: ", ")) LIMIT ?\(limit)
        """
    }

    /// Whether the columns, as one value, come after the parameters.
    private static func isGreater(_ columns: [String], firstParameter: Int) -> String {
        let parameters = columns.indices.map { "?\(firstParameter + $0)" }.joined(separator: ", ")
        return columns.count == 1
            ? "\(columns[0]) > \(parameters)" : "(\(columns.joined(separator: ", "))) > (\(parameters))"
    }
}
