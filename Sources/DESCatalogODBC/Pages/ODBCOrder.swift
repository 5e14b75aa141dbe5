import DESCatalog
import DESODBC

/// An order of the pending rows that an index gives without sorting them, and that tells any two rows apart.
struct ODBCOrder: Sendable, Hashable {
    /// The time first, then maybe the uid, then what is left of the primary key.
    let columns: [ODBCColumn]

    /// The best order of the rows of a state that an index of the table gives; nil if each would be sorted.
    static func served(of table: ODBCTable, _ state: RowState) -> ODBCOrder? {
        guard !table.primaryKey.isEmpty else { return nil }
        for columns in KeysetOrders.columns(time: table.createdAt, uid: table.uid, identity: table.primaryKey)
        where table.indexes.contains(where: { isServed(columns, by: $0, of: table, state) }) {
            return ODBCOrder(columns: columns)
        }
        return nil
    }

    /// The order that a table without a fit index is sorted in; nil if nothing tells its rows apart.
    static func sorted(_ table: ODBCTable) -> ODBCOrder? {
        let orders = KeysetOrders.columns(time: table.createdAt, uid: table.uid, identity: table.primaryKey)
        return table.primaryKey.isEmpty ? nil : ODBCOrder(columns: orders[0])
    }

    private static func isServed(
        _ order: [ODBCColumn], by index: ODBCSession.Index, of table: ODBCTable, _ state: RowState
    ) -> Bool {
        guard !index.isPartial else { return false }
        var columns = index.columns[...]
        if state == .pending, let archived = table.archived, columns.first == archived.name, table.hasSinglePendingValue
        {
            columns = columns.dropFirst()
        }
        let names = order.map(\.name)
        if columns.starts(with: names) { return true }
        // The rest of the order is the primary key, which such an index holds behind its own columns.
        let key = table.primaryKey.map(\.name)
        let own = names.prefix { !key.contains($0) }
        let rest = Array(names.dropFirst(own.count))
        return containsPrimaryKey(table) && Array(columns) == Array(own) && rest == key
    }

    private static func containsPrimaryKey(_ table: ODBCTable) -> Bool {
        if table.dialect.indexesContainPrimaryKey { return true }
        let key = table.primaryKey.map(\.name)
        return table.indexes.contains { $0.isClustered && $0.columns == key }
    }
}

extension ODBCTable {
    /// Advice where the rows are read by one sorted statement.
    var pagingNote: String {
        let columns = "\(sql(createdAt)), \(sql(uid))"
        let index = dialect.quoted("des_pending_\(name.filter { $0.isLetter || $0.isNumber || $0 == "_" })")
        let create = "CREATE INDEX \(index) ON \(qualifiedName) (\(columns))"
        if primaryKey.isEmpty {
            return """
                \(name) has no primary key that tells its rows apart: the pending rows are sorted and read by one \
                statement in each cycle. It is fast with an index: \(create)
                """
        }
        let complete = dialect.indexesContainPrimaryKey || indexes.contains(where: \.isClustered)
        let rest = primaryKey.filter { $0.name != uid.name && $0.name != createdAt.name }.map { ", \(sql($0))" }
            .joined()
        return """
            no index of \(name) gives the rows by time: the pending rows are sorted and read by one statement in each \
            cycle. This avoids it: CREATE INDEX \(index) ON \(qualifiedName) (\(columns)\(complete ? "" : rest))
            """
    }
}
