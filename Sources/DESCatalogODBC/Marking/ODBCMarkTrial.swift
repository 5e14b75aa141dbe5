package import DESBase
import DESCatalog
import DESODBC

extension ODBCCatalog {
    package func tryMark(olderThan cutoff: Timestamp) async throws {
        let table = try await table().withoutMeta
        guard access == .readWrite, table.markedValue != nil else { return }
        let undoesChanges = try await reader.run("cannot look what keeps the table") { session in
            try ODBCBehind.undoesChanges(of: table, in: session)
        }
        // The rows of a table stay what they are; those of a view are looked for at least.
        guard undoesChanges || table.isView else { return }
        let subject = ODBCMarkTrial(
            catalog: self, statements: ODBCMarkStatements(table: table), looksOnly: !undoesChanges)
        var trial = MarkTrial(subject, olderThan: cutoff)
        try await trial.run()
    }
}

/// A table reached through ODBC of which it is tried whether its rows can be marked.
private struct ODBCMarkTrial: DatabaseMarkTrial {
    let catalog: ODBCCatalog
    let statements: ODBCMarkStatements
    /// Whether rows are only looked for, because a mark could not be taken back.
    let looksOnly: Bool

    var sourceTable: ODBCTable { statements.table }

    func rows(_ order: MarkTrialOrder) async throws -> [CatalogRow] {
        try await catalog.reader.run("cannot read rows to try a mark on") { [table = sourceTable] session in
            let columns = table.rowColumns.map(table.dialect.selected).joined(separator: ", ")
            let query = table.dialect.select(
                """
                \(columns) FROM \(table.qualifiedName) WHERE \(table.isPendingAndWanted)\
                \(order == .newest ? " ORDER BY \(table.sql(table.createdAt)) DESC" : "")
                """, limit: MarkTrial.rows)
            return try session.execute(query).map { table.catalogRow($0) }
        }
    }

    func attempt(_ key: RowKey) async throws -> MarkAttempt {
        let what = "cannot try a mark on a row of table \"\(table)\""
        do {
            let result = try await catalog.writer.run(what) { [statements, looksOnly] session in
                let marking = ODBCMarking(
                    statements: statements, rows: [RowMark(key: key, shard: .exampleShard)], fence: nil,
                    refusesLockedRows: false, rereadsRows: true, commits: false)
                return looksOnly ? .done(try marking.look(in: session)) : try marking.run(in: session)
            }
            guard case .done(let outcomes) = result, let outcome = outcomes.first else { return .rowIsLocked }
            return .outcome(outcome)
        } catch let error as CatalogError where error.code == .locked {
            return .tableIsLocked
        }
    }

    func hasMarks() async throws -> Bool {
        guard let condition = sourceTable.isMarked else { return false }
        let what = "cannot look at the marks of table \"\(table)\""
        return try await catalog.reader.run(what) { [table = sourceTable] session in
            let query = table.dialect.select("1 FROM \(table.qualifiedName) WHERE \(condition)", limit: 1)
            do {
                return try !session.execute(query).isEmpty
            } catch let error as ODBCError where error.kind == .timedOut {
                return false
            }
        }
    }
}
