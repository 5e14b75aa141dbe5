package import DESBase
import DESCatalog
import GRDB

extension SQLiteCatalog {
    package func tryMark(olderThan cutoff: Timestamp) async throws {
        let table = try await table().withoutMeta
        guard access == .readWrite, let archived = table.archived else { return }
        var trial = MarkTrial(
            SQLiteMarkTrial(catalog: self, sourceTable: table, archived: archived), olderThan: cutoff)
        try await trial.run()
    }
}

/// A table of SQLite of which it is tried whether its rows can be marked.
private struct SQLiteMarkTrial: DatabaseMarkTrial {
    let catalog: SQLiteCatalog
    let sourceTable: SourceTable
    let archived: SourceTable.Column

    func rows(_ order: MarkTrialOrder) async throws -> [CatalogRow] {
        try await catalog.reader.run("cannot read rows to try a mark on") { [table = sourceTable] database in
            var rows: [CatalogRow] = []
            try database.rows(
                """
                SELECT \(table.rowColumns.joined(separator: ", ")) FROM \(table.from) WHERE \(table.isWanted)\
                \(order == .newest ? " ORDER BY \(table.createdAt.sql) DESC" : "") LIMIT \(MarkTrial.rows)
                """
            ) { row in
                rows.append(row.catalogRow(metaCount: table.meta.count))
                return true
            }
            return rows
        }
    }

    func attempt(_ key: RowKey) async throws -> MarkAttempt {
        let what = "cannot try a mark on a row of table \"\(table)\""
        do {
            return try await catalog.writer.run(what) { [table = sourceTable, archived] database in
                if database.isInsideTransaction { try database.rollback() }
                let statements = try MarkStatements(
                    MarkShape(key: key, table: table), of: table, archived: archived, at: .now(), in: database)
                // Whether a virtual table can undo a change is up to its module.
                if table.kind == .virtual { return .outcome(try statements.look(key)) }
                var outcome = MarkOutcome.changed
                do {
                    try database.inTransaction(.immediate) {
                        outcome = try statements.mark(key, shard: .exampleShard)
                        if outcome == .marked, try !statements.isStillMarked(key) {
                            outcome = .refused(reason: "a trigger of the database undoes the mark")
                        }
                        return .rollback
                    }
                } catch let error as MarksRolledBack {
                    outcome = .refused(reason: error.reason)
                }
                return .outcome(outcome)
            }
        } catch let error as CatalogError where error.code == .locked {
            return .tableIsLocked
        }
    }

    func hasMarks() async throws -> Bool {
        let what = "cannot look at the marks of table \"\(table)\""
        return try await catalog.reader.run(what) { [table = sourceTable, archived] database in
            var isFound = false
            try database.within(DoneMark.timeLimit) {
                isFound = try database.hasRow("SELECT 1 FROM \(table.from) WHERE \(archived.sql(in: "t")) = 1 LIMIT 1")
            }
            return isFound
        }
    }
}
