import DESBase
import DESCatalog
import DESCatalogPostgres
import DESCatalogSQLite
import DESCatalogWatermark
import DESPostgres
import DESTestSupport

/// The databases that keep a watermark.
enum ArchiveKind: CaseIterable {
    case sqlite
    case postgres
}

/// An empty database for a watermark, and ways around the store into it.
final class ArchiveFixture {
    let kind: ArchiveKind
    private let file: TemporaryDatabase
    private let server: DatabaseServer?
    private let database: String

    init(_ kind: ArchiveKind) throws {
        self.kind = kind
        file = try TemporaryDatabase("CREATE TABLE other (n)")
        server = kind == .postgres ? try PostgresTestServer.shared() : nil
        database = try server?.createPostgresDatabase() ?? ""
    }

    func store(id: Int64 = 1) -> any ArchiveStore {
        if let server {
            PostgresArchiveStore(PostgresSettings(server.postgresURL(database: database)), id: id)
        } else {
            SQLiteArchiveStore(path: file.path, id: id)
        }
    }

    func execute(_ sql: String) throws {
        if let server {
            try server.psql(sql, database: database)
        } else {
            try file.execute(sql)
        }
    }

    func integer(_ sql: String) throws -> Int {
        if let server {
            Int(try server.psql(sql, database: database)) ?? -1
        } else {
            Int(try file.integer(sql))
        }
    }

    /// A row of the day, with that many seconds after midnight.
    static func mark(_ uid: String, day: Int = 1, second: Int = 1, shard: String = "s") throws -> RowMark {
        let time = Timestamp(year: 2024, month: 1, day: day)?.microsecondsSinceEpoch ?? 0
        return RowMark(
            key: RowKey(
                rowID: nil, uid: .text(uid),
                createdAt: .time(Timestamp(microsecondsSinceEpoch: time + Int64(second) * 1_000_000)),
                location: .text("/data/" + uid)),
            shard: shard)
    }
}
