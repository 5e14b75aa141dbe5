import DESCatalog
import GRDB

/// Pages of a copy of the due rows, sorted by time and uid in a temporary table: it needs no index, no rowid and, since
/// SQLite sorts and keeps it on disk, little memory.
///
/// The copy is made when the first page is asked for, and holds a read lock until it is complete.
struct SortedCopyPages: PageSource {
    private let table: SourceTable
    private let range: PendingRange
    private var isCopied = false
    private var lastSequenceNumber: Int64 = 0

    init(table: SourceTable, range: PendingRange) {
        self.table = table
        self.range = range
    }

    mutating func nextPage(atMost count: Int, in database: Database) throws -> [CatalogRow] {
        if !isCopied {
            try copy(in: database)
            isCopied = true
        }
        var rows: [CatalogRow] = []
        rows.reserveCapacity(min(count, 10_000))
        var bytes = 0
        try database.rows(
            """
            SELECT \(copyColumns.joined(separator: ", ")), n FROM temp.des_sorted_rows
            WHERE n > ?1 ORDER BY n LIMIT ?2
            """, binding: [.integer(lastSequenceNumber), .integer(Int64(count))]
        ) { row in
            let found = row.catalogRow(metaCount: table.columns.meta.count)
            rows.append(found)
            bytes += found.memoryInBytes
            lastSequenceNumber = row.integer(at: Int32(copyColumns.count))
            return bytes < PageLimit.bytes
        }
        return rows
    }

    private func copy(in database: Database) throws {
        // Columns without a type keep each value as it is.
        try database.execute(sql: "DROP TABLE IF EXISTS temp.des_sorted_rows")
        try database.execute(
            sql: """
                CREATE TEMP TABLE des_sorted_rows (n INTEGER PRIMARY KEY, \(copyColumns.joined(separator: ", ")))
                """)
        let target = "INSERT INTO temp.des_sorted_rows (\(copyColumns.joined(separator: ", ")))"
        let source =
            "SELECT \(table.rowColumns.joined(separator: ", ")) FROM \(table.from) WHERE \(table.isWanted(range.state))"
        let identity = table.identityColumns.map { ", \($0)" }.joined()
        try run(
            """
            \(target) \(source) AND \(table.createdAt.sql) IS NOT NULL AND \(table.isInRange(range)) \
            ORDER BY ifnull(\(table.microseconds), \(Int64.max)), \(table.uid.sql)\(identity)
            """, binding: [range.sqlBounds.first, range.sqlBounds.last], in: database)
        if range.includesUndated && table.createdAt.mayBeNull {
            try run(
                "\(target) \(source) AND \(table.createdAt.sql) IS NULL LIMIT \(SQLitePendingScan.nullTimeLimit)",
                binding: [], in: database)
        }
    }

    private func run(_ sql: String, binding values: [CatalogValue], in database: Database) throws {
        try database.rows(sql, binding: values) { _ in true }
    }

    private var copyColumns: [String] { table.rowColumns.indices.map { "c\($0)" } }
}
