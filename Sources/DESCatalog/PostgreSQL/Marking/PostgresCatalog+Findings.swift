import DESPostgres
import DESRouting
import Synchronization

extension PostgresCatalog {
    package func tryMark() async throws {
        let table = try await table()
        guard access == .readWrite, table.archived != nil, table.kind != .materializedView else { return }
        var trial = MarkTrial()
        for order in ["", " ORDER BY \(table.createdAt.ordered) DESC NULLS LAST"] where !trial.isAccepted {
            let rows = try await reader.use("cannot read rows to try a mark on") { session in
                let rows = try session.query(
                    """
                    SELECT \(table.selected) FROM \(table.qualifiedName) WHERE \(table.isPendingAndWanted)\(order) \
                    LIMIT \(MarkTrial.rows)
                    """)
                return (0..<rows.rowCount).map { table.row(rows, $0) }
            }
            let keys = rows.map(\.key).filter(\.isUsable)
            guard !keys.isEmpty else { break }
            trial = try await writer.use("cannot try a mark on a row of table \"\(schema.table)\"") { [trial] session in
                guard try PostgresBehind.undoesChanges(of: table, in: session) else { return trial }
                var next = trial
                for key in keys where !next.isAccepted {
                    if let outcome = try PostgresMarkTrial(key: key, table: table).run(in: session) {
                        next.add(outcome, key)
                    }
                }
                return next
            }
            guard trial.refusal != nil else { break }
        }
        try await trial.check(table: schema.table, place: place, written: Self.written(table)) {
            try await hasMark(in: table)
        }
    }

    /// False if none was found in the time that there is.
    private func hasMark(in table: PostgresTable) async throws -> Bool {
        guard let condition = table.isMarked else { return false }
        return try await reader.use("cannot look at the marks of table \"\(schema.table)\"") { session in
            do {
                let rows = try session.withStatementTimeout(DoneMark.timeLimit) {
                    try session.query("SELECT 1 FROM \(table.qualifiedName) WHERE \(condition) LIMIT 1")
                }
                return rows.rowCount > 0
            } catch let error as PostgresError where error.code == .timedOut {
                return false
            }
        }
    }

    private static func written(_ table: PostgresTable) -> String {
        let others = [
            table.archivedAt.map { "a time to the column \"\($0.name)\"" },
            table.shardKey.map { "the shard's name (such as \(String.exampleShard)) to the column \"\($0.name)\"" },
        ]
        let mark = table.archived.map { "\(table.markedValue ?? "") to the column \"\($0.name)\"" }
        return ([mark] + others).compactMap { $0 }.joined(separator: ", ")
    }

    package func findings() async throws -> CatalogFindings {
        let table = try await table()
        var findings = CatalogFindings()
        let hiding = try await reader.use("cannot look whether rows are hidden") { session in
            try PostgresBehind.hiding(table, in: session)
        }
        if !hiding.isEmpty {
            findings.hiddenRows = CatalogFindings.HiddenRows(
                reason: "row-level security of \(hiding.joined(separator: ", "))", isAccepted: schema.allowsRowSecurity,
                isFinal: schema.archivedColumn == nil)
        }
        let isFirst = hasLookedAtMarks.withLock { hasLooked in
            defer { hasLooked = true }
            return !hasLooked
        }
        if isFirst { findings.otherMarks = try await otherMarks(of: table) }
        return findings
    }

    /// Nil if none were found in the time that there is.
    private func otherMarks(of table: PostgresTable) async throws -> String? {
        guard let archived = table.archived, let condition = table.hasOtherMark else { return nil }
        return try await reader.use("cannot look at the marks of table \"\(schema.table)\"") { session in
            do {
                let rows = try session.withStatementTimeout(DoneMark.timeLimit) {
                    try session.query(
                        """
                        SELECT left(des_mark, 100), count(*) FROM (SELECT \(archived.sql)::text AS des_mark \
                        FROM \(table.qualifiedName) WHERE \(condition) LIMIT \(DoneMark.countLimit)) AS des_marks \
                        GROUP BY 1 ORDER BY 2 DESC LIMIT 100
                        """)
                }
                let counts = (0..<rows.rowCount).map { (rows.text($0, 0) ?? "", rows.integer($0, 1) ?? 0) }
                return DoneMark.warning(archived.name, counts: counts)
            } catch let error as PostgresError where error.code == .timedOut {
                return nil
            }
        }
    }
}

/// A mark of one row in a transaction that is rolled back.
private struct PostgresMarkTrial {
    let key: RowKey
    let table: PostgresTable

    private struct TakenBack: Error {
        let outcome: MarkOutcome?
    }

    /// Nil if another transaction holds the row.
    func run(in session: PostgresSession) throws -> MarkOutcome? {
        let sql = PostgresMarkSQL([RowMark(key: key, shard: .exampleShard)], of: table, within: nil)
        do {
            try session.transaction { throw TakenBack(outcome: try outcome(sql, in: session)) }
        } catch let end as TakenBack {
            return end.outcome
        } catch let error as PostgresError {
            switch error.code {
            case .locked, .timedOut: return nil
            case .refusedRow, .accessDenied, .queryFailed: return .refused(reason: error.message)
            default: throw error
            }
        }
        return nil
    }

    /// Waits for another transaction no longer than ``PostgresMarkRun/lockTimeout``.
    private func outcome(_ sql: PostgresMarkSQL, in session: PostgresSession) throws -> MarkOutcome? {
        let request = sql.update(isGuarded: false)
        let rows = try session.query(request.sql, request.parameters)
        guard rows.rowCount > 0 else {
            let state = sql.state
            let found = try session.query(state.sql, state.parameters)
            // Else somebody has marked or changed it meanwhile.
            let isPending = found.rowCount > 0 && found.bool(0, 2) == true
            return isPending ? .refused(reason: Self.keptPending) : nil
        }
        // Constraints and triggers that wait for the commit.
        try session.execute("SET CONSTRAINTS ALL IMMEDIATE")
        let after = sql.marked
        let state = try session.query(after.sql, after.parameters)
        // A view may show pending rows only.
        let isMarked = state.rowCount == 0 ? table.kind == .view : state.bool(0, 1) == true
        return isMarked && rows.bool(0, 1) == true ? .marked : .refused(reason: Self.undone)
    }

    private static let keptPending = "a trigger, rule or policy of the database left the row pending"
    private static let undone =
        "a trigger or rule of the database undoes the mark, or changes uid, time or location of the row with it"
}

/// What lies behind the name of the table.
enum PostgresBehind {
    /// The tables behind the name with active row-level security: of each the policies count for its user, who is the owner of
    /// the view before it unless that has `security_invoker` ("CREATE VIEW" in the manual; `check_enable_rls` in the sources).
    static func hiding(_ table: PostgresTable, in session: PostgresSession) throws -> [String] {
        let invoker =
            session.serverVersion >= 150_000
            ? """
            EXISTS (SELECT FROM pg_options_to_table(v.reloptions) \
            WHERE option_name = 'security_invoker' AND option_value::boolean)
            """ : "false"
        let rows = try session.query(
            """
            WITH RECURSIVE des_behind (number, reader) AS (
                SELECT $1::oid, (SELECT oid FROM pg_roles WHERE rolname = current_user)
                UNION SELECT d.refobjid, CASE WHEN v.relkind = 'v' AND \(invoker)
                    THEN (SELECT oid FROM pg_roles WHERE rolname = current_user) ELSE v.relowner END
                FROM des_behind b JOIN pg_class v ON v.oid = b.number AND v.relkind IN ('v', 'm')
                JOIN pg_rewrite r ON r.ev_class = v.oid
                JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                    AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> v.oid)
            SELECT DISTINCT c.oid::regclass::text FROM des_behind b JOIN pg_class c ON c.oid = b.number
            JOIN pg_roles u ON u.oid = b.reader
            WHERE c.relrowsecurity AND NOT u.rolsuper AND NOT u.rolbypassrls
            AND (c.relforcerowsecurity OR NOT pg_has_role(u.oid, c.relowner, 'USAGE')) ORDER BY 1
            """, [.int8(table.number)])
        return (0..<rows.rowCount).compactMap { rows.text($0, 0) }
    }

    /// Whether a change that is rolled back leaves nothing behind: foreign tables of another kind than PostgreSQL may know no
    /// transactions.
    static func undoesChanges(of table: PostgresTable, in session: PostgresSession) throws -> Bool {
        let foreign = try session.query(
            """
            WITH RECURSIVE des_behind (number) AS (SELECT $1::oid
                UNION (WITH des_known AS (SELECT number FROM des_behind)
                SELECT d.refobjid FROM des_known b JOIN pg_rewrite r ON r.ev_class = b.number
                JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                    AND d.refclassid = 'pg_class'::regclass
                UNION SELECT i.inhrelid FROM des_known b JOIN pg_inherits i ON i.inhparent = b.number))
            SELECT EXISTS (SELECT FROM des_behind b JOIN pg_foreign_table t ON t.ftrelid = b.number
            JOIN pg_foreign_server s ON s.oid = t.ftserver JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
            WHERE w.fdwname <> 'postgres_fdw')
            """, [.int8(table.number)])
        return foreign.bool(0, 0) == false
    }
}
