package import DESBase
import DESCatalog
package import DESCatalogWatermark
import GRDB

/// An archive store in an SQLite file, which exists: that of the source catalog, or another one.
package final class SQLiteArchiveStore: ArchiveStore {
    let path: String
    let id: Int64
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

    package func prepare() async throws {
        let advice = "the watermark mode needs these tables: " + ArchiveTables.sqlite.joined(separator: "; ")
        let what = "cannot create the tables of the watermark mode"
        let isComplete = try await connection.run(what) { database in
            try ArchiveTables.names.allSatisfy { try database.hasTable($0) }
        }
        if !isComplete {
            try await connection.transaction(what, advice: advice) { database in
                for sql in ArchiveTables.sqlite { try database.execute(sql: sql) }
            }
        }
        let hasAcceptance = try await connection.run(what) { try $0.hasAcceptance }
        if !hasAcceptance {
            try await connection.transaction(
                "cannot add a column to a table of the watermark mode", advice: "run: \(ArchiveTables.sqliteAcceptance)"
            ) { database in
                if try !database.hasAcceptance { try database.execute(sql: ArchiveTables.sqliteAcceptance) }
            }
        }
        // An older or foreign table shows here, before anything is packed.
        try await connection.run("the table des_archive_config is not as it should be") { [id] database in
            _ = try Self.config(id, in: database)
        }
    }

    package func config() async throws -> ArchiveConfig? {
        try await connection.run("cannot read the watermark") { [id] database in
            guard try database.hasTable("des_archive_config") else { return nil }
            return try Self.config(id, in: database)
        }
    }

    package func setWatermark(until: Timestamp?, lagDays: Int?) async throws -> ArchiveConfig {
        try await connection.transaction("cannot set the watermark") { [id] database in
            var config = try Self.config(id, in: database) ?? ArchiveConfig(archivedUntil: nil, lagDays: nil)
            if let until { config.archivedUntil = until }
            if let lagDays { config.lagDays = lagDays }
            try Self.write(config, id, in: database)
            return config
        }
    }

    package func advance(from: Timestamp?, to: Timestamp) async throws {
        try await connection.transaction("cannot move the watermark to \(to)") { [id, path] database in
            var config = try Self.config(id, in: database) ?? ArchiveConfig(archivedUntil: nil, lagDays: nil)
            guard config.archivedUntil != to else { return }
            guard config.archivedUntil == from else {
                throw CatalogError.watermarkMoved(
                    place: path, expected: from, found: config.archivedUntil, target: to)
            }
            config.archivedUntil = to
            try Self.write(config, id, in: database)
        }
    }

    package func storeName() async throws -> String? {
        try await connection.run("cannot read which store the files are in") { [id] database in
            guard try database.hasTable("des_archive_store") else { return nil }
            var name: String?
            try database.rows(
                "SELECT store FROM main.des_archive_store WHERE config_id = ?1", binding: [.integer(id)]
            ) { row in
                name = row.value(at: 0).uidText
                return false
            }
            return name
        }
    }

    package func remember(storeName: String) async throws {
        try await connection.transaction("cannot remember which store the files are in") { [id] database in
            try database.change(
                """
                INSERT INTO main.des_archive_store (config_id, store) VALUES (?1, ?2)
                ON CONFLICT (config_id) DO UPDATE SET store = excluded.store
                """, [.integer(id), .text(storeName)])
        }
    }

    package func close() async {
        await connection.close()
    }

    static func config(_ id: Int64, in database: Database) throws -> ArchiveConfig? {
        var config: ArchiveConfig?
        var problem: CatalogError?
        try database.rows(
            "SELECT archived_until, lag_days FROM main.des_archive_config WHERE id = ?1", binding: [.integer(id)]
        ) { row in
            let until = row.value(at: 0)
            config = ArchiveConfig(
                archivedUntil: until.timestamp, lagDays: row.value(at: 1).integerValue.map(Int.init(clamping:)))
            if config?.archivedUntil == nil, until != .null {
                problem = CatalogError(
                    code: .queryFailed, what: "cannot read the watermark", place: "des_archive_config, id \(id)",
                    reason: "archived_until is no time: \(until.uidText ?? "bytes")",
                    advice: "set it with des-migrate --set-watermark")
            }
            return false
        }
        if let problem { throw problem }
        return config
    }

    /// Also forgets what lies behind the watermark: packed rows, and failures of rows that are gone or packed by now.
    private static func write(_ config: ArchiveConfig, _ id: Int64, in database: Database) throws {
        let until = config.archivedUntil.map(CatalogValue.time) ?? .null
        try database.change(
            """
            INSERT INTO main.des_archive_config (id, archived_until, lag_days) VALUES (?1, ?2, ?3)
            ON CONFLICT (id) DO UPDATE SET archived_until = excluded.archived_until, lag_days = excluded.lag_days
            """, [.integer(id), until, config.lagDays.map { .integer(Int64($0)) } ?? .null])
        guard config.archivedUntil != nil else { return }
        for (table, condition) in [("packed", ""), ("set_aside", " AND set_aside_at IS NULL")]
        where try database.hasTable("des_archive_\(table)") {
            try database.change(
                "DELETE FROM main.des_archive_\(table) WHERE config_id = ?1 AND created_at <= ?2\(condition)",
                [.integer(id), until])
        }
    }
}

extension Database {
    /// Whether the table of rows that are set aside knows accepted ones.
    var hasAcceptance: Bool {
        get throws {
            var isThere = false
            let sql = "SELECT 1 FROM pragma_table_info('des_archive_set_aside', 'main') WHERE name = 'accepted_at'"
            try rows(sql, binding: []) { _ in
                isThere = true
                return false
            }
            return isThere
        }
    }

    /// Runs a statement that returns no rows.
    func change(_ sql: String, _ values: [CatalogValue]) throws {
        try rows(sql, binding: values) { _ in true }
    }
}
