import DESBase
import DESCatalog
import DESPostgres

/// Where a scan stands. A value: it moves on only when a page has been read in full, so that after a failure the same page
/// is read again.
struct PostgresPages: Sendable {
    private enum Position: Sendable {
        case first
        /// After all rows up to this time and uid.
        case after(createdAt: CatalogValue, uid: CatalogValue)
        /// Among more rows of one time and uid, as the server compares them, than a page holds; the last row that was read.
        case group(createdAt: CatalogValue, uid: CatalogValue, after: PostgresGroupKey?)
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
    /// How many rows are asked for at first: only then is known how long they are.
    private static let firstRequest = 64

    private let table: PostgresTable
    private let range: PendingRange
    private let sql: PostgresPageSQL
    private let passLimit: Duration
    private var position: Position
    private var ahead: Ahead?
    /// How many rows the next request asks for at most: as many as a page of so many bytes is likely to hold.
    private var requestLimit = Self.firstRequest

    /// - Parameter limit: how long the server may sort the rows for a cursor.
    init(_ plan: PostgresPagePlan, limit: Duration) {
        table = plan.table
        range = plan.range
        sql = PostgresPageSQL(table: plan.table, range: plan.range)
        passLimit = limit
        position = plan.isServedByIndex ? .first : .cursor(sql: sql.all, openedIn: nil, hasBegun: false)
    }

    /// The next rows in order, perhaps more than asked for if fewer are asked for than before; empty at the end. While
    /// they are used, the server works on the page after them.
    mutating func nextPage(atMost count: Int, in session: PostgresSession) throws -> [CatalogRow] {
        while true {
            if case .end = position { return [] }
            var page = try read(count, in: session)
            try moveOn(past: &page, in: session)
            askAhead(count, in: session)
            let rows = wanted(page.rows)
            if !rows.isEmpty { return rows }
        }
    }

    /// What was asked for ahead is not received any more.
    mutating func forgetAhead() {
        ahead = nil
    }

    private mutating func read(_ count: Int, in session: PostgresSession) throws -> PostgresReceivedPage {
        var page = PostgresReceivedPage(table: table, sql: sql, limit: min(count, requestLimit))
        if let ahead {
            self.ahead = nil
            if ahead.session == session.openingNumber {
                page.limit = ahead.limit
                try session.receiveRows { page.add($0) }
                adapt(to: page)
                return page
            }
        }
        if case .cursor(let sql, let openedIn, let hasBegun) = position {
            if openedIn != session.openingNumber {
                guard !hasBegun else { throw Self.lostCursor(session.place) }
                try open(sql, in: session)
                position = .cursor(sql: sql, openedIn: session.openingNumber, hasBegun: false)
            }
        }
        let request = request(page.limit)
        try session.queryRows(request.sql, request.parameters) { page.add($0) }
        adapt(to: page)
        return page
    }

    /// More rows are asked for as long as all of them fit, and fewer where they did not.
    private mutating func adapt(to page: PostgresReceivedPage) {
        requestLimit = page.isCutShort ? max(1, page.rows.count) : max(requestLimit, min(page.limit * 2, 1 << 20))
    }

    private func open(_ sql: String, in session: PostgresSession) throws {
        try session.execute(PostgresPagePlan.unrestricted)
        try session.withStatementTimeout(passLimit) {
            // Held outside of a transaction, so that it hinders no cleaning of the table.
            try session.execute("DECLARE \(Self.cursorName) SCROLL CURSOR WITH HOLD FOR \(sql)")
        }
    }

    private static func lostCursor(_ place: String) -> CatalogError {
        CatalogError(
            code: .queryFailed, what: "cannot go on reading the pending rows", place: place,
            reason: "the server was restarted or the connection broke, and the cursor is gone with it",
            advice: "the next cycle reads the rows that are left; with an index a scan goes on where it was")
    }

    /// Takes the rows from the page that do not belong to it, and sets the position after those that do.
    private mutating func moveOn(past page: inout PostgresReceivedPage, in session: PostgresSession) throws {
        switch position {
        case .first, .after:
            guard page.hasMore else {
                position = sql.others.map { .cursor(sql: $0, openedIn: nil, hasBegun: false) } ?? .end
                return
            }
            // All rows of one time and uid come in one page.
            if let last = page.lastGroup {
                page.rows.removeSubrange(last.end...)
                position = .after(createdAt: last.createdAt, uid: last.uid)
            } else if let (createdAt, uid) = page.lastKey {
                page.rows = []
                position = .group(createdAt: createdAt, uid: uid, after: nil)
            }
        case .group(let createdAt, let uid, _):
            position =
                page.hasMore
                ? .group(createdAt: createdAt, uid: uid, after: page.lastGroupKey)
                : .after(createdAt: createdAt, uid: uid)
        case .cursor(let sql, let openedIn, _):
            if page.dropped > 0 {
                // A FETCH that found fewer rows than it asked for has left the cursor behind the last one.
                let isPastEnd = page.rows.count + page.dropped < page.limit
                do {
                    try session.execute(
                        "MOVE BACKWARD \(page.dropped + (isPastEnd ? 1 : 0)) FROM \(Self.cursorName)")
                } catch is PostgresError {
                    // Where the cursor stands is not known any more.
                    throw Self.lostCursor(session.place)
                }
            }
            position = page.rows.isEmpty ? .end : .cursor(sql: sql, openedIn: openedIn, hasBegun: true)
        case .end: return
        }
    }

    /// One row more than a page of an index holds tells whether there are more.
    private func request(_ count: Int) -> PostgresRequest {
        switch position {
        case .first: sql.first(limit: count + 1)
        case .after(let createdAt, let uid): sql.following(after: (createdAt, uid), limit: count + 1)
        case .group(let createdAt, let uid, let after): sql.group((createdAt, uid), after: after, limit: count + 1)
        case .cursor, .end: PostgresRequest(sql: "FETCH FORWARD \(count) FROM \(Self.cursorName)", parameters: [])
        }
    }

    /// Sends the request for the page after this one.
    private mutating func askAhead(_ count: Int, in session: PostgresSession) {
        switch position {
        case .end, .cursor(_, nil, _): return
        default: break
        }
        let limit = min(count, requestLimit)
        let request = request(limit)
        // If it fails, the next page is asked for again, and tells why.
        guard (try? session.send(request.sql, request.parameters, rowByRow: true)) != nil else { return }
        ahead = Ahead(session: session.openingNumber, limit: limit)
    }

    /// The order of texts or numbers is not always that of time: only here is known what they stand for.
    private func wanted(_ rows: [CatalogRow]) -> [CatalogRow] {
        guard !table.createdAt.isTime else { return rows }
        return rows.filter { row in
            guard let time = row.key.createdAt.timestamp else { return range.includesUndated }
            return time >= range.from && time < range.before
        }
    }
}
