import DESBase
import DESCatalog
import GRDB

/// What the statements that mark a row depend on.
struct MarkShape: Hashable {
    let hasRowID: Bool
    private let blobs: Int

    init(key: RowKey, table: SourceTable) {
        hasRowID = key.rowID != nil && table.rowIDSQL != nil
        blobs = Self.bit(key.uid, 0) | Self.bit(key.createdAt, 1) | Self.bit(key.location, 2)
    }

    /// Whether the uid (0), time (1) or location (2) is a blob.
    func isBlob(_ index: Int) -> Bool { blobs >> index & 1 == 1 }

    private static func bit(_ value: CatalogValue, _ index: Int) -> Int {
        if case .blob = value { 1 << index } else { 0 }
    }
}

/// The prepared statements that mark one row and find out what became of it.
final class MarkStatements {
    private let table: SourceTable
    private let shape: MarkShape
    private let database: Database
    private let update: StatementCursor
    private let select: StatementCursor
    /// Whether more may happen to a row than the update says.
    private let hasTriggers: Bool

    /// - Parameters:
    ///   - archived: the table's archived column.
    ///   - time: what a column for the moment of the mark gets.
    /// - Throws: ``SQLiteFailure`` or `DatabaseError` if the table cannot be marked.
    init(
        _ shape: MarkShape, of table: SourceTable, archived: SourceTable.Column, at time: Timestamp,
        in database: Database
    ) throws {
        self.table = table
        self.shape = shape
        self.database = database
        // SQLite has no alias for the rows of a view that is updated.
        let name = table.quotedName
        hasTriggers =
            try table.isView
            || database.hasRow(
                "SELECT 1 FROM \(table.schemaName).sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE",
                [.text(table.tableName)])
        update = try database.cursor(
            """
            UPDATE \(table.qualifiedName) SET \(Self.assignments(archived, table)) \
            WHERE \(Self.condition(shape, table, in: name)) AND \(SourceTable.isPending(archived.sql(in: name)))\
            \(table.condition.map { " AND \($0)" } ?? "")
            """)
        // A marked row is found whatever the operator's condition says of it then.
        select = try database.cursor(
            """
            SELECT \(table.isPending) FROM \(table.from) WHERE \(Self.condition(shape, table, in: "t")) \
            AND (\(table.isPending) IS NULL\(table.condition.map { " OR \($0)" } ?? " OR 1"))
            """)
        if table.archivedAt != nil { try update.bind(.time(time), at: Self.timeParameter) }
    }

    private static let timeParameter: Int32 = 5
    private static let shardParameter: Int32 = 6

    private static func assignments(_ archived: SourceTable.Column, _ table: SourceTable) -> String {
        func assignment(_ column: SourceTable.Column, _ value: String) -> String {
            "\(SQLText.name(column.name)) = \(value)"
        }
        let all = [
            assignment(archived, "1"),
            table.archivedAt.map { assignment($0, "?\(timeParameter)") },
            table.shardKey.map { assignment($0, "?\(shardParameter)") },
        ]
        return all.compactMap { $0 }.joined(separator: ", ")
    }

    /// Parameters: the rowid if there is one, the uid, the time, the location.
    private static func condition(_ shape: MarkShape, _ table: SourceTable, in qualifier: String) -> String {
        var terms: [String] = []
        if shape.hasRowID, case .table(let rowID) = table.kind { terms.append("\(qualifier).\(rowID) = ?1") }
        for (index, column) in [table.uid, table.createdAt, table.location].enumerated() {
            let parameter = "?\(index + 2)"
            let sql = column.sql(in: qualifier)
            if shape.isBlob(index) {
                // Also a text with these bytes: texts that are not valid UTF-8 are read as blobs.
                terms.append("CAST(\(sql) AS BLOB) IS \(parameter)")
            } else {
                // The first finds rows by an index where there is no rowid; the second is exact whatever the collation.
                // The sign takes away the column's type, and with it a conversion of what is compared.
                if !shape.hasRowID { terms.append("\(sql) IS \(parameter)") }
                terms.append("(+\(sql)) COLLATE BINARY IS \(parameter)")
            }
        }
        return terms.joined(separator: " AND ")
    }

    func mark(_ key: RowKey, shard: String) throws -> MarkOutcome {
        // SQLite does not count the rows that a trigger on a view changes: they are looked at before and after.
        if table.isView {
            let before = try outcomeWithoutUpdate(key)
            if before != .refused(reason: MarkRefusal.keptPending) { return before }
        }
        if hasTriggers { try database.execute(sql: "SAVEPOINT des_mark") }
        do {
            if table.shardKey != nil { try update.bind(.text(shard), at: Self.shardParameter) }
            try withBound(key, to: update) {
                while try update.step() {}
            }
        } catch let failure as SQLiteFailure where failure.isConstraint {
            // The trigger has rolled back the whole transaction.
            guard database.isInsideTransaction else { throw MarksRolledBack(reason: failure.message) }
            if hasTriggers { try database.execute(sql: "ROLLBACK TO des_mark; RELEASE des_mark") }
            return .refused(reason: failure.message)
        }
        let isUpdated = !table.isView && database.changedRowCount > 0
        guard hasTriggers else { return try isUpdated ? .marked : outcomeWithoutUpdate(key) }
        return try outcome(of: key, isUpdated: isUpdated)
    }

    /// What triggers have made of the row; what is not its mark is undone.
    private func outcome(of key: RowKey, isUpdated: Bool) throws -> MarkOutcome {
        var outcome = try outcomeWithoutUpdate(key)
        if table.isView || isUpdated {
            switch outcome {
            case .alreadyMarked: outcome = .marked
            // A view may show pending rows only.
            case .changed: outcome = table.isView ? .marked : .refused(reason: MarkRefusal.changed)
            case .marked, .refused: break
            }
        }
        try database.execute(
            sql: outcome == .marked ? "RELEASE des_mark" : "ROLLBACK TO des_mark; RELEASE des_mark")
        return outcome
    }

    /// Whether a row that was marked before in the same transaction still is: a trigger of another row may have changed it.
    func isStillMarked(_ key: RowKey) throws -> Bool {
        guard hasTriggers else { return true }
        let outcome = try outcomeWithoutUpdate(key)
        return outcome == .alreadyMarked || outcome == .changed && table.isView
    }

    /// Finds the row as a mark would, and changes nothing: one that is pending could be `marked`.
    func look(_ key: RowKey) throws -> MarkOutcome {
        let outcome = try outcomeWithoutUpdate(key)
        return outcome == .refused(reason: MarkRefusal.keptPending) ? .marked : outcome
    }

    /// What the row's state says if no row was updated: one that is still pending has refused the mark.
    private func outcomeWithoutUpdate(_ key: RowKey) throws -> MarkOutcome {
        try withBound(key, to: select) {
            defer { select.reset() }
            var outcome = MarkOutcome.changed
            while try select.step() {
                if select.integer(at: 0) != 0 { return .refused(reason: MarkRefusal.keptPending) }
                outcome = .alreadyMarked
            }
            return outcome
        }
    }

    private func withBound<Result>(
        _ key: RowKey, to cursor: StatementCursor, _ body: () throws -> Result
    ) throws -> Result {
        if shape.hasRowID, let rowID = key.rowID { try cursor.bind(.integer(rowID), at: 1) }
        return try cursor.withBound((key.uid, key.createdAt, key.location), from: 2, body)
    }
}

/// A trigger has rolled back the transaction of the marks: `RAISE(ROLLBACK)`.
struct MarksRolledBack: Error {
    let reason: String
}
