import DESBase
import DESCatalog
import DESPostgres

/// How the pending rows of a range are read: by pages of an index where one gives them in order, else through a cursor.
struct PostgresPagePlan: Sendable {
    let table: PostgresTable
    let range: PendingRange
    /// Whether an index gives the rows by time and uid.
    let isServedByIndex: Bool
    /// Which indexes to create; nil if there is nothing to advise.
    let note: String?

    /// Of a scan's own connection. The planner is to use an index wherever there is one, so that each page costs what it
    /// holds, however wrong the table's statistics are.
    static let sessionParameters: [(name: String, value: String)] = [
        ("enable_seqscan", "off"), ("enable_sort", "off"), ("enable_bitmapscan", "off"), ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"), ("jit", "off"), ("max_parallel_workers_per_gather", "0"),
        ("plan_cache_mode", "force_generic_plan"),
    ]

    /// Lets the planner choose freely: for a statement that reads all rows anyway.
    static let unrestricted = """
        RESET enable_seqscan; RESET enable_sort; RESET enable_bitmapscan; RESET enable_hashjoin; RESET enable_mergejoin; \
        RESET max_parallel_workers_per_gather
        """

    init(of table: PostgresTable, in range: PendingRange, session: PostgresSession) throws {
        self.table = table
        self.range = range
        let keys = PostgresPageSQL(table: table, range: range)
        isServedByIndex =
            keys.isOrderExact
            ? try PostgresQueryPlan(keys.following(after: (.null, .null), limit: 1000), in: session).isServedByIndex
            : false
        var notes: [String] = []
        if !isServedByIndex { notes.append(Self.pagingNote(table, range.state)) }
        // Where nothing is marked, nothing has to be found for it.
        if range.state == .pending, let marking = PostgresMarkSQL.forPlanning(of: table),
            try !PostgresQueryPlan(marking, in: session).looksUp(PostgresMarkSQL.keyNames)
        {
            notes.append(Self.markingNote(table))
        }
        note = notes.isEmpty ? nil : notes.joined(separator: " ")
    }

    private static func pagingNote(_ table: PostgresTable, _ state: RowState) -> String {
        let rows = state == .pending ? "pending" : "marked"
        return switch table.kind {
        case .table, .partitioned, .materializedView:
            """
            no index of \(table.name) gives the \(rows) rows by time: the server sorts them in each cycle and they are read \
            through one cursor. This avoids it: \(table.pagingIndex(state));
            """
        case .view, .foreign:
            """
            no index below \(table.name) gives its \(rows) rows by time: the server sorts them in each cycle and they are \
            read through one cursor. An index on time and uid of the table behind it avoids that
            """
        }
    }

    private static func markingNote(_ table: PostgresTable) -> String {
        switch table.kind {
        case .table, .partitioned, .materializedView:
            "no index of \(table.name) finds a row by its uid: each mark reads the whole table. This avoids it: "
                + "\(table.markingIndex);"
        case .view, .foreign:
            "no index below \(table.name) finds a row by its uid: each mark reads the whole table"
        }
    }
}

/// A statement and its parameters.
struct PostgresRequest: Sendable {
    let sql: String
    let parameters: [PostgresParameter]
}

/// What `EXPLAIN` says about a statement.
struct PostgresQueryPlan {
    private let lines: [String]

    init(_ request: PostgresRequest, in session: PostgresSession) throws {
        let rows = try session.query("EXPLAIN (COSTS OFF) " + request.sql, request.parameters)
        lines = (0..<rows.rowCount).map { row in
            var line = Substring(rows.text(row, 0) ?? "").drop { $0 == " " }
            if line.hasBytePrefix("->") { line = line.dropFirst(2).drop { $0 == " " } }
            return String(line)
        }
    }

    init(lines: [String]) {
        self.lines = lines
    }

    /// Whether the rows come in order from an index, from the place asked for on; an incremental sort of rows that come in
    /// order of the time is one too.
    var isServedByIndex: Bool {
        var isLookedUp = false
        for line in lines {
            if line == "Sort" || line.hasBytePrefix("Seq Scan") || line.hasBytePrefix("Parallel")
                || line.hasBytePrefix("Hash")
                || line.contains("Bitmap")
            {
                return false
            }
            if line.hasBytePrefix("Index Cond:") || line.hasBytePrefix("Foreign Scan") { isLookedUp = true }
        }
        return isLookedUp
    }

    /// Whether an index is asked for one of these names.
    func looksUp(_ names: [String]) -> Bool {
        lines.contains { line in
            line.hasBytePrefix("Foreign Scan")
                || line.hasBytePrefix("Index Cond:") && names.contains { line.contains($0) }
        }
    }
}
