package import DESBase
package import DESCatalog
import DESODBC

/// Where a catalog behind ODBC is. Describes itself without passwords.
package struct ODBCSource: Sendable, CustomStringConvertible, CustomReflectable {
    private enum Kind {
        case written(ODBCConnectionString)
        case url(ServerURL)
    }

    private let kind: Kind
    /// Where it is, for messages; without passwords.
    package let description: String

    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }

    /// A connection string that somebody wrote, such as `DSN=catalog;UID=des`.
    package init(connectionString: String) {
        let text = ODBCConnectionString(written: connectionString)
        kind = .written(text)
        description = "odbc:\(text)"
    }

    /// A URL with one of the schemes `mysql`, `mariadb`, `mssql`, `sqlserver`, `oracle`, `postgresql`, each maybe with a
    /// driver of SQLAlchemy behind it (`mysql+pymysql`).
    ///
    /// - Throws: ``CatalogError`` with `cannotOpen` if it is none of these.
    package init(url: String) throws(CatalogError) {
        guard let parsed = ServerURL(url), ODBCDriverChoice(scheme: parsed.scheme) != nil else {
            throw CatalogError(
                code: .cannotOpen, what: "cannot open the catalog", place: "database.url",
                reason: "it is no URL of a database that is reached over ODBC (the value is not shown)",
                advice: "expected mysql://…, mariadb://…, mssql://… or oracle://…")
        }
        kind = .url(parsed)
        description = parsed.redacted
    }

    /// The string to connect with. Reads the list of installed drivers.
    ///
    /// - Throws: ``CatalogError`` with `cannotOpen` and the package to install if no driver is installed;
    ///   `ODBCError` if the list cannot be read.
    package func connectionString() throws -> ODBCConnectionString {
        switch kind {
        case .written(let text): text
        case .url(let url): try connectionString(url, drivers: ODBCDrivers.installed())
        }
    }

    /// As ``connectionString()``, with these drivers installed.
    func connectionString(drivers: [String]) throws(CatalogError) -> ODBCConnectionString {
        switch kind {
        case .written(let text): text
        case .url(let url): try connectionString(url, drivers: drivers)
        }
    }

    private func connectionString(
        _ url: ServerURL, drivers: [String]
    ) throws(CatalogError) -> ODBCConnectionString {
        let named = url.options.first { $0.name.lowercased() == "driver" }?.value
        guard let choice = ODBCDriverChoice(scheme: url.scheme), let driver = named ?? choice.best(of: drivers) else {
            throw noDriver(ODBCDriverChoice(scheme: url.scheme), installed: drivers)
        }
        return ODBCConnectionString([.init("DRIVER", driver)] + choice.attributes(of: url, driver: driver))
    }

    private func noDriver(_ choice: ODBCDriverChoice?, installed: [String]) -> CatalogError {
        let names = installed.isEmpty ? "none is" : "installed are \(installed.joined(separator: ", "))"
        return CatalogError(
            code: .cannotOpen, what: "cannot open the catalog", place: description,
            reason: "no ODBC driver for \(choice?.product ?? "the database") is installed (\(names))",
            advice: choice?.installation)
    }
}
