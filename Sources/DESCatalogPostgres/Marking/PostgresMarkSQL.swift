import DESCatalog
import DESPostgres

/// The statements that mark rows, for keys whose uid is either never or always NULL.
///
/// The keys come as arrays, one for each column, and are numbered from 1 by `des_n`.
struct PostgresMarkSQL: Sendable {
    /// The table of the tokens, in the first schema of the search path.
    static let fences = Fence.table
    /// What an index must be asked for to find a row at once.
    static let keyNames = ["des_keys.des_uid", "des_keys.des_created_at"]

    private let table: PostgresTable
    private let arrays: [(parameter: PostgresParameter, form: PostgresColumn.Form)]
    private let hasNull: [Bool]
    private let shards: PostgresParameter?
    private let fence: Fence?

    init(_ marks: [RowMark], of table: PostgresTable, within fence: Fence?) {
        let columns = [table.uid, table.createdAt, table.location]
        let values = [marks.map(\.key.uid), marks.map(\.key.createdAt), marks.map(\.key.location)]
        self.table = table
        arrays = zip(columns, values).map { $0.array($1) }
        hasNull = values.map { $0.contains(.null) }
        shards = table.shardKey == nil ? nil : .textArray(marks.map(\.shard))
        self.fence = fence
    }

    /// Marks the rows that are pending and what they were. Waits for rows that others hold. Returns their numbers, and
    /// whether each has become what was packed, marked; a trigger may have made something else of it.
    ///
    /// - Parameter isGuarded: whether to fail for such a row, with ``changedRow`` in the message, instead of returning it.
    func update(isGuarded: Bool) -> PostgresRequest {
        let isAllowed = fence == nil ? "" : " AND EXISTS (SELECT FROM des_fence)"
        return PostgresRequest(
            sql: """
                \(fence == nil ? "" : "WITH \(fenceQuery) ")UPDATE \(table.qualifiedName) \
                SET \(table.assignments(shard: "des_keys.des_shard")) FROM \(keys) \
                WHERE \(isRow) AND \(table.isPendingAndWanted)\(isAllowed) RETURNING \(returned(isGuarded))
                """, parameters: parameters)
    }

    /// As ``update(isGuarded:)``, but leaves out rows that another transaction holds: returns the numbers of the rows that
    /// were free, whether each was marked, and whether it has become something else.
    func updateFreeRows(isGuarded: Bool) -> PostgresRequest {
        let columns = ["des_n"] + ["des_uid", "des_created_at", "des_location"] + (shards == nil ? [] : ["des_shard"])
        let isAllowed = fence == nil ? "" : " AND EXISTS (SELECT FROM des_fence)"
        return PostgresRequest(
            sql: """
                WITH \(fence == nil ? "" : "\(fenceQuery), ")des_free AS MATERIALIZED (\
                SELECT \(columns.map { "des_keys.\($0)" }.joined(separator: ", ")) \
                FROM \(keys) JOIN \(table.qualifiedName) ON \(isRow) \
                WHERE \(table.isPendingAndWanted)\(isAllowed) \
                FOR NO KEY UPDATE OF \(SQLText.name(table.tableName)) SKIP LOCKED), \
                des_marked AS (UPDATE \(table.qualifiedName) \
                SET \(table.assignments(shard: "des_keys.des_shard")) FROM des_free AS des_keys \
                WHERE \(isRow) AND \(table.isPendingAndWanted) RETURNING \(returned(isGuarded))) \
                SELECT des_n, des_n IN (SELECT des_n FROM des_marked), \
                des_n IN (SELECT des_n FROM des_marked WHERE NOT des_is_marked) FROM des_free
                """, parameters: parameters)
    }

    /// Returns, for the keys whose row still is what it was, the number, whether it is pending, and whether the operator's
    /// condition still holds for it.
    var state: PostgresRequest {
        PostgresRequest(
            sql: """
                SELECT des_keys.des_n, bool_or(\(table.isPending)), bool_or(\(table.isPending) AND \(table.isWanted)) \
                FROM \(keys) JOIN \(table.qualifiedName) ON \(isRow) GROUP BY des_keys.des_n
                """, parameters: keyParameters)
    }

    /// Returns, for the keys whose row is still there, the number, and whether it is marked.
    var marked: PostgresRequest {
        PostgresRequest(
            sql: """
                SELECT des_keys.des_n, bool_or(NOT (\(table.isPending))) \
                FROM \(keys) JOIN \(table.qualifiedName) ON \(isRow) GROUP BY des_keys.des_n
                """, parameters: keyParameters)
    }

    /// Returns whether something behind an UPDATE of the table may change the rows once more, so that what
    /// an update returns does not say what they are in the end: a trigger, a rule, or whatever is behind a view.
    static func isChangedAfterwards(_ table: PostgresTable) -> PostgresRequest {
        // Bits of tgtype: 2 is BEFORE, 16 is UPDATE.
        PostgresRequest(
            sql: """
                WITH RECURSIVE des_tables (number) AS (SELECT $1::oid \
                UNION SELECT inhrelid FROM des_tables JOIN pg_inherits ON inhparent = number) \
                SELECT EXISTS (SELECT FROM des_tables JOIN pg_class c ON c.oid = number \
                WHERE c.relkind IN ('v', 'f') OR c.relhasrules) \
                OR EXISTS (SELECT FROM des_tables JOIN pg_trigger ON tgrelid = number \
                WHERE NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 18 = 16)
                """, parameters: [.int8(table.number)])
    }

    /// Whether the fence's token is the one that counts.
    static func isCurrent(_ fence: Fence) -> PostgresRequest {
        PostgresRequest(
            sql: "SELECT FROM \(fences) WHERE unit = $1 AND token = $2",
            parameters: [.text(fence.unit), .int8(fence.token)])
    }

    /// A mark of ordinary keys, to look at its plan; nil if nothing is ever marked.
    static func forPlanning(of table: PostgresTable) -> PostgresRequest? {
        guard table.archived != nil else { return nil }
        let sql = PostgresMarkSQL([], of: table, within: nil)
        return PostgresRequest(
            sql: "SELECT FROM \(sql.keys) JOIN \(table.qualifiedName) ON \(sql.isRow) WHERE \(table.isPending)",
            parameters: sql.keyParameters)
    }

    // MARK: Parts

    private var keyParameters: [PostgresParameter] { arrays.map(\.parameter) + (shards.map { [$0] } ?? []) }

    private var parameters: [PostgresParameter] {
        keyParameters + (fence.map { [.text($0.unit), .int8($0.token)] } ?? [])
    }

    private var keys: String {
        let types = zip([table.uid, table.createdAt, table.location], arrays).map { $0.parameterType($1.form) }
        var lists = types.enumerated().map { "$\($0.offset + 1)::\($0.element)[]" }
        var names = ["des_uid", "des_created_at", "des_location"]
        if shards != nil {
            lists.append("$4::text[]")
            names.append("des_shard")
        }
        return """
            unnest(\(lists.joined(separator: ", "))) WITH ORDINALITY \
            AS des_keys(\(names.joined(separator: ", ")), des_n)
            """
    }

    /// In the message of an update that failed for a row that a trigger changes.
    static let changedRow = "des_changed_row"

    private func returned(_ isGuarded: Bool) -> String {
        // What a trigger instead of UPDATE returns need not be what it has made of the row: that is read afterwards.
        let isMarked = "COALESCE(\(isRow)\(table.isView ? "" : " AND NOT (\(table.isPending))"), false)"
        guard isGuarded else { return "des_keys.des_n, \(isMarked) AS des_is_marked" }
        // The cast fails, and the server cannot tell before it has such a row.
        return """
            CASE WHEN \(isMarked) THEN des_keys.des_n \
            ELSE ('\(Self.changedRow) ' || des_keys.des_n)::bigint END AS des_n, true AS des_is_marked
            """
    }

    /// Whether a row of the table is the one of a key, exactly.
    private var isRow: String {
        let columns = [(table.uid, "des_uid"), (table.createdAt, "des_created_at"), (table.location, "des_location")]
        return columns.enumerated().map { index, column in
            column.0.equals("des_keys.\(column.1)", arrays[index].form, isNullSafe: hasNull[index])
        }.joined(separator: " AND ")
    }

    /// Holds the token until the statement is committed: whoever raises it waits.
    private var fenceQuery: String {
        let first = shards == nil ? 4 : 5
        return """
            des_fence AS (SELECT 1 FROM \(Self.fences) WHERE unit = $\(first) AND token = $\(first + 1) FOR SHARE)
            """
    }
}
