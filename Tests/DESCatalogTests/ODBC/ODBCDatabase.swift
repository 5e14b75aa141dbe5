import DESCatalog
import DESCatalogODBC
import DESTestSupport
import Foundation

/// A database of its own on the shared MariaDB server, and the "other program" that owns the catalog.
struct ODBCDatabase {
    static let defaultTable = """
        CREATE TABLE files (
            id BIGINT PRIMARY KEY AUTO_INCREMENT, uid VARCHAR(191), created_at DATETIME(6), file_location VARCHAR(1000),
            size_bytes BIGINT, archived TINYINT NULL DEFAULT 0, KEY by_uid (uid)
        ) CHARACTER SET utf8mb4
        """
    static let index = "CREATE INDEX files_by_time ON files (created_at, uid)"

    let server: DatabaseServer
    let name: String

    init(_ sql: String..., on server: DatabaseServer? = nil) throws {
        self.server = try server ?? MariaDBTestServer.shared()
        name = try self.server.createMariaDBDatabase()
        for statement in sql { try execute(statement) }
    }

    @discardableResult
    func execute(_ sql: String) throws -> String { try server.mariadb(sql, database: name) }

    var url: String { server.mariadbURL(database: name) }

    func catalog(
        schema: CatalogSchema = CatalogSchema(table: "files"), access: CatalogAccess = .readWrite,
        settings: ODBCCatalogSettings = ODBCCatalogSettings(), url: String? = nil
    ) throws -> ODBCCatalog {
        ODBCCatalog(source: try ODBCSource(url: url ?? self.url), schema: schema, access: access, settings: settings)
    }

    /// Adds rows `uid-0000000`… with one time, or one second apart.
    func addRows(_ count: Int, oneTime: Bool = false) throws {
        let step = oneTime ? "0" : "seq"
        try execute(
            """
            INSERT INTO files (uid, created_at, file_location, size_bytes)
            SELECT CONCAT('uid-', LPAD(seq, 7, '0')), '2024-01-01 00:00:00.000001' + INTERVAL \(step) SECOND,
                CONCAT('/data/', seq, '.bin'), seq FROM seq_0_to_\(count - 1)
            """)
    }
}
