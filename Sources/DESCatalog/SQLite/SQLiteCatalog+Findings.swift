import DESRouting
import GRDB
import GRDBSQLite
import Synchronization

extension SQLiteCatalog {
    package func tryMark() async throws {
        let table = try await table()
        guard access == .readWrite, let archived = table.archived, table.kind != .virtual else { return }
        var trial = MarkTrial()
        for order in ["", " ORDER BY \(table.createdAt.sql) DESC"] where !trial.isAccepted {
            let rows = try await reader.run("cannot read rows to try a mark on") { database in
                var rows: [CatalogRow] = []
                try database.rows(
                    """
                    SELECT \(table.rowColumns.joined(separator: ", ")) FROM \(table.from) WHERE \(table.isWanted)\(order) \
                    LIMIT \(MarkTrial.rows)
                    """
                ) { row in
                    rows.append(row.catalogRow(metaCount: table.meta.count))
                    return true
                }
                return rows
            }
            for row in rows where !trial.isAccepted && row.key.isUsable {
                guard let outcome = try await tryMark(row.key, in: table, archived: archived) else { return }
                trial.add(outcome, row.key)
            }
            guard trial.refusal != nil else { break }
        }
        try await trial.check(table: schema.table, place: path, written: Self.written(table, archived)) {
            try await hasMark(in: table, archived: archived)
        }
    }

    /// False if none was found in the time that there is.
    private func hasMark(in table: SourceTable, archived: SourceTable.Column) async throws -> Bool {
        try await reader.run("cannot look at the marks of table \"\(schema.table)\"") { database in
            var isFound = false
            try database.within(DoneMark.timeLimit) {
                try database.rows("SELECT 1 FROM \(table.from) WHERE \(archived.sql(in: "t")) = 1 LIMIT 1") { _ in
                    isFound = true
                    return false
                }
            }
            return isFound
        }
    }

    /// Nil if another connection holds a lock.
    private func tryMark(
        _ key: RowKey, in table: SourceTable, archived: SourceTable.Column
    ) async throws -> MarkOutcome? {
        do {
            return try await writer.run("cannot try a mark on a row of table \"\(schema.table)\"") { database in
                if database.isInsideTransaction { try database.rollback() }
                var outcome = MarkOutcome.changed
                do {
                    try database.inTransaction(.immediate) {
                        let statements = try MarkStatements(
                            MarkShape(key: key, table: table), of: table, archived: archived, at: .now, in: database)
                        outcome = try statements.mark(key, shard: .exampleShard)
                        if outcome == .marked, try !statements.isStillMarked(key) {
                            outcome = .refused(reason: "a trigger of the database undoes the mark")
                        }
                        return .rollback
                    }
                } catch let error as MarksRolledBack {
                    outcome = .refused(reason: error.reason)
                }
                return outcome
            }
        } catch let error as CatalogError where error.code == .locked {
            return nil
        }
    }

    private static func written(_ table: SourceTable, _ archived: SourceTable.Column) -> String {
        let others = [
            table.archivedAt.map { "a time to the column \"\($0.name)\"" },
            table.shardKey.map { "the shard's name (such as \(String.exampleShard)) to the column \"\($0.name)\"" },
        ]
        return (["1 to the column \"\(archived.name)\""] + others.compactMap { $0 }).joined(separator: ", ")
    }

    package func findings() async throws -> CatalogFindings {
        let table = try await table()
        guard let archived = table.archived else { return CatalogFindings() }
        let isFirst = hasLookedAtMarks.withLock { hasLooked in
            defer { hasLooked = true }
            return !hasLooked
        }
        guard isFirst else { return CatalogFindings() }
        let counts = try await reader.run("cannot look at the marks of table \"\(schema.table)\"") { database in
            var counts: [(value: String, rows: Int64)] = []
            let mark = archived.sql(in: "t")
            let texts = DoneMark.texts.map { "'\($0)'" }.joined(separator: ", ")
            try database.within(DoneMark.timeLimit) {
                try database.rows(
                    """
                    SELECT m, count(*) FROM (SELECT \(mark) AS m FROM \(table.from) WHERE (\(table.isPending)) IS NULL \
                    AND NOT (\(mark) = 1 OR lower(trim(\(mark))) IN (\(texts)) \
                    OR ifnull(\(TimeFunction.name)(\(mark)), 0) > 100000000000000 OR CAST(\(mark) AS TEXT) LIKE '____-__-__%') \
                    LIMIT \(DoneMark.countLimit)) GROUP BY m ORDER BY count(*) DESC LIMIT 100
                    """
                ) { row in
                    counts.append((row.value(at: 0, limit: 1000).uidText ?? "bytes", row.integer(at: 1)))
                    return true
                }
            }
            return counts
        }
        return CatalogFindings(otherMarks: DoneMark.warning(archived.name, counts: counts))
    }
}

extension String {
    /// A name of a shard as long as they are, for marks that are tried.
    static var exampleShard: String { "20260131_3F_01KG9Z3V7Q0B8M4N6P2R5S7T9W.des" }
}

extension RowKey {
    /// Whether a file may be packed for the row, so that its mark is asked for.
    var isUsable: Bool {
        uid.uidText?.isEmpty == false && location.uidText?.isEmpty == false && createdAt.timestamp != nil
    }
}

extension Database {
    /// Runs the body, and gives up its statement after that time, as if it had found nothing more.
    fileprivate func within(_ limit: Duration, _ body: () throws -> Void) throws {
        let deadline = Deadline(.now + limit)
        // About every millisecond.
        sqlite3_progress_handler(
            sqliteConnection, 20_000,
            { context in
                guard let context else { return 0 }
                return Unmanaged<Deadline>.fromOpaque(context).takeUnretainedValue().moment < .now ? 1 : 0
            }, Unmanaged.passUnretained(deadline).toOpaque())
        defer {
            sqlite3_progress_handler(sqliteConnection, 0, nil, nil)
            withExtendedLifetime(deadline) {}
        }
        do {
            try body()
        } catch let failure as SQLiteFailure where failure.code & 0xFF == SQLITE_INTERRUPT && !Task.isCancelled {
            // Nothing was found in that time.
        }
    }
}

private final class Deadline {
    let moment: ContinuousClock.Instant

    init(_ moment: ContinuousClock.Instant) { self.moment = moment }
}
