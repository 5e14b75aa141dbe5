import CPostgres

/// How to connect to a PostgreSQL server, and the limits of a session.
///
/// A session belongs to one connection: a pooler between must keep it so (`pool_mode = session` of PgBouncer).
package struct PostgresSettings: Sendable {
    /// What libpq understands: `postgresql://…` or `host=… dbname=…`. What it does not say comes from the `PG*` variables, the
    /// service and the password file. May hold a password.
    let connectionString: String
    /// The name that the server shows for the session, unless the connection string or `PGAPPNAME` gives one.
    package var applicationName: String
    /// How long a statement may run; nil: for ever.
    package var statementTimeout: Duration?
    /// How long a statement waits for a lock; nil: for ever.
    package var lockTimeout: Duration?
    /// When the server ends a session that sits in an open transaction, and with it the transaction and its locks.
    package var idleInTransactionTimeout: Duration?
    /// How long connecting may take, for each host, unless the connection string gives `connect_timeout`.
    package var connectTimeout: Duration
    /// Whether a server that takes no changes, such as a standby, is refused when connecting.
    package var needsWrites: Bool
    /// Further settings of the session, set when it opens.
    package var parameters: [(name: String, value: String)]

    /// - Parameter connectionString: a driver behind the scheme, as SQLAlchemy has it (`postgresql+psycopg://`), is dropped.
    package init(
        _ connectionString: String, applicationName: String = "des", statementTimeout: Duration? = .seconds(300),
        lockTimeout: Duration? = .seconds(10), idleInTransactionTimeout: Duration? = .seconds(60),
        connectTimeout: Duration = .seconds(10), needsWrites: Bool = false,
        parameters: [(name: String, value: String)] = []
    ) {
        self.connectionString = Self.withoutDriver(connectionString)
        self.applicationName = applicationName
        self.statementTimeout = statementTimeout
        self.lockTimeout = lockTimeout
        self.idleInTransactionTimeout = idleInTransactionTimeout
        self.connectTimeout = connectTimeout
        self.needsWrites = needsWrites
        self.parameters = parameters
    }

    /// Host, database and user of the connection string, for messages: never the password.
    package var place: String {
        guard let options = try? options() else { return "PostgreSQL" }
        return Self.place(
            user: options["user"], host: options["host"] ?? options["hostaddr"], port: options["port"],
            database: options["dbname"])
    }

    static func place(user: String?, host: String?, port: String?, database: String?) -> String {
        func part(_ text: String?, _ before: String, _ after: String = "") -> String {
            text.flatMap { $0.isEmpty ? nil : before + $0 + after } ?? ""
        }
        return "postgresql://" + part(user, "", "@") + part(host, "") + part(port, ":") + part(database, "/")
    }

    /// What the connection string says, by libpq's keywords.
    ///
    /// - Throws: ``PostgresError`` if it cannot be parsed; the error holds no part of it.
    func options() throws -> [String: String] {
        var message: UnsafeMutablePointer<CChar>?
        guard let parsed = PQconninfoParse(connectionString, &message) else {
            // The message would quote the string.
            PQfreemem(message)
            throw PostgresError(
                code: .cannotConnect, message: "the connection string cannot be parsed (it is not shown)",
                place: "PostgreSQL",
                advice: "expected postgresql://user:password@host:port/database or host=… dbname=… user=…")
        }
        defer { PQconninfoFree(parsed) }
        return Self.dictionary(parsed)
    }

    /// The options that have a value.
    static func dictionary(_ options: UnsafeMutablePointer<PQconninfoOption>) -> [String: String] {
        var result: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { result[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return result
    }

    private static func withoutDriver(_ text: String) -> String {
        guard let end = text.firstRange(of: "://")?.lowerBound, let plus = text[..<end].firstIndex(of: "+"),
            ["postgresql", "postgres"].contains(text[..<plus].lowercased())
        else { return text }
        return "postgresql" + text[end...]
    }
}

extension PostgresSettings: CustomStringConvertible, CustomReflectable {
    package var description: String { place }

    /// Hides the connection string from `dump`.
    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}

extension Duration {
    /// Whole milliseconds, rounded up, at most a day and at least 1.
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        guard seconds < 86_400 else { return 86_400_000 }
        return max(1, Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
