import GRDB

/// What the statements that mark a row depend on.
struct MarkShape: Hashable {
    let hasRowID: Bool
    let isBlob: [Bool]

    init(key: RowKey, table: SourceTable) {
        hasRowID = key.rowID != nil && table.rowIDSQL != nil
        isBlob = [key.uid, key.createdAt, key.location].map { if case .blob = $0 { true } else { false } }
    }
}

/// The prepared statements that mark one row and find out what became of it.
struct MarkStatements {
    private let table: SourceTable
    private let shape: MarkShape
    private let database: Database
    private let update: StatementCursor
    private let select: StatementCursor

    /// - Throws: ``SQLiteFailure`` or `DatabaseError` if the table cannot be marked.
    init(_ shape: MarkShape, of table: SourceTable, in database: Database) throws {
        self.table = table
        self.shape = shape
        self.database = database
        let condition = Self.condition(shape, table)
        update = try database.cursor(
            """
            UPDATE \(table.qualifiedName) AS t SET \(SourceTable.Column.quoted(table.archived.name)) = 1 \
            WHERE \(condition) AND \(table.isPending)
            """)
        select = try database.cursor("SELECT \(table.isPending) FROM \(table.from) WHERE \(condition)")
    }

    /// Parameters: the rowid if there is one, the uid, the time, the location.
    private static func condition(_ shape: MarkShape, _ table: SourceTable) -> String {
        var terms: [String] = []
        if shape.hasRowID, let rowID = table.rowIDSQL { terms.append("\(rowID) = ?1") }
        for (index, column) in [table.uid, table.createdAt, table.location].enumerated() {
            let parameter = "?\(index + 2)"
            if shape.isBlob[index] {
                // Also a text with these bytes: texts that are not valid UTF-8 are read as blobs.
                terms.append("CAST(\(column.sql) AS BLOB) IS \(parameter)")
            } else {
                // The first finds rows by an index where there is no rowid; the second is exact whatever the collation.
                if !shape.hasRowID { terms.append("\(column.sql) IS \(parameter)") }
                terms.append("\(column.sql) COLLATE BINARY IS \(parameter)")
            }
        }
        return terms.joined(separator: " AND ")
    }

    func mark(_ key: RowKey) throws -> MarkOutcome {
        // SQLite does not count the rows that a trigger on a view changes: they are looked at before and after.
        if table.isView {
            let before = try outcomeWithoutUpdate(key)
            if before != .refused(reason: Self.ignored) { return before }
        }
        do {
            try bind(key, to: update)
            while try update.step() {}
        } catch let failure as SQLiteFailure where failure.isConstraint && database.isInsideTransaction {
            return .refused(reason: failure.message)
        }
        if !table.isView, database.changedRowCount > 0 { return .marked }
        let after = try outcomeWithoutUpdate(key)
        return table.isView && after == .alreadyMarked ? .marked : after
    }

    /// What the row's state says if no row was updated: one that is still pending has refused the mark.
    private func outcomeWithoutUpdate(_ key: RowKey) throws -> MarkOutcome {
        defer { select.reset() }
        try bind(key, to: select)
        var outcome = MarkOutcome.changed
        while try select.step() {
            if select.integer(at: 0) != 0 { return .refused(reason: Self.ignored) }
            outcome = .alreadyMarked
        }
        return outcome
    }

    private func bind(_ key: RowKey, to cursor: StatementCursor) throws {
        if shape.hasRowID, let rowID = key.rowID { try cursor.bind(.integer(rowID), at: 1) }
        try cursor.bind(key.uid, at: 2)
        try cursor.bind(key.createdAt, at: 3)
        try cursor.bind(key.location, at: 4)
    }

    private static let ignored = "a trigger of the database left the row pending"
}
