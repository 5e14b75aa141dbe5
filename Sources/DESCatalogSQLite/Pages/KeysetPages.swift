import DESBase
import DESCatalog
import GRDB

/// Pages by ranges of an index: each begins after the last key of the one before. A row that is marked meanwhile does not
/// move the others, and rows with one time, or one time and uid, are told apart by the rowid or primary key.
struct KeysetPages: PageSource {
    private enum Position {
        /// At the start of a range of stored times, by its number.
        case start(range: Int)
        /// After the row with these values of the order's columns.
        case after([KeyValue], range: Int)
        /// After a row whose uid is NULL: more such rows of one time come first, in the order of the other columns.
        case afterNullUID([KeyValue], range: Int)
        /// After the last row without a uid of that time.
        case afterAllNullUIDs(KeyValue, range: Int)
        /// Among the rows whose time is NULL; the values of the identity columns of the last one.
        case nullTimes(after: [KeyValue], returned: Int)
        case end
    }

    private let table: SourceTable
    private let order: KeysetOrder
    private let range: PendingRange
    private let storedRanges: [StoredRange]
    private var position: Position

    init(table: SourceTable, order: KeysetOrder, range: PendingRange) {
        self.table = table
        self.order = order
        self.range = range
        storedRanges = range.storedRanges
        position = storedRanges.isEmpty ? .end : .start(range: 0)
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
        case (.start(let range), .some(let key)), (.after(_, let range), .some(let key)),
            (.afterNullUID(_, let range), .some(let key)), (.afterAllNullUIDs(_, let range), .some(let key)):
            order.hasNullableUID && key[1].value == .null
                ? .afterNullUID(key, range: range) : .after(key, range: range)
        case (.afterNullUID(let key, let range), nil): .afterAllNullUIDs(key[0], range: range)
        case (.start(let range), nil), (.after(_, let range), nil), (.afterAllNullUIDs(_, let range), nil):
            if range + 1 < storedRanges.count {
                .start(range: range + 1)
            } else {
                self.range.includesUndated && table.createdAt.mayBeNull ? .nullTimes(after: [], returned: 0) : .end
            }
        case (.nullTimes, nil), (.end, _): .end
        }
    }

    /// The rows of the position's range, and the key of the last one if there may be more: there are as many as asked for, or
    /// as many bytes as a page has.
    private func read(atMost count: Int, in database: Database) throws -> (rows: [CatalogRow], lastKey: [KeyValue]?) {
        var limit = count
        let sql: String
        let keys: [KeyValue]
        var keyColumns = order.columns
        var stored = StoredRange.everything
        switch position {
        case .start(let range):
            stored = storedRanges[range]
            (sql, keys) = (startSQL(stored.kind), [])
        case .after(let key, let range):
            stored = storedRanges[range]
            (sql, keys) = (followingSQL(stored.kind), key)
        case .afterNullUID(let key, _):
            (sql, keys) = (nullUIDSQL, [key[0]] + key.dropFirst(2))
        case .afterAllNullUIDs(let time, let range):
            stored = storedRanges[range]
            (sql, keys) = (afterNullUIDsSQL(stored.kind), [time])
        case .nullTimes(let key, let returned):
            limit = min(count, SQLitePendingScan.nullTimeLimit - returned)
            guard limit > 0 else { return ([], nil) }
            (sql, keys) = (nullTimesSQL(isFirst: key.isEmpty), key)
            keyColumns = table.identityColumns
        case .end: return ([], nil)
        }
        let cursor = try database.cursor(sql)
        defer { cursor.reset() }
        let bounds = range.sqlBounds
        let values = [bounds.first, bounds.last, stored.lower, stored.upper, .integer(Int64(limit))].map(KeyValue.init)
        for (index, value) in (values + keys).enumerated() { try value.bind(to: cursor, at: Int32(index + 1)) }

        var rows: [CatalogRow] = []
        rows.reserveCapacity(min(limit, 10_000))
        var bytes = 0
        while try cursor.step() {
            let row = cursor.catalogRow(metaCount: table.columns.meta.count)
            rows.append(row)
            bytes += row.memoryInBytes
            if rows.count == limit || bytes >= PageLimit.bytes {
                return (rows, keyColumns.map { KeyValue(cursor, column: selectedColumns.firstIndex(of: $0) ?? 0) })
            }
        }
        return (rows, nil)
    }
}

/// All statements have the same first parameters: the first and the last microsecond, the bounds of the stored range, the
/// limit. The key follows.
extension KeysetPages {
    private static let limit = "?5"
    private static let firstKey = 6

    /// The columns of a row, and what else the order needs.
    private var selectedColumns: [String] {
        let columns = table.rowColumns
        return columns + (order.columns + table.identityColumns).filter { !columns.contains($0) }
    }

    func startSQL(_ kind: StoredRange.Kind) -> String {
        let time = order.columns[0]
        return sql(where: kind == .everything ? "\(time) IS NOT NULL" : "\(time) >= ?3 AND \(end(kind))")
    }

    /// Key: the last one.
    func followingSQL(_ kind: StoredRange.Kind) -> String {
        let range = Self.isGreater(order.columns, firstParameter: Self.firstKey)
        return sql(where: kind == .everything ? range : "\(range) AND \(end(kind))")
    }

    /// Key: the last time, the rest of the last key without the uid.
    private var nullUIDSQL: String {
        let rest = Array(order.columns.dropFirst(2))
        return sql(
            where: """
                \(order.columns[0]) = ?6 AND \(order.columns[1]) IS NULL \
                AND \(Self.isGreater(rest, firstParameter: Self.firstKey + 1))
                """)
    }

    /// Key: the last time.
    private func afterNullUIDsSQL(_ kind: StoredRange.Kind) -> String {
        let time = order.columns[0]
        let range = "\(time) >= ?6 AND (\(time) > ?6 OR \(order.columns[1]) IS NOT NULL)"
        return sql(where: kind == .everything ? range : "\(range) AND \(end(kind))")
    }

    /// Key: the identity of the last row, unless it is the first page.
    private func nullTimesSQL(isFirst: Bool) -> String {
        let identity = table.identityColumns
        let isAfter = isFirst ? "" : " AND \(Self.isGreater(identity, firstParameter: Self.firstKey))"
        return """
            SELECT \(selectedColumns.joined(separator: ", ")) FROM \(table.from) \
            WHERE \(order.columns[0]) IS NULL AND \(table.isWanted(range.state))\(isAfter) \
            ORDER BY \(identity.joined(separator: ", ")) LIMIT \(Self.limit)
            """
    }

    /// The end of the stored range. The storage class is named since a column's type may turn the bounds of one class into
    /// the other, and the ranges would overlap.
    private func end(_ kind: StoredRange.Kind) -> String {
        let time = order.columns[0]
        let classes =
            switch kind {
            case .everything, .number: "IN ('integer', 'real')"
            case .text: "= 'text'"
            case .blob: "= 'blob'"
            }
        return "\(time) <= ?4 AND typeof(\(time)) \(classes)"
    }

    private func sql(where condition: String) -> String {
        """
        SELECT \(selectedColumns.joined(separator: ", ")) FROM \(table.from) \
        WHERE \(condition) AND \(table.isWanted(range.state)) AND \(table.isInRange(range)) \
        ORDER BY \(order.columns.joined(separator: ", ")) LIMIT \(Self.limit)
        """
    }

    /// Whether the columns, as one value, come after the parameters.
    private static func isGreater(_ columns: [String], firstParameter: Int) -> String {
        let parameters = columns.indices.map { "?\(firstParameter + $0)" }.joined(separator: ", ")
        return columns.count == 1
            ? "\(columns[0]) > \(parameters)" : "(\(columns.joined(separator: ", "))) > (\(parameters))"
    }
}
