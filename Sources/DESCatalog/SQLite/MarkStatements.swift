import DESRouting
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
            "\(SourceTable.Column.quoted(column.name)) = \(value)"
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
            if before != .refused(reason: Self.ignored) { return before }
        }
        do {
            if table.shardKey != nil { try update.bind(.text(shard), at: Self.shardParameter) }
            try withBound(key, to: update) {
                while try update.step() {}
            }
        } catch let failure as SQLiteFailure where failure.isConstraint && database.isInsideTransaction {
            return .refused(reason: failure.message)
        }
        if !table.isView, database.changedRowCount > 0 { return .marked }
        let after = try outcomeWithoutUpdate(key)
        return table.isView && after == .alreadyMarked ? .marked : after
    }

    /// What the row's state says if no row was updated: one that is still pending has refused the mark.
    private func outcomeWithoutUpdate(_ key: RowKey) throws -> MarkOutcome {
        try withBound(key, to: select) {
            defer { select.reset() }
            var outcome = MarkOutcome.changed
            while try select.step() {
                if select.integer(at: 0) != 0 { return .refused(reason: Self.ignored) }
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

    private static let ignored = "a trigger of the database left the row pending"
}
