import DESBase
import DESODBC

/// Which drivers serve a scheme, and how a URL becomes their attributes.
struct ODBCDriverChoice: Sendable {
    /// The database's name for people.
    let product: String
    /// How to get a driver.
    let installation: String
    /// What the names of fit drivers begin with, the best first.
    private let prefixes: [String]
    private let kind: ODBCProduct

    /// Nil for a scheme that is not reached over ODBC.
    init?(scheme: String) {
        switch scheme {
        case "mysql", "mariadb":
            kind = .mysql
            product = "MySQL or MariaDB"
            prefixes = ["MariaDB Unicode", "MariaDB", "MySQL ODBC 9", "MySQL ODBC 8", "MySQL"]
            installation = "install the package odbc-mariadb, or MySQL Connector/ODBC"
        case "mssql", "sqlserver":
            kind = .sqlServer
            product = "SQL Server"
            prefixes = ["ODBC Driver 18 for SQL Server", "ODBC Driver 17 for SQL Server", "ODBC Driver", "FreeTDS"]
            installation = "install Microsoft's package msodbcsql18, or tdsodbc (FreeTDS)"
        case "oracle":
            kind = .oracle
            product = "Oracle"
            prefixes = ["Oracle"]
            installation = "install Oracle Instant Client with its ODBC package, and name it in odbcinst.ini as Oracle"
        case "postgresql", "postgres":
            kind = .postgresql
            product = "PostgreSQL"
            prefixes = ["PostgreSQL Unicode", "PostgreSQL"]
            installation = "install the package odbc-postgresql"
        default: return nil
        }
    }

    /// The best of the installed drivers; nil if none fits.
    func best(of drivers: [String]) -> String? {
        for prefix in prefixes {
            // The greatest is the newest one.
            if let found = drivers.filter({ $0.lowercased().hasBytePrefix(prefix.lowercased()) }).max() { return found }
        }
        return nil
    }

    /// The attributes for that driver; options of the URL that are not known here are passed on as they are.
    func attributes(of url: ServerURL, driver: String) -> [ODBCConnectionString.Attribute] {
        var attributes = address(of: url, isFreeTDS: driver.lowercased().contains("freetds"))
        if let user = url.user, !user.isEmpty { attributes.append(.init("UID", user)) }
        if let password = url.password { attributes.append(.init("PWD", password)) }
        attributes += fixedAttributes(driver: driver)
        for (name, value) in url.options {
            guard let key = optionKey(name, driver: driver) else { continue }
            // What the user says wins.
            attributes.removeAll { $0.key.lowercased() == key.lowercased() }
            attributes.append(.init(key, value))
        }
        return attributes
    }

    private func address(of url: ServerURL, isFreeTDS: Bool) -> [ODBCConnectionString.Attribute] {
        let host = url.host.isEmpty ? "localhost" : url.host
        switch kind {
        case .sqlServer where !isFreeTDS:
            let server = url.port.map { "tcp:\(host),\($0)" } ?? host
            return [.init("SERVER", server)] + database(url.database)
        case .sqlServer:
            return [.init("SERVER", host), .init("PORT", String(url.port ?? 1433))] + database(url.database)
        case .oracle:
            let name = url.host.contains(":") ? "[\(host)]" : host
            let port = url.port ?? 1521
            if let service = url.options.first(where: { $0.name.lowercased() == "service_name" })?.value {
                return [.init("DBQ", "//\(name):\(port)/\(service)")]
            }
            return [.init("DBQ", "//\(name):\(port)/\(url.database)")]
        case .postgresql:
            return [.init("SERVER", host), .init("PORT", String(url.port ?? 5432))] + database(url.database)
        case .mysql, .sqlite, .other:
            // The name localhost would mean the socket, whose place the driver has to guess.
            let server = host == "localhost" && url.port != nil ? "127.0.0.1" : host
            return [.init("SERVER", server), .init("PORT", String(url.port ?? 3306))] + database(url.database)
        }
    }

    private func database(_ name: String) -> [ODBCConnectionString.Attribute] {
        name.isEmpty ? [] : [.init("DATABASE", name)]
    }

    private func fixedAttributes(driver: String) -> [ODBCConnectionString.Attribute] {
        switch kind {
        case .mysql:
            // Forward-only results that are not kept in the client (1048576), or a long one would fill the memory.
            [.init("CHARSET", "utf8mb4"), .init("FORWARDONLY", "1"), .init("OPTION", "1048576")]
        case .sqlServer where driver.lowercased().contains("freetds"):
            [.init("TDS_Version", "7.4"), .init("ClientCharset", "UTF-8")]
        case .sqlServer: [.init("APP", "des")]
        // Long values are not cut, sets of rows are not kept in the client, numbers keep all their digits.
        case .oracle: [.init("LOB", "T"), .init("FEN", "T"), .init("BTD", "F"), .init("EXC", "F")]
        case .postgresql:
            [
                .init("BoolsAsChar", "0"), .init("ByteaAsLongVarBinary", "1"), .init("UseDeclareFetch", "0"),
                .init("UseServerSidePrepare", "1"), .init("ConnSettings", "SET client_min_messages = warning"),
            ]
        case .sqlite, .other: []
        }
    }

    /// The driver's name for an option of the URL; nil for one that means something else, or is set by us.
    private func optionKey(_ name: String, driver: String) -> String? {
        let isMariaDB = driver.lowercased().contains("mariadb")
        switch (kind, name.lowercased()) {
        case (_, "driver"), (.mysql, "charset"), (.mysql, "use_unicode"), (.oracle, "service_name"),
            (.oracle, "encoding"), (.oracle, "nencoding"):
            return nil
        case (.mysql, "unix_socket"): return "SOCKET"
        case (.mysql, "ssl_ca"): return "SSLCA"
        case (.mysql, "ssl_capath"): return "SSLCAPATH"
        case (.mysql, "ssl_cert"): return "SSLCERT"
        case (.mysql, "ssl_key"): return "SSLKEY"
        case (.mysql, "ssl_cipher"): return "SSLCIPHER"
        case (.mysql, "ssl_verify_cert"), (.mysql, "ssl_verify_identity"): return isMariaDB ? "SSLVERIFY" : "SSLMODE"
        case (.mysql, "ssl_mode"), (.mysql, "sslmode"): return isMariaDB ? "FORCETLS" : "SSLMODE"
        case (.mysql, "connect_timeout"): return "CONN_TIMEOUT"
        case (.mysql, "read_timeout"): return isMariaDB ? "READ_TIMEOUT" : "READTIMEOUT"
        case (.mysql, "write_timeout"): return isMariaDB ? "WRITE_TIMEOUT" : "WRITETIMEOUT"
        case (.postgresql, "sslmode"): return "SSLmode"
        default: return name
        }
    }
}
