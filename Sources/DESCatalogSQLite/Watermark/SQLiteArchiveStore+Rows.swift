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
                    try database.change(
                        """
                        DELETE FROM main.des_archive_set_aside
                        WHERE config_id = ?1 AND created_at = ?2 AND identity = ?3 AND set_aside_at IS NOT NULL
                        """, key)
                    return database.changedRowCount > 0 ? .marked : .alreadyMarked
                }
                try database.change(
                    """
                    INSERT INTO main.des_archive_packed
                        (config_id, created_at, identity, uid, file_location, shard, packed_at)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING
                    """, key + record.texts + [.text(row.shard), now])
                guard database.changedRowCount > 0 else { return .alreadyMarked }
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
                var isThere = false
                try database.rows(
                    """
                    SELECT 1 FROM main.\(table) WHERE config_id = ?1 AND created_at = ?2 AND identity = ?3\(condition)
                    """, binding: record.key(id)
                ) { _ in
                    isThere = true
                    return false
                }
                return isThere
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

    package func leftOut(
        _ kind: LeftOutKind, in range: PendingRange, after: LeftOutRow?, atMost count: Int
    ) async throws -> [LeftOutRow] {
        try await connection.run("cannot read the rows that are \(kind)") { [id] database in
            var rows: [LeftOutRow] = []
            let name = kind == .packed ? "des_archive_packed" : "des_archive_set_aside"
            guard try database.hasTable(name), let condition = try Self.condition(for: kind, in: database) else {
                return rows
            }
            var values: [CatalogValue] = [.integer(id), .time(range.before), .integer(Int64(count))]
            values += after.map { [.time($0.time), .blob($0.identity.bytes)] } ?? [.time(range.from)]
            try database.rows(
                """
                SELECT created_at, identity FROM main.\(name) WHERE config_id = ?1 AND created_at < ?2\(condition)
                AND \(after == nil ? "created_at >= ?4" : "(created_at, identity) > (?4, ?5)")
                ORDER BY created_at, identity LIMIT ?3
                """, binding: values
            ) { row in
                guard let time = row.value(at: 0).timestamp, case .blob(let bytes) = row.value(at: 1) else {
                    return true
                }
                rows.append(LeftOutRow(time: time, identity: RowIdentity(bytes: bytes)))
                return true
            }
            return rows
        }
    }
}

// MARK: Failures

extension SQLiteArchiveStore {
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
                    try database.change(
                        """
                        UPDATE main.des_archive_set_aside SET set_aside_at = ?4
                        WHERE config_id = ?1 AND created_at = ?2 AND identity = ?3 AND set_aside_at IS NULL
                            AND (?5 OR attempts >= ?6)
                        """,
                        record.key(id)
                            + [now, .integer(failure.isPermanent ? 1 : 0), .integer(Int64(ArchiveFailure.attempts))])
                    left -= database.changedRowCount
                }
                var isSetAside = false
                try database.rows(
                    """
                    SELECT set_aside_at IS NOT NULL FROM main.des_archive_set_aside
                    WHERE config_id = ?1 AND created_at = ?2 AND identity = ?3
                    """, binding: record.key(id)
                ) { row in
                    isSetAside = row.integer(at: 0) != 0
                    return false
                }
                return isSetAside
            }
        }
    }

    package func packedLocations(beginningWith prefix: String, atMost count: Int) async throws -> [String] {
        try await connection.run("cannot look up packed rows") { [id] database in
            var locations: [String] = []
            guard try database.hasTable("des_archive_packed") else { return locations }
            // As blobs, so that it is bytes that are counted and compared.
            try database.rows(
                """
                SELECT file_location FROM main.des_archive_packed WHERE config_id = ?1
                AND substr(CAST(file_location AS BLOB), 1, length(?2)) = ?2 LIMIT ?3
                """, binding: [.integer(id), .blob(Array(prefix.utf8)), .integer(Int64(count))]
            ) { row in
                if let location = row.value(at: 0).uidText { locations.append(location) }
                return true
            }
            return locations
        }
    }

    package func setAsideCount() async throws -> Int { try await count(.setAside) }

    package func acceptedCount() async throws -> Int { try await count(.accepted) }

    private func count(_ kind: LeftOutKind) async throws -> Int {
        try await connection.run("cannot count the rows that were set aside") { [id] database in
            guard try database.hasTable("des_archive_set_aside"),
                let condition = try Self.condition(for: kind, in: database)
            else { return 0 }
            var count = 0
            try database.rows(
                "SELECT count(*) FROM main.des_archive_set_aside WHERE config_id = ?1\(condition)",
                binding: [.integer(id)]
            ) { row in
                count = Int(row.integer(at: 0))
                return false
            }
            return count
        }
    }

    package func acceptSetAside() async throws -> Int {
        try await connection.transaction("cannot accept the rows that are set aside") { [id] database in
            try database.change(
                """
                UPDATE main.des_archive_set_aside SET accepted_at = ?2
                WHERE config_id = ?1 AND set_aside_at IS NOT NULL AND accepted_at IS NULL
                """, [.integer(id), .time(.now())])
            return database.changedRowCount
        }
    }

    /// At the end of a WHERE clause; nil if the table has no such rows.
    private static func condition(for kind: LeftOutKind, in database: Database) throws -> String? {
        switch kind {
        case .packed: ""
        case .setAside:
            try " AND set_aside_at IS NOT NULL" + (database.hasAcceptance ? " AND accepted_at IS NULL" : "")
        case .accepted:
            try database.hasAcceptance ? " AND set_aside_at IS NOT NULL AND accepted_at IS NOT NULL" : nil
        }
    }

    package func setAside(atMost count: Int) async throws -> [SetAsideRow] {
        try await connection.run("cannot read the rows that were set aside") { [id] database in
            var rows: [SetAsideRow] = []
            guard try database.hasTable("des_archive_set_aside"),
                let condition = try Self.condition(for: .setAside, in: database)
            else { return rows }
            try database.rows(
                """
                SELECT uid, created_at, file_location, reason, message, attempts, set_aside_at
                FROM main.des_archive_set_aside WHERE config_id = ?1\(condition)
                ORDER BY set_aside_at DESC, created_at DESC, identity LIMIT ?2
                """, binding: [.integer(id), .integer(Int64(count))]
            ) { row in
                rows.append(
                    SetAsideRow(
                        uid: row.value(at: 0).uidText, createdAt: row.value(at: 1).timestamp ?? .earliest,
                        location: row.value(at: 2).uidText, reason: row.text(at: 3), message: row.text(at: 4),
                        attempts: Int(row.integer(at: 5)), setAsideAt: row.value(at: 6).timestamp ?? .earliest))
                return true
            }
            return rows
        }
    }
}

extension ArchiveRecord {
    /// The primary key's values.
    fileprivate func key(_ id: Int64) -> [CatalogValue] { [.integer(id), .time(time), .blob(identity.bytes)] }

    fileprivate var texts: [CatalogValue] { [uid, location].map { $0.map(CatalogValue.text) ?? .null } }
}
