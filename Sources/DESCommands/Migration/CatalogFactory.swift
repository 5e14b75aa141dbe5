import DESCatalog
import DESCatalogODBC
import DESCatalogPostgres
import DESCatalogSQLite
import DESConfiguration

/// Makes the catalog that a database URL names.
struct CatalogFactory {
    let schema: CatalogSchema
    let access: CatalogAccess
    var statementTimeout = Duration.seconds(600)
    var lockWait = Duration.seconds(10)

    /// Connects to nothing yet.
    ///
    /// - Throws: `CatalogError` if the URL cannot be used.
    func catalog(at url: DatabaseURL) throws -> any SourceCatalog {
        switch url {
        case .sqlite(let path): SQLiteCatalog(path: path, schema: schema, access: access)
        case .postgresql(let connection):
            PostgresCatalog(
                conninfo: connection, schema: schema, access: access,
                limits: PostgresCatalog.Limits(
                    statement: statementTimeout, fullPass: statementTimeout, lockWait: lockWait),
                applicationName: ProgramName.command("migrate"))
        case .mysql(let url), .sqlServer(let url), .oracle(let url): odbc(try ODBCSource(url: url))
        case .odbc(let connection): odbc(ODBCSource(connectionString: connection))
        }
    }

    private func odbc(_ source: ODBCSource) -> any SourceCatalog {
        ODBCCatalog(
            source: source, schema: schema, access: access,
            settings: ODBCCatalogSettings(statementTimeout: statementTimeout, lockWait: lockWait))
    }

    /// Files of the catalog itself, which are never taken for sources.
    static func files(of url: DatabaseURL) -> [String] {
        guard case .sqlite(let path) = url else { return [] }
        return ["", "-wal", "-shm", "-journal"].map { path + $0 }
    }
}
