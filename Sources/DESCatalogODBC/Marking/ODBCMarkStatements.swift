import DESCatalog
import DESODBC

/// The statements of a mark, all in one transaction.
struct ODBCMarkStatements: Sendable {
    let table: ODBCTable

    private var dialect: SQLDialect { table.dialect }

    // MARK: Fences

    var createFenceTable: String {
        let unit: String
        switch dialect.product {
        case .mysql: unit = "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        case .sqlServer: unit = "nvarchar(255)"
        case .oracle: unit = "VARCHAR2(255 CHAR)"
        case .postgresql, .sqlite, .other: unit = "VARCHAR(255)"
        }
        let token = dialect.product == .oracle ? "NUMBER(18)" : "BIGINT"
        let name = Fence.table
        let columns = "(\(unitColumn) \(unit) NOT NULL PRIMARY KEY, \(tokenColumn) \(token) NOT NULL)"
        let engine = dialect.product == .mysql ? " ENGINE=InnoDB" : ""
        return switch dialect.product {
        case .sqlServer: "IF OBJECT_ID(N'\(name)') IS NULL CREATE TABLE \(name) \(columns)"
        case .oracle: "CREATE TABLE \(name) \(columns)"
        case .mysql, .postgresql, .sqlite, .other: "CREATE TABLE IF NOT EXISTS \(name) \(columns)\(engine)"
        }
    }

    /// The token of a unit, its row locked against changes until the transaction ends. Parameter: the unit.
    var sharedToken: String { token(dialect.sharingHint, dialect.sharingSuffix) }

    /// The token of a unit, its row locked so that it can be changed. Parameter: the unit.
    var lockedToken: String { token(dialect.waitingHint, dialect.waitingSuffix) }

    /// Parameters: the unit, the token.
    var insertToken: String {
        "INSERT INTO \(Fence.table) (\(unitColumn), \(tokenColumn)) VALUES (?, ?)"
    }

    /// Only ever to a greater one. Parameters: the token, the unit, the token.
    var raiseToken: String {
        "UPDATE \(Fence.table) SET \(tokenColumn) = ? WHERE \(unitColumn) = ? AND \(tokenColumn) < ?"
    }

    private func token(_ hint: String, _ suffix: String) -> String {
        "SELECT \(tokenColumn) FROM \(Fence.table)\(hint) WHERE \(unitColumn) = ?\(suffix)"
    }

    // Quoted: unit is a word of some database's own.
    private var unitColumn: String { dialect.quoted(dialect.product == .oracle ? "UNIT" : "unit") }
    private var tokenColumn: String { dialect.quoted(dialect.product == .oracle ? "TOKEN" : "token") }

    // MARK: Rows

    /// The rows of some uids: uid, time, location, whether it is pending, and the key if it is a single one. Those that are not locked by others are
    /// locked for the transaction.
    func lockedRows(uids: Int) -> String { rows(uids: uids, hint: dialect.lockingHint, suffix: dialect.lockingSuffix) }

    /// The same rows, also those that others have locked.
    func allRows(uids: Int) -> String { rows(uids: uids, hint: dialect.unlockedHint, suffix: "") }

    private func rows(uids: Int, hint: String, suffix: String) -> String {
        let columns = [table.uid, table.createdAt, table.location].map(dialect.selected).joined(separator: ", ")
        let marks = Array(repeating: dialect.parameter(for: table.uid), count: uids).joined(separator: ", ")
        let key = table.singleKey.map { ", " + table.sql($0) } ?? ""
        return """
            SELECT \(columns), CASE WHEN \(table.isPending) THEN 1 ELSE 0 END\(key) \
            FROM \(table.qualifiedName)\(hint) WHERE \(table.sql(table.uid)) IN (\(marks))\(suffix)
            """
    }

    /// What ``update`` needs in the place of each question mark.
    enum Parameter: Sendable, Hashable {
        case shard
        case key(ODBCColumn)
        /// The moment after the time of the key, where a column is finer than what keys keep.
        case nextMicrosecond
    }

    private func assignments(shard: String) -> String {
        var assignments: [String] = []
        if let archived = table.archived, let value = table.markedValue {
            assignments.append("\(table.sql(archived)) = \(value)")
        }
        if let archivedAt = table.archivedAt { assignments.append("\(table.sql(archivedAt)) = \(dialect.now)") }
        if let shardKey = table.shardKey { assignments.append("\(table.sql(shardKey)) = \(shard)") }
        // A value of its own takes the place of the one that the database would set.
        if table.renewsTime { assignments.append("\(table.sql(table.createdAt)) = \(table.sql(table.createdAt))") }
        return assignments.joined(separator: ", ")
    }

    /// Marks rows that were found, by their key. Parameters: the shard if there is a column for it, the keys.
    func update(by key: ODBCColumn, keys: Int) -> String {
        let marks = Array(repeating: dialect.parameter(for: key), count: keys).joined(separator: ", ")
        return """
            UPDATE \(table.qualifiedName) SET \(assignments(shard: "?")) \
            WHERE \(table.sql(key)) IN (\(marks)) AND \(table.isPending)
            """
    }

    /// Marks the pending rows of one uid, time and location, where no single key is to be had; for arrays of parameters.
    var update: (sql: String, parameters: [Parameter]) {
        var parameters: [Parameter] = table.shardKey == nil ? [] : [.shard]
        var conditions: [String] = []
        for column in [table.uid, table.createdAt, table.location] {
            let mark = dialect.parameter(for: column)
            parameters.append(.key(column))
            if column.isTime, column.isFinerThanMicroseconds(dialect) {
                conditions.append("\(table.sql(column)) >= \(mark) AND \(table.sql(column)) < \(mark)")
                parameters.append(.nextMicrosecond)
            } else {
                conditions.append("\(table.sql(column)) = \(mark)")
            }
            if let exact = dialect.exactText(column) {
                conditions.append(exact)
                parameters.append(.key(column))
            }
        }
        conditions.append(table.isPending)
        let sql = """
            UPDATE \(table.qualifiedName) SET \(assignments(shard: "?")) \
            WHERE \(conditions.joined(separator: " AND "))
            """
        return (sql, parameters)
    }

    /// The same assignments to no row: whether the user may mark.
    var trial: String { "UPDATE \(table.qualifiedName) SET \(assignments(shard: "''")) WHERE 1 = 0" }
}
