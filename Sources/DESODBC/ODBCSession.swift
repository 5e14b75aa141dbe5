import DESBase
import CODBC

/// An open connection: prepares statements, each once, and runs transactions.
///
/// Not Sendable: it stays on the thread of its ``ODBCConnection``, and is used only in the bodies given to its `run`.
package final class ODBCSession {
    /// What the driver needs; set by what opens the session.
    package var traits: ODBCSessionTraits
    /// Told by the driver's `SQL_DBMS_NAME`.
    package let product: ODBCProduct
    /// The database's name and version in the words of the driver, as `MariaDB` and `10.11.19`.
    package let databaseName: String
    package let databaseVersion: String
    /// Counts the sessions of a connection: results do not survive a new one.
    package let generation: Int
    let statementTimeoutSeconds: Int?
    // In this order they are freed: an environment must outlive its connections.
    private let connection: ODBCHandle
    private let environment: ODBCHandle
    private let secrets: [String]
    private let activity: ODBCActivity
    private var statements: [String: ODBCStatement] = [:]
    private var isInTransaction = false

    /// Connects.
    ///
    /// - Parameter text: the connection string.
    init(
        connecting text: ODBCConnectionString, settings: ODBCConnectionSettings, activity: ODBCActivity, generation: Int
    ) throws(ODBCError) {
        guard let environment = ODBCHandle(type: SQL_HANDLE_ENV, parent: nil) else {
            throw ODBCError(kind: .other, sqlState: "HY001", message: "the driver manager has no memory")
        }
        self.environment = environment
        _ = des_odbc_set_environment_number(environment.raw, SQL_ATTR_ODBC_VERSION, SQLULEN(SQL_OV_ODBC3))
        guard let connection = ODBCHandle(type: SQL_HANDLE_DBC, parent: environment.raw) else {
            throw environment.error(product: .other, hiding: text.secrets)
        }
        let loginSeconds = SQLULEN(max(1, settings.loginTimeout.components.seconds))
        _ = des_odbc_set_connection_number(connection.raw, SQL_ATTR_LOGIN_TIMEOUT, loginSeconds)
        var units = Array(text.text.utf16)
        let code = SQLDriverConnectW(
            connection.raw, nil, &units, SQLSMALLINT(clamping: units.count), nil, 0, nil,
            SQLUSMALLINT(SQL_DRIVER_NOPROMPT))
        guard ODBCHandle.isSuccess(code) else { throw connection.error(product: .other, hiding: text.secrets) }
        self.connection = connection
        self.activity = activity
        self.generation = generation
        secrets = text.secrets
        statementTimeoutSeconds = settings.statementTimeout.map { max(1, Int($0.components.seconds)) }
        databaseName = Self.information(SQL_DBMS_NAME, of: connection)
        databaseVersion = Self.information(SQL_DBMS_VER, of: connection)
        product = ODBCProduct(naming: databaseName)
        traits = ODBCSessionTraits(product: product)
    }

    deinit {
        statements.removeAll()
        if isInTransaction { SQLEndTran(connection.type, connection.raw, SQLSMALLINT(SQL_ROLLBACK)) }
        SQLDisconnect(connection.raw)
    }

    /// The statement of that text; prepared when it is asked for first.
    package func statement(_ sql: String) throws(ODBCError) -> ODBCStatement {
        if let statement = statements[sql] { return statement }
        // Texts come from few patterns; what has more would keep too much in the server.
        if statements.count >= 64 { statements.removeAll() }
        let statement = try ODBCStatement(sql, session: self)
        statements[sql] = statement
        return statement
    }

    /// Lets go of the statements that were prepared: drivers keep the columns that a table had then.
    func forgetStatements() { statements.removeAll() }

    /// Executes a statement once, which is not kept, and returns the rows that it may give.
    @discardableResult
    package func execute(
        _ sql: String, _ parameters: [ODBCParameter] = [], atMost limit: Int = 10_000
    ) throws(ODBCError) -> [[ODBCValue]] {
        let statement = try ODBCStatement(sql, session: self)
        try statement.execute(parameters)
        guard try !statement.columns().isEmpty else { return [] }
        return try statement.rows(atMost: limit)
    }

    /// Runs the body in a transaction, which is rolled back if it throws or answers not to commit.
    ///
    /// - Throws: what the body throws; else ``ODBCError`` if the transaction cannot be begun or ended. If that is
    ///   `unreachable`, it is unknown whether it was committed.
    package func transaction<Result>(_ body: () throws -> (result: Result, commits: Bool)) throws -> Result {
        try begin()
        let result: (result: Result, commits: Bool)
        do {
            result = try body()
        } catch {
            // The first error is the one that tells what is wrong; a session that is not usable any more is known.
            try? end(commits: false)
            throw error
        }
        try end(commits: result.commits)
        return result.result
    }

    private func begin() throws(ODBCError) {
        try check(
            des_odbc_set_connection_number(connection.raw, SQL_ATTR_AUTOCOMMIT, SQLULEN(SQL_AUTOCOMMIT_OFF)))
        isInTransaction = true
    }

    /// Also if it throws the session is out of the transaction, or broken.
    private func end(commits: Bool) throws(ODBCError) {
        for statement in statements.values { statement.close() }
        let code = SQLEndTran(connection.type, connection.raw, SQLSMALLINT(commits ? SQL_COMMIT : SQL_ROLLBACK))
        var failure = ODBCHandle.isSuccess(code) ? nil : failure(of: connection)
        if failure != nil { SQLEndTran(connection.type, connection.raw, SQLSMALLINT(SQL_ROLLBACK)) }
        isInTransaction = false
        let isRestored = ODBCHandle.isSuccess(
            des_odbc_set_connection_number(connection.raw, SQL_ATTR_AUTOCOMMIT, SQLULEN(SQL_AUTOCOMMIT_ON)))
        if !isRestored { isBroken = true }
        if !isRestored, failure == nil, !commits { failure = self.failure(of: connection) }
        if let failure { throw failure }
    }

    /// Whether the session cannot be used any more.
    private(set) var isBroken = false

    /// Whether the server still answers.
    func answers() -> Bool {
        guard !isBroken else { return false }
        do {
            try execute(product == .oracle ? "SELECT 1 FROM dual" : "SELECT 1")
            return true
        } catch {
            return false
        }
    }

    func allocateStatement() throws(ODBCError) -> ODBCHandle {
        guard let handle = ODBCHandle(type: SQL_HANDLE_STMT, parent: connection.raw) else {
            throw failure(of: connection)
        }
        return handle
    }

    func check(_ code: SQLRETURN) throws(ODBCError) {
        guard !ODBCHandle.isSuccess(code) else { return }
        throw failure(of: connection)
    }

    /// The error that the last call on the handle left.
    func failure(of handle: ODBCHandle) -> ODBCError {
        let error = handle.error(product: product, hiding: secrets)
        if error.kind == .unreachable { isBroken = true }
        return error
    }

    /// Runs a call that may take long, and that a cancellation of the task ends.
    func cancellable<Result>(
        _ handle: ODBCHandle, _ body: () throws(ODBCError) -> Result
    ) throws(ODBCError) -> Result {
        activity.begin(handle.raw)
        defer { activity.end() }
        // A cancellation before this point had nothing to cancel.
        guard !Task.isCancelled else {
            throw ODBCError(kind: .cancelled, sqlState: "HY008", message: "the task was cancelled")
        }
        return try body()
    }

    private static func information(_ item: Int32, of connection: ODBCHandle) -> String {
        var text = [SQLWCHAR](repeating: 0, count: 256)
        var length: SQLSMALLINT = 0
        let code = SQLGetInfoW(
            connection.raw, SQLUSMALLINT(item), &text, SQLSMALLINT(text.count * 2), &length)
        guard ODBCHandle.isSuccess(code) else { return "" }
        return String(decoding: text.prefix { $0 != 0 }, as: UTF16.self)
    }
}
