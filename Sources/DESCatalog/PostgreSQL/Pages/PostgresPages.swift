import DESPostgres
import DESRouting

/// Where a scan stands. A value: it moves on only when a page has been read in full, so that after a failure the same page
/// is read again.
struct PostgresPages: Sendable {
    private enum Position: Sendable {
        case first
        /// After all rows up to this time and uid.
        case after(createdAt: CatalogValue, uid: CatalogValue)
        /// Among more rows of one time and uid than a page holds; the last location that was read.
        case group(createdAt: CatalogValue, uid: CatalogValue, after: CatalogValue?)
        /// What is read through a cursor, and which session it was declared in; whether rows of it were returned.
        case cursor(sql: String, openedIn: Int?, hasBegun: Bool)
        case end
    }

    /// What was asked for ahead: in which session, and how many rows.
    private struct Ahead: Sendable {
        let session: Int
        let limit: Int
    }

    private static let cursorName = "des_rows"

    private let table: PostgresTable
    private let range: PendingRange
    private let sql: PostgresPageSQL
    private let passLimit: Duration
    private var position: Position
    private var ahead: Ahead?

    /// - Parameter limit: how long the server may sort the rows for a cursor.
    init(_ plan: PostgresPagePlan, limit: Duration) {
        table = plan.table
        range = plan.range
        sql = PostgresPageSQL(table: plan.table, range: plan.range)
        passLimit = limit
        position = plan.isServedByIndex ? .first : .cursor(sql: sql.all, openedIn: nil, hasBegun: false)
    }

    /// The next rows in order, perhaps more than asked for if fewer are asked for than before; empty at the end. While
    /// they are converted, the server works on the page after them.
    mutating func nextPage(atMost count: Int, in session: PostgresSession) throws -> [CatalogRow] {
        while true {
            if case .end = position { return [] }
            let (result, limit) = try read(count, in: session)
            let taken = moveOn(past: result, limit: limit)
            askAhead(count, in: session)
            let rows = convert(result, taken)
            if !rows.isEmpty { return rows }
        }
    }

    /// What was asked for ahead is not received any more.
    mutating func forgetAhead() {
        ahead = nil
    }

    private mutating func read(_ count: Int, in session: PostgresSession) throws -> (PostgresResult, limit: Int) {
        if let ahead {
            self.ahead = nil
            if ahead.session == session.openingNumber { return (try session.receive(), ahead.limit) }
        }
        if case .cursor(let sql, let openedIn, let hasBegun) = position {
            if openedIn != session.openingNumber {
                guard !hasBegun else { throw Self.lostCursor(session.place) }
                try open(sql, in: session)
                position = .cursor(sql: sql, openedIn: session.openingNumber, hasBegun: false)
            }
        }
        let request = request(count)
        return (try session.query(request.sql, request.parameters), count)
    }

    private func open(_ sql: String, in session: PostgresSession) throws {
        try session.execute(PostgresPagePlan.unrestricted)
        try session.withStatementTimeout(passLimit) {
            // Held outside of a transaction, so that it hinders no cleaning of the table.
            try session.execute("DECLARE \(Self.cursorName) NO SCROLL CURSOR WITH HOLD FOR \(sql)")
        }
    }

    private static func lostCursor(_ place: String) -> CatalogError {
        CatalogError(
            code: .queryFailed, what: "cannot go on reading the pending rows", place: place,
            reason: "the server was restarted or the connection broke, and the cursor is gone with it",
            advice: "the next cycle reads the rows that are left; with an index a scan goes on where it was")
    }

    /// How many of the result's rows belong to the page; sets the position after them.
    private mutating func moveOn(past result: PostgresResult, limit: Int) -> Int {
        let count = result.rowCount
        func key(_ row: Int) -> (createdAt: CatalogValue, uid: CatalogValue) {
            (table.createdAt.value(result, row, 1), table.uid.value(result, row, 0))
        }
        switch position {
        case .first, .after:
            // One row more than the page was asked for.
            guard count > limit else {
                position = sql.others.map { .cursor(sql: $0, openedIn: nil, hasBegun: false) } ?? .end
                return count
            }
            let cut = Self.startOfLastGroup(result)
            let last = key(max(0, cut - 1))
            position =
                cut > 0
                ? .after(createdAt: last.createdAt, uid: last.uid)
                : .group(createdAt: last.createdAt, uid: last.uid, after: nil)
            return cut
        case .group(let createdAt, let uid, _):
            position =
                count < limit
                ? .after(createdAt: createdAt, uid: uid)
                : .group(
                    createdAt: createdAt, uid: uid, after: table.location.value(result, count - 1, 2))
            return count
        case .cursor(let sql, let openedIn, _):
            position = count == 0 ? .end : .cursor(sql: sql, openedIn: openedIn, hasBegun: true)
            return count
        case .end: return 0
        }
    }

    /// The first of the rows at the end that have the time and uid of the last one. The last row is not part of the page, so
    /// that all rows of one time and uid come in one page.
    private static func startOfLastGroup(_ result: PostgresResult) -> Int {
        var first = result.rowCount - 1
        while first > 0, isEqual(result, first - 1, first, column: 0), isEqual(result, first - 1, first, column: 1) {
            first -= 1
        }
        return first
    }

    private static func isEqual(_ result: PostgresResult, _ left: Int, _ right: Int, column: Int) -> Bool {
        result.bytes(left, column).elementsEqual(result.bytes(right, column))
    }

    private func request(_ count: Int) -> PostgresRequest {
        switch position {
        case .first: sql.first(limit: count + 1)
        case .after(let createdAt, let uid): sql.following(after: (createdAt, uid), limit: count + 1)
        case .group(let createdAt, let uid, let after): sql.group((createdAt, uid), after: after, limit: count)
        case .cursor, .end: PostgresRequest(sql: "FETCH FORWARD \(count) FROM \(Self.cursorName)", parameters: [])
        }
    }

    /// Sends the request for the page after this one.
    private mutating func askAhead(_ count: Int, in session: PostgresSession) {
        switch position {
        case .end, .cursor(_, nil, _): return
        default: break
        }
        let request = request(count)
        // If it fails, the next page is asked for again, and tells why.
        guard (try? session.send(request.sql, request.parameters)) != nil else { return }
        ahead = Ahead(session: session.openingNumber, limit: count)
    }

    private func convert(_ result: PostgresResult, _ count: Int) -> [CatalogRow] {
        var rows: [CatalogRow] = []
        rows.reserveCapacity(count)
        if table.createdAt.isTime {
            for row in 0..<count { rows.append(table.row(result, row)) }
        } else {
            // The order of texts or numbers is not always that of time: only here is known what they stand for.
            for row in 0..<count {
                let row = table.row(result, row)
                if let time = row.key.createdAt.timestamp {
                    guard time >= range.from && time < range.before else { continue }
                } else if !range.includesUndated {
                    continue
                }
                rows.append(row)
            }
        }
        return rows
    }
}
