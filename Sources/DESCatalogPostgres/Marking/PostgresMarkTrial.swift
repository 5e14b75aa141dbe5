package import DESBase
import DESCatalog
import DESPostgres

extension PostgresCatalog {
    package func tryMark(olderThan cutoff: Timestamp) async throws {
        let table = try await table().withoutMeta
        guard access == .readWrite, table.archived != nil, table.kind != .materializedView else { return }
        let undoesChanges = try await reader.use("cannot look what keeps the table") { session in
            try PostgresBehind.undoesChanges(of: table, in: session)
        }
        // The rows of a table stay what they are; those of a view are looked for at least.
        guard undoesChanges || table.isView else { return }
        let subject = PostgresMarkTrial(catalog: self, sourceTable: table, looksOnly: !undoesChanges)
        var trial = MarkTrial(subject, olderThan: cutoff)
        try await trial.run()
    }
}

/// A table of PostgreSQL of which it is tried whether its rows can be marked.
private struct PostgresMarkTrial: DatabaseMarkTrial {
    let catalog: PostgresCatalog
    let sourceTable: PostgresTable
    /// Whether rows are only looked for, because a mark could not be taken back.
    let looksOnly: Bool

    func rows(_ order: MarkTrialOrder) async throws -> [CatalogRow] {
        try await catalog.reader.use("cannot read rows to try a mark on") { [table = sourceTable] session in
            let rows = try session.query(
                """
                SELECT \(table.selected) FROM \(table.qualifiedName) WHERE \(table.isPendingAndWanted)\
                \(order == .newest ? " ORDER BY \(table.createdAt.ordered) DESC NULLS LAST" : "") LIMIT \(MarkTrial.rows)
                """)
            return (0..<rows.rowCount).map { table.row(rows, $0) }
        }
    }

    private struct TakenBack: Error {
        let outcome: MarkOutcome
    }

    func attempt(_ key: RowKey) async throws -> MarkAttempt {
        let what = "cannot try a mark on a row of table \"\(table)\""
        return try await catalog.writer.use(what) { session in
            let sql = PostgresMarkSQL([RowMark(key: key, shard: .exampleShard)], of: sourceTable, within: nil)
            if looksOnly {
                let isPending = try self.isPending(sql, in: session)
                return .outcome(isPending.map { $0 ? .marked : .alreadyMarked } ?? .changed)
            }
            do {
                try session.transaction { throw TakenBack(outcome: try outcome(sql, in: session)) }
            } catch let end as TakenBack {
                return .outcome(end.outcome)
            } catch let error as PostgresError {
                switch error.code {
                case .locked: return .rowIsLocked
                case .timedOut: return .tableIsLocked
                case .refusedRow, .accessDenied, .queryFailed: return .outcome(.refused(reason: error.message))
                default: throw error
                }
            }
            return .tableIsLocked
        }
    }

    /// Waits for another transaction no longer than ``PostgresMarkRun/lockTimeout``.
    private func outcome(_ sql: PostgresMarkSQL, in session: PostgresSession) throws -> MarkOutcome {
        let request = sql.update(isGuarded: false)
        let rows = try session.query(request.sql, request.parameters)
        guard rows.rowCount > 0 else {
            guard let isPending = try isPending(sql, in: session) else { return .changed }
            // Else somebody has marked it meanwhile.
            return isPending ? PostgresMarkRun.keptPending : .alreadyMarked
        }
        // Constraints and triggers that wait for the commit.
        try session.execute("SET CONSTRAINTS ALL IMMEDIATE")
        let after = sql.marked
        let state = try session.query(after.sql, after.parameters)
        // A view may show pending rows only.
        let isMarked = state.rowCount == 0 ? isView : state.bool(0, 1) == true
        return isMarked && rows.bool(0, 1) == true ? .marked : .refused(reason: Self.undone)
    }

    /// Nil if the row is not found.
    private func isPending(_ sql: PostgresMarkSQL, in session: PostgresSession) throws -> Bool? {
        let state = sql.state
        let found = try session.query(state.sql, state.parameters)
        return found.rowCount > 0 ? found.bool(0, 2) == true : nil
    }

    func hasMarks() async throws -> Bool {
        guard let condition = sourceTable.isMarked else { return false }
        let what = "cannot look at the marks of table \"\(table)\""
        return try await catalog.reader.use(what) { [table = sourceTable] session in
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

    private static let undone =
        "a trigger or rule of the database undoes the mark, or changes uid, time or location of the row with it"
}
