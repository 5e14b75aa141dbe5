import DESBase
package import DESCatalog
package import DESCatalogWatermark
import GRDB

extension SQLiteArchiveStore {
    package func addPacked(_ rows: [RowMark]) async throws -> [MarkOutcome] {
        guard !rows.isEmpty else { return [] }
        return try await connection.transaction("cannot note \(rows.count) packed rows") { [id] database in
            let until = try Self.config(id, in: database)?.archivedUntil
            let now = CatalogValue.time(.now())
            return try rows.map { row in
                guard let record = ArchiveRecord(row.key) else {
                    return .refused(reason: "the row has no readable time")
                }
                let key = record.key(id)
                if let until, record.time <= until {
                    // Only one that was set aside is waited for there.
                    let returned = try database.change(
                        """
                        DELETE FROM main.des_archive_set_aside
                        WHERE config_id = ?1 AND created_at = ?2 AND identity = ?3 AND set_aside_at IS NOT NULL
                        """, key)
                    return returned > 0 ? .marked : .alreadyMarked
                }
                let added = try database.change(
                    """
                    INSERT INTO main.des_archive_packed
                        (config_id, created_at, identity, uid, file_location, shard, packed_at)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING
                    """, key + record.texts + [.text(row.shard), now])
                guard added > 0 else { return .alreadyMarked }
                try database.change(
                    """
                    DELETE FROM main.des_archive_set_aside WHERE config_id = ?1 AND created_at = ?2 AND identity = ?3
                    """, key)
                return .marked
            }
        }
    }

    package func isArchived(_ keys: [RowKey]) async throws -> [Bool] {
        try await connection.run("cannot look up packed rows") { [id] database in
            let until =
                try database.hasTable("des_archive_config") ? Self.config(id, in: database)?.archivedUntil : nil
            let hasPacked = try database.hasTable("des_archive_packed")
            let hasSetAside = try database.hasTable("des_archive_set_aside")
            func has(_ record: ArchiveRecord, in table: String, _ condition: String = "") throws -> Bool {
                try database.hasRow(
                    """
                    SELECT 1 FROM main.\(table) WHERE config_id = ?1 AND created_at = ?2 AND identity = ?3\(condition)
                    """, record.key(id))
            }
            return try keys.map { key in
                guard let record = ArchiveRecord(key) else { return false }
                guard let until, record.time <= until else {
                    return try hasPacked && has(record, in: "des_archive_packed")
                }
                return try !(hasSetAside && has(record, in: "des_archive_set_aside", " AND set_aside_at IS NOT NULL"))
            }
        }
    }

    package func failed(_ failures: [ArchiveFailure], cycle: String, limit: Int) async throws -> [Bool] {
        guard !failures.isEmpty else { return [] }
        return try await connection.transaction("cannot note \(failures.count) failures") { [id] database in
            let now = CatalogValue.time(.now())
            var left = limit
            return try failures.map { failure in
                guard let record = ArchiveRecord(failure.key) else { return false }
                try database.change(
                    """
                    INSERT INTO main.des_archive_set_aside (config_id, created_at, identity, uid, file_location,
                        reason, message, attempts, last_cycle, first_failed_at)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9)
                    ON CONFLICT (config_id, created_at, identity) DO UPDATE SET reason = excluded.reason,
                        message = excluded.message, last_cycle = excluded.last_cycle,
                        attempts = attempts + (last_cycle <> excluded.last_cycle)
                    WHERE set_aside_at IS NULL
                    """,
                    record.key(id) + record.texts
                        + [.text(failure.reason), .text(failure.message), .text(cycle), now])
                if left > 0 {
                    left -= try database.change(
                        """
                        UPDATE main.des_archive_set_aside SET set_aside_at = ?4
                        WHERE config_id = ?1 AND created_at = ?2 AND identity = ?3 AND set_aside_at IS NULL
                            AND (?5 OR attempts >= ?6)
                        """,
                        record.key(id)
                            + [now, .integer(failure.isPermanent ? 1 : 0), .integer(Int64(ArchiveFailure.attempts))])
                }
                return try database.hasRow(
                    """
                    SELECT 1 FROM main.des_archive_set_aside
                    WHERE config_id = ?1 AND created_at = ?2 AND identity = ?3 AND set_aside_at IS NOT NULL
                    """, record.key(id))
            }
        }
    }
}

extension ArchiveRecord {
    /// The primary key's values.
    fileprivate func key(_ id: Int64) -> [CatalogValue] { [.integer(id), .time(time), .blob(identity.bytes)] }

    fileprivate var texts: [CatalogValue] { [uid, location].map { $0.map(CatalogValue.text) ?? .null } }
}
