import DESCatalog
import DESCatalogPostgres
import DESCatalogSQLite
import DESCatalogWatermark
import DESConfiguration
import DESPostgres

/// Makes the store of the watermark that a configuration names.
enum ArchiveStoreFactory {
    /// Connects to nothing yet.
    static func store(_ configuration: MigrationConfiguration) throws -> any ArchiveStore {
        let migration = configuration.migration
        let id = Int64(migration.watermarkID)
        switch migration.watermarkURL ?? configuration.database.url {
        case .sqlite(let path): return SQLiteArchiveStore(path: path, id: id)
        case .postgresql(let connection):
            return PostgresArchiveStore(
                PostgresSettings(
                    connection, applicationName: ProgramName.command("migrate"),
                    statementTimeout: configuration.database.statementTimeout, needsWrites: false), id: id)
        case .mysql, .sqlServer, .oracle, .odbc:
            throw CatalogError(
                code: .cannotOpen, what: "cannot keep the watermark", place: "migration.watermark_url",
                reason: "it is kept in PostgreSQL or SQLite")
        }
    }
}
