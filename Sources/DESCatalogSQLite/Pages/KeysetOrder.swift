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
        let columns = distinct([table.createdAt.sql, table.uid.sql] + identity)
        // With no further column the time alone tells rows apart, and the uid is never compared.
        let byUID = KeysetOrder(
            columns: columns,
            hasNullableUID: table.uid.mayBeNull && columns.count > 2 && columns[1] == table.uid.sql
                && !identity.contains(table.uid.sql))
        let byTime = KeysetOrder(columns: distinct([table.createdAt.sql] + identity), hasNullableUID: false)
        for order in [byUID, byTime] where try order.isServed(of: table, range: range, in: database) { return order }
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

    private static func distinct(_ columns: [String]) -> [String] {
        var result: [String] = []
        for column in columns where !result.contains(column) { result.append(column) }
        return result
    }
}
