package import DESBase
package import DESCatalog
package import DESCatalogWatermark
package import GRDB

/// An archive store in an SQLite file, which exists: that of the source catalog, or another one.
package final class SQLiteArchiveStore: DatabaseArchiveStore {
    package static let tables = ArchiveTables.sqlite

    let path: String
    package let id: Int64
    let connection: CatalogConnection

    /// - Parameters:
    ///   - path: the database file. It is opened on first use.
    ///   - id: the row of `des_archive_config`.
    ///   - busyTimeout: how long a call waits for another connection's lock before it throws a transient error.
    package init(path: String, id: Int64 = 1, busyTimeout: Duration = .seconds(30)) {
        self.path = path
        self.id = id
        connection = CatalogConnection(
            path: path, busyTimeout: busyTimeout, role: ("the watermark's database", "migration.watermark_url"))
    }

    package var place: String { path }

    package func close() async {
        await connection.close()
    }

    package func read<Result: Sendable>(
        _ what: String, advice: String?, _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        try await connection.run(what, advice: advice, body)
    }

    package func read<Result: Sendable>(
        _ what: String, of table: String, ifMissing answer: Result,
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        try await connection.run(what) { try $0.hasTable(table) ? body($0) : answer }
    }

    package func change<Result: Sendable>(
        _ what: String, advice: String?, _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        try await connection.transaction(what, advice: advice, body)
    }
}

extension Database: ArchiveSession {
    package var hasAcceptance: Bool {
        get throws {
            try hasRow(
                "SELECT 1 FROM pragma_table_info('des_archive_set_aside', 'main') WHERE name = 'accepted_at'")
        }
    }

    package var now: String { "'\(Timestamp.now().storedText)'" }

    package func moment(of watermark: CatalogValue) -> Timestamp? { watermark.timestamp }

    package func problem(ofWatermark value: CatalogValue) -> (reason: String, advice: String) {
        ("archived_until is no time: \(value.uidText ?? "bytes")", "set it with des-migrate --set-watermark")
    }
}
