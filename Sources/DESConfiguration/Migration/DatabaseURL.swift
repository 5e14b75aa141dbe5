import DESBase

/// Where a catalog is. Describes itself without passwords; the associated texts hold them.
package enum DatabaseURL: Sendable, Equatable {
    /// A SQLite file; the path is relative to the working directory or absolute, percent escapes are decoded.
    case sqlite(path: String)

    /// A connection string for libpq: a URL that begins with `postgresql://`, with user and password percent-encoded where
    /// they must be, or `keyword=value` pairs.
    case postgresql(String)

    /// A URL that begins with `mysql://` (MySQL and MariaDB), user and password percent-encoded where they must be.
    case mysql(String)

    /// A URL that begins with `mssql://` (SQL Server), user and password percent-encoded where they must be.
    case sqlServer(String)

    /// A URL that begins with `oracle://`, user and password percent-encoded where they must be.
    case oracle(String)

    /// An ODBC connection string without the leading `odbc:`, such as `DSN=catalog;UID=des`.
    case odbc(String)

    /// Why a text is not a usable database URL. Holds no part of it but the scheme.
    package struct Invalid: Error, Equatable {
        /// What is wrong.
        package var message: String
    }

    /// What is expected where a database URL belongs.
    static let expectation =
        "a database URL: sqlite:///relative.db, sqlite:////absolute.db, postgresql://…, mysql://…, "
        + "mssql://…, oracle://… or odbc:…"

    /// Reads a URL as SQLAlchemy writes it. A driver behind the scheme (`postgresql+psycopg`) is dropped.
    ///
    /// `postgres` is taken for `postgresql`, `mariadb` for `mysql`. Of the options of a SQLite URL those of Python's driver
    /// say nothing to others; those that say how the file is to be opened (`mode=ro`) are refused, since none is honoured. A text such as
    /// `host=db dbname=catalog`, as libpq reads it, is PostgreSQL.
    package init(_ text: String) throws(Invalid) {
        if PostgresKeywords.isConnectionString(text) {
            self = .postgresql(text)
            return
        }
        guard let colon = text.firstIndex(of: ":"),
            let first = text.first, first.isASCII, first.isLetter,
            text[..<colon].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "+-._".contains($0)) })
        else {
            throw Invalid(message: "expected \(Self.expectation) (the value is not shown)")
        }
        let scheme = text[..<colon].prefix { $0 != "+" }.lowercased()
        let rest = Substring(text.utf8[text.utf8.index(after: colon)...])
        if scheme == "odbc" {
            self = .odbc(try Self.odbc(rest))
            return
        }
        guard rest.hasBytePrefix("//") else {
            throw Invalid(message: "expected \(Self.expectation) (the value is not shown)")
        }
        let body = Substring(rest.utf8.dropFirst(2))
        switch scheme {
        case "sqlite":
            self = .sqlite(path: try Self.sqlitePath(body))
        case "postgresql", "postgres":
            self = .postgresql("postgresql://" + ServerAddress(body).encoded)
        case "mysql", "mariadb":
            self = .mysql("mysql://" + ServerAddress(body).encoded)
        case "mssql", "sqlserver":
            self = .sqlServer("mssql://" + ServerAddress(body).encoded)
        case "oracle":
            self = .oracle("oracle://" + ServerAddress(body).encoded)
        default:
            throw Invalid(
                message: "unknown database \(Display.value(scheme)); known are sqlite, postgresql, mysql, "
                    + "mssql, oracle, odbc")
        }
    }

    private static let optionsOfPython: Set<String> = [
        "uri", "timeout", "check_same_thread", "cached_statements", "detect_types", "isolation_level",
    ]

    private static func sqlitePath(_ body: Substring) throws(Invalid) -> String {
        let withoutQuery = Substring(body.utf8.prefix { $0 != UInt8(ascii: "?") })
        let query = String(decoding: body.utf8.dropFirst(withoutQuery.utf8.count + 1), as: UTF8.self)
        let options = query.split(separator: "&").filter { option in
            !Self.optionsOfPython.contains(String(option.prefix { $0 != "=" })) && option != "mode=rw"
        }
        guard withoutQuery.isEmpty || withoutQuery.utf8.first == UInt8(ascii: "/") else {
            throw Invalid(
                message: "a SQLite URL names no host: three slashes before a relative path, four before an absolute one"
            )
        }
        var path = PercentCoding.lenient(Substring(withoutQuery.utf8.dropFirst()))
        if path.hasBytePrefix("file:") {
            path = String(decoding: path.utf8.dropFirst("file:".utf8.count), as: UTF8.self)
            // `file:///PATH` and `file://localhost/PATH` (RFC 8089).
            if path.hasBytePrefix("//") {
                let rest = path.utf8.dropFirst(2)
                let host = String(decoding: rest.prefix { $0 != UInt8(ascii: "/") }, as: UTF8.self)
                guard host.isEmpty || host.lowercased() == "localhost" else {
                    throw Invalid(message: "the file: URL of the SQLite file names another machine")
                }
                path = String(decoding: rest.dropFirst(host.utf8.count), as: UTF8.self)
            }
        }
        let isMemory = path.isEmpty || path.hasPrefix(":memory:") || body.contains("mode=memory")
        guard !isMemory else {
            throw Invalid(message: "an in-memory catalog holds nothing to migrate")
        }
        guard options.isEmpty else {
            let names = options.map { Display.value(String($0.prefix { $0 != "=" })) }.joined(separator: ", ")
            throw Invalid(
                message: """
                    DES does not open a SQLite file with the options of its URL (\(names)): leave them out. To change no row there are \
                    migration.mode watermark, --dry-run and des-stats; a ? that belongs to the name of the file is written %3F
                    """)
        }
        guard !path.utf8.contains(0) else {
            throw Invalid(message: "the path of the SQLite file holds a NUL character")
        }
        return path
    }

    private static func odbc(_ rest: Substring) throws(Invalid) -> String {
        let text = rest.hasPrefix("//") ? rest.dropFirst(2) : rest
        guard !text.isEmpty else {
            throw Invalid(message: "expected a connection string behind odbc:, such as odbc:DSN=catalog;UID=des")
        }
        return String(text)
    }
}

extension DatabaseURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The URL with every password replaced by `***`.
    package var description: String {
        switch self {
        case .sqlite(let path):
            "sqlite:///\(path)"
        case .postgresql(let text) where !text.hasPrefix("postgresql://"):
            PostgresKeywords.redacted(text)
        case .postgresql(let url):
            "postgresql://" + ServerAddress(url.dropFirst("postgresql://".count)).redacted
        case .mysql(let url):
            "mysql://" + ServerAddress(url.dropFirst("mysql://".count)).redacted
        case .sqlServer(let url):
            "mssql://" + ServerAddress(url.dropFirst("mssql://".count)).redacted
        case .oracle(let url):
            "oracle://" + ServerAddress(url.dropFirst("oracle://".count)).redacted
        case .odbc(let connection):
            "odbc:" + ODBCConnectionString(written: connection).description
        }
    }

    /// The same as `description`.
    package var debugDescription: String { description }

    /// Hides the associated text from `dump`.
    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .enum) }
}
