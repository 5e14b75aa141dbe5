import DESBase
import DESCatalog
import DESODBC

/// A scan with a connection of its own, which is opened again, and the scan continued, if it breaks between two pages.
///
/// Where an index gives the rows in order, each page is a range of that index after the last row of the page before (keyset
/// pages). Else the database sorts them: one statement is read piece by piece, or a few, each with as many rows as may be
/// kept in memory.
actor ODBCPendingScan: PendingRowScan {
    nonisolated let pagingNote: String?

    private let connection: ODBCCatalogConnection
    private let statements: ODBCScanStatements
    private var state = ODBCScanState()
    private var isEnded = false

    init(_ statements: ODBCScanStatements, on connection: ODBCCatalogConnection) {
        self.statements = statements
        self.connection = connection
        pagingNote = statements.way == .pages ? nil : statements.table.pagingNote
    }

    func nextPage(atMost count: Int) async throws -> [CatalogRow] {
        guard !isEnded, count > 0 else { return [] }
        let (before, statements) = (state, statements)
        do {
            let (page, after) = try await connection.run("cannot read rows") { session in
                var next = before
                let page = try next.nextPage(atMost: count, statements, in: session)
                return (page, next)
            }
            state = after
            if page.isEmpty { await close() }
            return page
        } catch {
            // An open result may have moved on: it is begun again after the last row that was returned.
            state.open = nil
            throw error
        }
    }

    func close() async {
        isEnded = true
        await connection.close()
    }
}

/// How far a scan is. A value: it moves on only when a page has been read in full.
struct ODBCScanState: Sendable {
    struct OpenResult: Sendable {
        let sql: String
        /// The session in which it is open.
        let generation: Int
        /// How many rows were asked for.
        let limit: Int
        var rows = 0
    }

    private enum Phase {
        case dated, withoutUID, withoutTime, heldBack, end
    }

    private var phase = Phase.dated
    /// The last row's values of the order's columns.
    private var position: [ODBCValue]?
    /// The result that pages are taken from, unless each has one of its own.
    var open: OpenResult?
    /// The rows of the last time that were returned already, should the one statement have to be executed again.
    private var returnedAtPosition: [Int: Int] = [:]
    /// Those of them that the statement, executed again, has yet to give.
    private var toSkip: [Int: Int] = [:]
    /// Rows that were read and not returned yet.
    private var buffer: [CatalogRow] = []
    /// Rows whose time cannot be read: they come last.
    private var heldBack: [CatalogRow] = []

    mutating func nextPage(
        atMost count: Int, _ statements: ODBCScanStatements, in session: ODBCSession
    ) throws(ODBCError) -> [CatalogRow] {
        while true {
            if !buffer.isEmpty {
                let page = Array(buffer.prefix(count))
                buffer.removeFirst(page.count)
                return page
            }
            switch phase {
            case .dated:
                // An empty range asks for the rows without a time alone.
                let isEmpty = statements.range.from >= statements.range.before
                let isEnd = isEmpty ? true : try readDated(count, statements, in: session)
                if isEnd { phase = .withoutUID }
            case .withoutUID:
                if let query = statements.rowsWithoutUID { try fill(query, statements, in: session) }
                phase = .withoutTime
            case .withoutTime:
                if statements.range.includesUndated, let query = statements.rowsWithoutTime {
                    try fill(query, statements, in: session)
                }
                phase = .heldBack
            case .heldBack:
                buffer = statements.range.includesUndated ? heldBack : []
                heldBack = []
                phase = .end
            case .end: return []
            }
        }
    }

    /// Reads the next rows with time and uid; true at their end.
    private mutating func readDated(
        _ count: Int, _ statements: ODBCScanStatements, in session: ODBCSession
    ) throws(ODBCError) -> Bool {
        if statements.way == .pages {
            let limit = try fitting(count, bytes: PageLimit.bytes, statements, in: session)
            let query = statements.page(after: position, limit: limit)
            let statement = try session.statement(query.sql)
            try statement.execute(query.parameters)
            let (rows, isEnd) = try statement.rows(atMost: limit, bytes: PageLimit.bytes)
            statement.close()
            take(rows, statements)
            return isEnd && limit == count
        }
        var result = try openResult(statements, in: session)
        let (rows, isEnd) = try session.statement(result.sql).rows(atMost: count, bytes: PageLimit.bytes)
        result.rows += rows.count
        open = result
        take(rows, statements)
        guard isEnd else { return false }
        open = nil
        return statements.way == .oneStatement
            || result.limit == ODBCScanStatements.longPage && result.rows < result.limit
    }

    /// How many of the next rows have no more than so many bytes, where the driver would keep them all in memory.
    private func fitting(
        _ count: Int, bytes: Int, _ statements: ODBCScanStatements, in session: ODBCSession
    ) throws(ODBCError) -> Int {
        guard let query = statements.pageSizes(after: position, limit: count) else { return count }
        var (fitting, sum, found) = (0, 0, 0)
        try session.forEachRow(of: query) { (row) throws(ODBCError) in
            found += 1
            sum += Int(clamping: try row.value(0).integer ?? 0)
            if sum <= bytes || found == 1 { fitting = found }
        }
        return fitting == found ? count : fitting
    }

    private mutating func openResult(
        _ statements: ODBCScanStatements, in session: ODBCSession
    ) throws(ODBCError) -> OpenResult {
        if let open, open.generation == session.generation { return open }
        var limit = ODBCScanStatements.longPage
        if statements.way == .longPages {
            limit = try fitting(limit, bytes: ODBCScanStatements.longPageBytes, statements, in: session)
        }
        let query =
            statements.way == .longPages
            ? statements.page(after: position, limit: limit) : statements.allRows(from: position?[0])
        try session.statement(query.sql).execute(query.parameters)
        toSkip = returnedAtPosition
        return OpenResult(sql: query.sql, generation: session.generation, limit: limit)
    }

    private mutating func take(_ rows: [[ODBCValue]], _ statements: ODBCScanStatements) {
        if statements.way == .oneStatement {
            for row in rows where !isRepeated(row, statements) { take(statements.table.catalogRow(row), statements) }
            return
        }
        for row in rows { take(statements.table.catalogRow(row), statements) }
        if let last = rows.last { position = statements.position(of: last) }
    }

    /// Whether the row was returned before the statement was executed again; notes rows of the last time.
    private mutating func isRepeated(_ row: [ODBCValue], _ statements: ODBCScanStatements) -> Bool {
        let identity = row.hashValue
        let time = statements.position(of: row)
        if time != position {
            position = time
            returnedAtPosition = [:]
            toSkip = [:]
        }
        if let left = toSkip[identity], left > 0 {
            toSkip[identity] = left - 1
            return true
        }
        returnedAtPosition[identity, default: 0] += 1
        return false
    }

    /// Keeps a row for the next page if its time lies in the range, or cannot be read.
    private mutating func take(_ row: CatalogRow, _ statements: ODBCScanStatements) {
        guard let time = row.key.createdAt.timestamp else {
            if heldBack.count < ODBCScanStatements.unusableLimit { heldBack.append(row) }
            return
        }
        if time >= statements.range.from, time < statements.range.before { buffer.append(row) }
    }

    /// Reads rows that cannot be used into the buffer.
    private mutating func fill(
        _ query: ODBCQuery, _ statements: ODBCScanStatements, in session: ODBCSession
    ) throws(ODBCError) {
        let statement = try session.statement(query.sql)
        try statement.execute(query.parameters)
        for row in try statement.rows(atMost: ODBCScanStatements.unusableLimit) {
            let row = statements.table.catalogRow(row)
            let time = row.key.createdAt.timestamp
            // Without a uid, but with a time outside of the range, it waits or belongs to another scan.
            if let time, time < statements.range.from || time >= statements.range.before { continue }
            if time == nil && !statements.range.includesUndated { continue }
            buffer.append(row)
        }
        statement.close()
    }
}
