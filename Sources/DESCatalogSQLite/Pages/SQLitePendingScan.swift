import DESCatalog
import GRDB

/// A scan with a connection of its own.
///
/// Where an index gives the rows in order, each page is a range of that index, begun after the last key of the page
/// before (keyset pages). Else the due rows are copied once, sorted, into a temporary table on disk.
actor SQLitePendingScan: PendingRowScan {
    /// How many rows without a time are returned at most: they fail, and they show as a number in the statistics.
    static let nullTimeLimit = 1000

    nonisolated let pagingNote: String?

    private let connection: CatalogConnection
    private var pages: any PageSource
    private var isEnded = false

    init(of table: SourceTable, in range: PendingRange, on connection: CatalogConnection) async throws {
        self.connection = connection
        let order = try await connection.run("cannot plan the scan of table \"\(table.name)\"") { database in
            try KeysetOrder.served(of: table, range: range, in: database)
        }
        if let order {
            pages = KeysetPages(table: table, order: order, range: range)
            pagingNote = nil
        } else {
            pages = SortedCopyPages(table: table, range: range)
            pagingNote = Self.note(for: table, range.state)
        }
    }

    func nextPage(atMost count: Int) async throws -> [CatalogRow] {
        guard !isEnded, count > 0 else { return [] }
        let source = pages
        let (page, next) = try await connection.run("cannot read rows") { database in
            var next = source
            let page = try next.nextPage(atMost: count, in: database)
            return (page, next)
        }
        pages = next
        if page.isEmpty { await close() }
        return page
    }

    func close() async {
        isEnded = true
        await connection.close()
    }

    private static func note(for table: SourceTable, _ state: RowState) -> String {
        guard !table.isView else {
            return
                "\(table.name) has no rowids that give its rows an order: the due rows are copied to a temporary table"
        }
        let columns = "\(SQLText.name(table.createdAt.name)), \(SQLText.name(table.uid.name))"
        let index = SQLText.name("des_\(state == .pending ? "pending" : "time")_\(table.name)")
        let parts = table.qualifiedName.dropFirst("\"main\".".count)
        let archived = state == .pending ? table.archived : nil
        let pending = archived.map { " WHERE \(SourceTable.isPending(SQLText.name($0.name)))" } ?? ""
        return """
            no index of \(table.name) gives the rows by time: the due rows are sorted into a temporary table in each \
            cycle. This avoids it: CREATE INDEX \(index) ON \(parts) (\(columns))\(pending)
            """
    }
}

/// Where the pages of a scan come from. A value: it moves on only when a page has been read in full.
protocol PageSource: Sendable {
    /// The next rows in order; empty at the end.
    mutating func nextPage(atMost count: Int, in database: Database) throws -> [CatalogRow]
}
