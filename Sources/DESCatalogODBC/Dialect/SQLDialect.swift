import DESCatalog
import DESODBC

/// What one database writes differently from the others. A value: everything that is asked of it is text.
struct SQLDialect: Sendable, Hashable {
    /// How a statement is limited to some rows.
    enum RowLimit: Sendable, Hashable {
        /// `LIMIT n` at the end.
        case limit
        /// `TOP (n)` behind SELECT.
        case top
        /// `FETCH FIRST n ROWS ONLY` at the end.
        case fetchFirst
    }

    let product: ODBCProduct
    /// For messages.
    let name: String
    let openingQuote: Character
    let closingQuote: Character
    let rowLimit: RowLimit
    /// Behind the table, and at the end, of a query that locks its rows for an update and skips what others have locked.
    var lockingHint = ""
    var lockingSuffix = ""
    /// Whether such a query skips rows locked by others; else it waits for them as long as the session's lock wait says.
    var skipsLockedRows = true
    /// As above, for a query that locks a row against changes, not against others who do the same; it waits.
    var sharingHint = ""
    var sharingSuffix = ""
    /// As above, for a query that locks a row to change it; it waits.
    var waitingHint = ""
    var waitingSuffix = ""
    /// Behind the table of a query that must not wait for others. With `readsUncommitted` it shows what may be rolled back.
    var unlockedHint = ""
    var readsUncommitted = false
    /// The moment of the statement in UTC.
    let now: String
    let falseLiteral: String
    let trueLiteral: String
    /// Whether `(a, b) > (?, ?)` compares row values, and by an index.
    var comparesRows = false
    /// Whether an index gives the order by its columns and then by the primary key without sorting all.
    var indexesContainPrimaryKey = false
    /// Whether the drivers keep a whole result in the client, so that a long one would fill the memory.
    var keepsResultsInClient = false
    /// How many values a list in `IN` has at most.
    let listLimit = 500

    /// The values in lists that are short enough for `IN`.
    func lists<Value>(of values: [Value]) -> [[Value]] {
        stride(from: 0, to: values.count, by: listLimit).map { Array(values[$0..<min(values.count, $0 + listLimit)]) }
    }

    /// `"name"`, with the closing quote doubled where the name holds it.
    func quoted(_ name: String) -> String { SQLText.name(name, open: openingQuote, close: closingQuote) }

    /// The statement, limited to that many rows.
    ///
    /// - Parameter query: what follows `SELECT `.
    func select(_ query: String, limit: Int?) -> String {
        guard let limit else { return "SELECT \(query)" }
        return switch rowLimit {
        case .limit: "SELECT \(query) LIMIT \(limit)"
        case .top: "SELECT TOP (\(limit)) \(query)"
        case .fetchFirst: "SELECT \(query) FETCH FIRST \(limit) ROWS ONLY"
        }
    }

    /// Sets a point that ``rollbackToSavepoint`` goes back to.
    var setSavepoint: String {
        product == .sqlServer ? "SAVE TRANSACTION des_marks" : "SAVEPOINT des_marks"
    }

    /// Undoes what was done since ``setSavepoint``.
    var rollbackToSavepoint: String {
        product == .sqlServer ? "ROLLBACK TRANSACTION des_marks" : "ROLLBACK TO SAVEPOINT des_marks"
    }
}

extension SQLDialect {
    /// MariaDB; before 10.6 it cannot skip locked rows.
    static func mariaDB(skipsLockedRows: Bool = true) -> SQLDialect {
        mysql(skipsLockedRows: skipsLockedRows, name: "MariaDB")
    }

    /// MySQL; before 8.0 it cannot skip locked rows.
    static func mysql(skipsLockedRows: Bool = true, name: String = "MySQL") -> SQLDialect {
        var dialect = SQLDialect(
            product: .mysql, name: name, openingQuote: "`", closingQuote: "`", rowLimit: .limit,
            now: "UTC_TIMESTAMP(6)", falseLiteral: "0", trueLiteral: "1")
        dialect.skipsLockedRows = skipsLockedRows
        dialect.lockingSuffix = skipsLockedRows ? " FOR UPDATE SKIP LOCKED" : " FOR UPDATE"
        dialect.sharingSuffix = " LOCK IN SHARE MODE"
        dialect.waitingSuffix = " FOR UPDATE"
        dialect.indexesContainPrimaryKey = true
        dialect.keepsResultsInClient = true
        return dialect
    }

    static var sqlServer: SQLDialect {
        var dialect = SQLDialect(
            product: .sqlServer, name: "SQL Server", openingQuote: "[", closingQuote: "]", rowLimit: .top,
            now: "SYSUTCDATETIME()", falseLiteral: "0", trueLiteral: "1")
        dialect.lockingHint = " WITH (ROWLOCK, UPDLOCK, READPAST)"
        dialect.sharingHint = " WITH (ROWLOCK, REPEATABLEREAD)"
        dialect.waitingHint = " WITH (ROWLOCK, UPDLOCK, HOLDLOCK)"
        dialect.unlockedHint = " WITH (NOLOCK)"
        dialect.readsUncommitted = true
        return dialect
    }

    static var oracle: SQLDialect {
        var dialect = SQLDialect(
            product: .oracle, name: "Oracle", openingQuote: "\"", closingQuote: "\"", rowLimit: .fetchFirst,
            now: "SYS_EXTRACT_UTC(SYSTIMESTAMP)", falseLiteral: "0", trueLiteral: "1")
        dialect.lockingSuffix = " FOR UPDATE SKIP LOCKED"
        // Oracle has no lock of a row that two may hold: marks of one unit come one after the other.
        dialect.sharingSuffix = " FOR UPDATE WAIT 5"
        dialect.waitingSuffix = " FOR UPDATE WAIT 5"
        return dialect
    }

    static var postgresql: SQLDialect {
        var dialect = SQLDialect(
            product: .postgresql, name: "PostgreSQL", openingQuote: "\"", closingQuote: "\"", rowLimit: .limit,
            now: "(CURRENT_TIMESTAMP AT TIME ZONE 'UTC')", falseLiteral: "FALSE", trueLiteral: "TRUE")
        dialect.lockingSuffix = " FOR UPDATE SKIP LOCKED"
        dialect.sharingSuffix = " FOR SHARE"
        dialect.waitingSuffix = " FOR UPDATE"
        dialect.comparesRows = true
        dialect.indexesContainPrimaryKey = true
        dialect.keepsResultsInClient = true
        return dialect
    }

    /// SQLite locks the whole file: a transaction waits for others when it writes first.
    static var sqlite: SQLDialect {
        var dialect = SQLDialect(
            product: .sqlite, name: "SQLite", openingQuote: "\"", closingQuote: "\"", rowLimit: .limit,
            now: "strftime('%Y-%m-%d %H:%M:%f', 'now')", falseLiteral: "0", trueLiteral: "1")
        dialect.skipsLockedRows = false
        dialect.comparesRows = true
        dialect.indexesContainPrimaryKey = true
        dialect.keepsResultsInClient = true
        return dialect
    }

    /// The dialect of the database that answers; standard SQL for one that is not known.
    static func of(_ session: ODBCSession) -> SQLDialect {
        dialect(product: session.product, name: session.databaseName, version: session.databaseVersion)
    }

    /// - Parameters:
    ///   - name: as `SQL_DBMS_NAME` gives it.
    ///   - version: likewise `SQL_DBMS_VER`.
    static func dialect(product: ODBCProduct, name: String, version: String) -> SQLDialect {
        let numbers = version.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        let (major, minor) = (numbers.first ?? 99, numbers.count > 1 ? numbers[1] : 0)
        switch product {
        case .mysql where (name + version).lowercased().contains("mariadb"):
            return mariaDB(skipsLockedRows: (major, minor) >= (10, 6))
        case .mysql: return mysql(skipsLockedRows: major >= 8)
        case .sqlServer: return sqlServer
        case .oracle: return oracle
        case .sqlite: return sqlite
        case .postgresql, .other: return postgresql
        }
    }
}
