import DESBase
import DESCatalog
import GRDB

/// An order of the rows that an index gives without sorting, and that tells any two rows apart.
struct KeysetOrder: Sendable, Equatable {
    /// Qualified columns; the time comes first.
    let columns: [String]
    /// Whether the second column is a uid that may be NULL: a comparison with NULL is neither true nor false, so that
    /// the pages take care of it.
    let hasNullableUID: Bool

    /// The best order that the database serves from an index: by time and uid, else by time alone; rows that tie in
    /// these follow in the order of the rowid or primary key. Nil if each order would be sorted.
    static func served(of table: SourceTable, range: PendingRange, in database: Database) throws -> KeysetOrder? {
        let identity = table.identityColumns
        guard !identity.isEmpty else { return nil }
        let uid = table.uid.sql
        for columns in KeysetOrders.columns(time: table.createdAt.sql, uid: uid, identity: identity) {
            // With no further column the time alone tells rows apart, and the uid is never compared.
            let isByUID = columns.count > 2 && columns[1] == uid && !identity.contains(uid)
            let order = KeysetOrder(columns: columns, hasNullableUID: isByUID && table.uid.mayBeNull)
            if try order.isServed(of: table, range: range, in: database) { return order }
        }
        return nil
    }

    private func isServed(of table: SourceTable, range: PendingRange, in database: Database) throws -> Bool {
        let pages = KeysetPages(table: table, order: self, range: range)
        let kind = range.includesUndated ? StoredRange.Kind.everything : .text
        // The first page may scan the index from its start, the others must jump into it.
        var isSearch = false
        for sql in [pages.startSQL(kind), pages.followingSQL(kind)] {
            let steps = try database.rows("EXPLAIN QUERY PLAN " + sql).map { $0[3].uidText ?? "" }
            if steps.contains(where: { $0.contains("TEMP B-TREE") && $0.contains("ORDER BY") }) { return false }
            isSearch = steps.contains { $0.hasBytePrefix("SEARCH ") }
        }
        return isSearch
    }
}
