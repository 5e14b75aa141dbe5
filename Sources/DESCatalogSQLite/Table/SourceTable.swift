import DESCatalog
import GRDB

/// The catalog's table as it really is: its kind and the exact names of its columns, with the SQL to reach them.
///
/// Every column is written `t."name"`: without the qualifier SQLite would take a quoted name that it does not know for a
/// string. Names are quoted, never checked for characters.
struct SourceTable: CatalogTable {
    enum Kind: Sendable, Equatable {
        /// A table with rowids, and the name that reaches them.
        case table(rowID: String)
        /// A table without rowids, and the columns of its primary key, which are never NULL, as SQL that compares them as the
        /// key does.
        case tableWithoutRowID(primaryKey: [String])
        /// A view: rows have no identity.
        case view
        /// A virtual table: the same, and whether a change can be undone is up to its module.
        case virtual
    }

    struct Column: CatalogColumn {
        let name: String
        /// False if the table's definition excludes NULL.
        let mayBeNull: Bool
        /// Counted from 1; 0 if it is not part of the primary key.
        let primaryKeyPosition: Int

        var sql: String { sql(in: "t") }

        func sql(in qualifier: String) -> String { "\(qualifier).\(SQLText.name(name))" }
    }

    /// For messages.
    let name: String
    /// The schema's name, quoted.
    let schemaName: String
    let tableName: String
    /// The table's own name, quoted.
    let quotedName: String
    /// Schema and table, quoted.
    let qualifiedName: String
    let kind: Kind
    var columns: CatalogColumns<Column>
    /// The operator's condition, in parentheses.
    let condition: String?

    /// `"main"."files" AS t`.
    var from: String { "\(qualifiedName) AS t" }

    var isView: Bool { kind == .view || kind == .virtual }

    /// The rowid, or nil where there is none.
    var rowIDSQL: String? {
        if case .table(let rowID) = kind { "t.\(rowID)" } else { nil }
    }

    /// Columns that tell any two rows apart and are never NULL; empty for a view.
    var identityColumns: [String] {
        switch kind {
        case .table(let rowID): ["t.\(rowID)"]
        case .tableWithoutRowID(let primaryKey): primaryKey
        case .view, .virtual: []
        }
    }

    var markedValue: String? { archived.map { _ in "1" } }

    /// Rowid, uid, time, location and size, and then the meta columns: what ``StatementCursor/catalogRow(metaCount:)``
    /// reads.
    var rowColumns: [String] {
        [rowIDSQL ?? "NULL", uid.sql, createdAt.sql, location.sql, size?.sql ?? "NULL"] + meta.map(\.sql)
    }

    /// Whether a row is still to be migrated: its archived column is NULL, 0, false (also as text) or empty.
    var isPending: String { archived.map { Self.isPending($0.sql(in: "t")) } ?? "1" }

    /// Whether a row is pending and one of those that the operator's condition chooses.
    var isWanted: String { isWanted(.pending) }

    /// Whether a row is of that state and one of those that the operator's condition chooses.
    func isWanted(_ state: RowState) -> String {
        // The condition is 1 or NULL.
        (state == .pending ? isPending : "(\(isPending)) IS NULL") + (condition.map { " AND \($0)" } ?? "")
    }

    /// The condition on a column, written as it is given.
    ///
    /// In this form SQLite never chooses an index on the archived column alone, which would give no order of the pages,
    /// but it does use a partial index with this very condition; and it is cheap for a single row, where `IN` would build
    /// its set each time.
    static func isPending(_ column: String) -> String {
        let cases = DoneMark.pendingTexts.map { "WHEN '\($0)' THEN 1" }.joined(separator: " ")
        return """
            CASE ifnull(\(column), 0) WHEN 0 THEN 1 WHEN 1 THEN NULL \
            ELSE CASE trim(\(column)) COLLATE NOCASE \(cases) END END
            """
    }

    /// The time in microseconds.
    var microseconds: String { "\(TimeFunction.name)(\(createdAt.sql))" }

    /// Whether the time, which is not NULL, lies in a range, or cannot be read if these rows are asked for too.
    ///
    /// Parameters: ?1 and ?2 as in ``PendingRange/sqlBounds``.
    func isInRange(_ range: PendingRange) -> String {
        // The function is called once a row: BETWEEN computes its operand once.
        (range.includesUndated ? "ifnull(\(microseconds), ?1)" : microseconds) + " BETWEEN ?1 AND ?2"
    }
}

extension StatementCursor {
    /// The row of a statement that selects ``SourceTable/rowColumns`` first.
    func catalogRow(metaCount: Int) -> CatalogRow {
        func keyValue(_ column: Int32) -> CatalogValue { value(at: column, limit: CatalogValue.keyLimit) }
        return CatalogRow(
            key: RowKey(
                rowID: isNull(at: 0) ? nil : integer(at: 0), uid: keyValue(1), createdAt: keyValue(2),
                location: keyValue(3)),
            size: keyValue(4),
            meta: metaCount == 0
                ? [] : (5..<5 + Int32(metaCount)).map { value(at: $0, limit: CatalogValue.metaLimit) })
    }
}
