import DESBase
import DESCatalog
import DESPostgres

/// The catalog's table as it really is, with the SQL to reach it.
///
/// The table goes by its own name, without an alias, so that the operator's `where_clause` may name columns with or without
/// it. Names are quoted, never checked for characters.
struct PostgresTable: CatalogTable {
    /// As in `pg_class.relkind`.
    enum Kind: String, Sendable {
        case table = "r"
        case partitioned = "p"
        case view = "v"
        case materializedView = "m"
        case foreign = "f"
    }

    /// For messages.
    let name: String
    let schemaName: String
    let tableName: String
    /// Its number in `pg_class`.
    let number: Int64
    let kind: Kind
    var columns: CatalogColumns<PostgresColumn>
    let whereClause: String?

    /// Schema and table, quoted.
    var qualifiedName: String { "\(SQLText.name(schemaName)).\(SQLText.name(tableName))" }

    var isView: Bool { kind == .view }

    /// Uid, time, location, size if there is one, and then the meta columns.
    var selected: String {
        ([uid, createdAt, location] + (size.map { [$0] } ?? []) + meta).map(\.selected).joined(separator: ", ")
    }

    /// How many columns ``selected`` has.
    var selectedCount: Int { (size == nil ? 3 : 4) + meta.count }

    /// The operator's condition, and true without one.
    var isWanted: String { whereClause.map(WhereClause.condition) ?? "true" }

    /// Whether a row is wanted and still to be migrated.
    var isPendingAndWanted: String { isWanted(.pending) }

    /// Whether a row is wanted and of that state.
    func isWanted(_ state: RowState) -> String {
        [state == .pending ? isPending : "NOT (\(isPending))", whereClause == nil ? nil : isWanted]
            .compactMap { $0 }.joined(separator: " AND ")
    }

    /// The row of a result that selects ``selected`` first.
    @inline(__always)
    func row(_ result: PostgresResult, _ row: Int) -> CatalogRow {
        let columns = columns
        let first = columns.size == nil ? 3 : 4
        func value(_ column: PostgresColumn, _ index: Int, limit: Int) -> CatalogValue {
            let size = result.bytes(row, index).count
            return size > limit ? .tooLong(sizeInBytes: size) : column.value(result, row, index)
        }
        let limit = CatalogValue.keyLimit
        return CatalogRow(
            key: RowKey(
                rowID: nil, uid: value(columns.uid, 0, limit: limit),
                createdAt: value(columns.createdAt, 1, limit: limit),
                location: value(columns.location, 2, limit: limit)),
            size: columns.size.map { value($0, 3, limit: limit) } ?? .null,
            meta: columns.meta.isEmpty
                ? []
                : columns.meta.indices.map { value(columns.meta[$0], first + $0, limit: CatalogValue.metaLimit) })
    }
}

// MARK: Conditions

extension PostgresTable {
    /// Whether a row is still to be migrated. Never NULL.
    ///
    /// Written so that an index with the condition ``isPendingInIndex`` serves, and for a column that is never NULL also the
    /// shorter ones that people write: `WHERE NOT archived`, `WHERE archived = false`, `WHERE archived = 0`.
    var isPending: String {
        guard let archived else { return "true" }
        let condition = Self.isPending(archived, archived.sql)
        guard !archived.mayBeNull else { return condition }
        switch (archived.kind, archived.typeName) {
        case (.integer, _), (.float, _), (_, "numeric"): return "(\(archived.sql) = 0 AND \(condition))"
        case (_, "boolean"): return "(NOT \(archived.sql) AND \(condition))"
        default: return condition
        }
    }

    /// The condition for an index, with the column's own name: for each type the same, whether the column may be NULL or not.
    var isPendingInIndex: String? { archived.map { Self.isPending($0, SQLText.name($0.name)) } }

    private static let blanks = #"E' \t\n\x0B\f\r'"#

    private static func isPending(_ archived: PostgresColumn, _ sql: String) -> String {
        switch (archived.kind, archived.typeName) {
        case (.integer, _), (.float, _), (_, "numeric"): return "COALESCE(\(sql), 0) = 0"
        case (_, "boolean"): return "\(sql) IS NOT TRUE"
        case (.timestamptz, _), (.timestamp, _), (.date, _): return "\(sql) IS NULL"
        default: break
        }
        if let members = archived.enumeration {
            // Not by their texts: an index takes no cast whose outcome may change, and labels can be renamed.
            let isFalse = members.filter { DoneMark.pendingTexts.contains($0.trimmed.lowercased()) }
            let list = isFalse.map { "\(SQLText.literal($0))::\(archived.typeName)" }.joined(separator: ", ")
            return isFalse.isEmpty ? "\(sql) IS NULL" : "(\(sql) IS NULL OR \(sql) IN (\(list)))"
        }
        return "COALESCE(lower(btrim(\(sql)::text, \(blanks))), '') IN (\(SQLText.list(DoneMark.pendingTexts)))"
    }

    /// Whether a row has a mark that is neither pending nor done; nil if the column's type knows no such marks. Needs a pass
    /// over the table.
    var hasOtherMark: String? {
        guard let archived else { return nil }
        let sql = archived.sql
        switch (archived.kind, archived.typeName) {
        case (_, "boolean"), (.timestamptz, _), (.timestamp, _), (.date, _): return nil
        case (.integer, _), (.float, _), (_, "numeric"):
            // A moment as a number is a mark too.
            return "NOT (\(isPending)) AND \(sql) <> 1 AND \(sql) < 100000000"
        default:
            let text = "lower(btrim(\(sql)::text, \(Self.blanks)))"
            let list = SQLText.list(DoneMark.texts)
            return "NOT (\(isPending)) AND \(text) NOT IN (\(list)) AND \(text) NOT LIKE '____-__-__%'"
        }
    }

    /// What a mark is, as SQL; nil if the type has no value for it.
    var markedValue: String? {
        guard let archived else { return nil }
        switch (archived.kind, archived.typeName) {
        case (_, "boolean"): return "true"
        case (.timestamptz, _), (.timestamp, _), (.date, _): return "now()"
        case (.integer, _), (.float, _), (_, "numeric"): return "1"
        default: break
        }
        guard let members = archived.enumeration else { return "'1'" }
        return DoneMark.member(of: members).map(SQLText.literal)
    }

    /// The condition of rows with the mark that DES writes, whatever other marks there are; nil if it writes none.
    var isMarked: String? {
        guard let archived, let value = markedValue else { return nil }
        return value == "now()" ? "\(archived.sql) IS NOT NULL" : "\(archived.sql) = \(value)"
    }

    /// What marks a row: the assignments of an UPDATE.
    ///
    /// - Parameter shard: an expression with the shard's name.
    func assignments(shard: String) -> String {
        var result: [String] = []
        func set(_ column: PostgresColumn, _ value: String) {
            result.append("\(SQLText.name(column.name)) = \(value)")
        }
        if let archived { set(archived, markedValue ?? "NULL") }
        if let archivedAt {
            switch archivedAt.kind {
            case .integer: set(archivedAt, "extract(epoch FROM now())::bigint")
            case .float: set(archivedAt, "extract(epoch FROM now())")
            default: set(archivedAt, "now()")
            }
        }
        if let shardKey { set(shardKey, shardKey.kind == .other ? "\(shard)::\(shardKey.typeName)" : shard) }
        return result.joined(separator: ", ")
    }

    /// Whether the time lies in the years that a ``Timestamp`` knows; only for a column of times.
    private var dated: String {
        let first = PostgresTimeText.literal(.earliest, for: createdAt)
        let last = PostgresTimeText.literal(.latest, for: createdAt)
        return "\(createdAt.sql) >= \(first) AND \(createdAt.sql) <= \(last)"
    }

    /// Whether the time is readable and not NULL; nil if the database cannot tell.
    var isDated: String? { createdAt.isTime ? "COALESCE(\(dated), false)" : nil }

    /// Whether the time is one that no ``Timestamp`` stands for. Written so that an index serves.
    var isUndated: String {
        guard createdAt.isTime else { return "\(createdAt.sql) IS NULL" }
        let first = PostgresTimeText.literal(.earliest, for: createdAt)
        let last = PostgresTimeText.literal(.latest, for: createdAt)
        let outside = "\(createdAt.sql) < \(first) OR \(createdAt.sql) > \(last)"
        return createdAt.mayBeNull ? "(\(createdAt.sql) IS NULL OR \(outside))" : "(\(outside))"
    }

    /// Whether the time lies in the range; where the database cannot tell, whether it is not NULL.
    func isInRange(_ range: PendingRange) -> String {
        guard createdAt.isTime else { return "\(createdAt.sql) IS NOT NULL" }
        let from = PostgresTimeText.literal(range.from, for: createdAt)
        let before = PostgresTimeText.literal(range.before, for: createdAt)
        return "\(createdAt.sql) >= \(from) AND \(createdAt.sql) < \(before)"
    }
}

// MARK: Advice

extension PostgresTable {
    /// Creates an index that gives the pending rows in the order of time.
    var pagingIndex: String { pagingIndex(.pending) }

    /// Creates an index that gives the rows of a state in the order of time.
    func pagingIndex(_ state: RowState) -> String {
        guard state == .pending else { return createIndex("time", [createdAt, uid]) }
        return createIndex("pending", [createdAt, uid]) + (isPendingInIndex.map { " WHERE \($0)" } ?? "")
    }

    /// Creates an index that finds a row by its uid.
    var markingIndex: String { createIndex("uid", [uid]) }

    private func createIndex(_ purpose: String, _ columns: [PostgresColumn]) -> String {
        let name = SQLText.name("\(tableName)_des_\(purpose)")
        let list = columns.map { SQLText.name($0.name) }.joined(separator: ", ")
        // PostgreSQL cannot create an index on all partitions without locking them.
        let how = kind == .partitioned ? "CREATE INDEX" : "CREATE INDEX CONCURRENTLY"
        return "\(how) \(name) ON \(qualifiedName) (\(list))"
    }
}

extension String {
    /// Without blanks around it.
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
