import DESCatalog
import DESPostgres

/// The rows of one request as they arrive: as many as are wanted, and no more bytes than a page has.
struct PostgresReceivedPage {
    private let table: PostgresTable
    private let sql: PostgresPageSQL
    /// How many rows are wanted.
    var limit: Int
    var rows: [CatalogRow] = []
    /// How many rows came that do not belong to the page.
    private(set) var dropped = 0
    /// Whether the bytes, not the number of rows, have ended the page.
    private(set) var isCutShort = false
    /// The last of the rows that is not in one group with what follows: how many there are up to it, and its key.
    private(set) var lastGroup: (end: Int, createdAt: CatalogValue, uid: CatalogValue)?
    private var bytes = 0
    private var previous: PostgresResult?

    init(table: PostgresTable, sql: PostgresPageSQL, limit: Int) {
        self.table = table
        self.sql = sql
        self.limit = limit
    }

    /// Whether rows follow those of the page.
    var hasMore: Bool { dropped > 0 }

    /// Time and uid of the last row.
    var lastKey: (createdAt: CatalogValue, uid: CatalogValue)? { previous.map(key) }

    /// What the rows of a group are ordered by, of the last row.
    var lastGroupKey: PostgresGroupKey? { previous.map { PostgresGroupKey($0) } }

    /// Takes a row. False if all that follow may be dropped unread.
    mutating func add(_ row: PostgresResult) -> Bool {
        let isFull = !rows.isEmpty && (rows.count >= limit || bytes >= PageLimit.bytes)
        if dropped == 0, let previous, !isInGroup(row, of: previous) {
            let key = key(previous)
            lastGroup = (rows.count, key.createdAt, key.uid)
        }
        guard !isFull, dropped == 0 else {
            if rows.count < limit { isCutShort = true }
            dropped += 1
            // They are counted, so that a cursor can go back.
            return true
        }
        rows.append(table.row(row, 0))
        bytes += row.sizeInBytes(0)
        previous = row
        return true
    }

    private func key(_ row: PostgresResult) -> (createdAt: CatalogValue, uid: CatalogValue) {
        (table.columns.createdAt.value(row, 0, 1), table.columns.uid.value(row, 0, 0))
    }

    /// Whether the server takes time and uid of both for equal.
    private func isInGroup(_ row: PostgresResult, of previous: PostgresResult) -> Bool {
        if sql.hasLooseEquality { return row.bool(0, table.selectedCount) == true }
        return [0, 1].allSatisfy { row.bytes(0, $0).elementsEqual(previous.bytes(0, $0)) }
    }
}

/// What the rows of one time and uid, as the server compares them, are ordered by: the bytes of all that tells them apart.
struct PostgresGroupKey: Sendable {
    /// Time, uid and location as texts.
    let texts: [[UInt8]]
    let hasLocation: Bool

    /// From the last columns of a row of ``PostgresPageSQL/group(_:after:limit:)``.
    init(_ row: PostgresResult) {
        let first = row.columnCount - 4
        texts = [0, 1, 3].map { row.bytea(0, first + $0) ?? [] }
        hasLocation = row.bool(0, first + 2) != true
    }
}
