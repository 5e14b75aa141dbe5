import DESBase
package import DESCatalog
package import DESCatalogWatermark
import DESPostgres

extension PostgresArchiveStore {
    package func addPacked(_ rows: [RowMark]) async throws -> [MarkOutcome] {
        guard !rows.isEmpty else { return [] }
        return try await change("cannot note \(rows.count) packed rows") { [id] session in
            // The lock keeps the watermark from passing the rows before they are there.
            let until = try Self.config(id, in: session, lock: Self.tables.shared)?.archivedUntil
            let records = rows.map { ArchiveRecord($0.key) }
            let chosen = zip(rows, records).compactMap { row, record -> (record: ArchiveRecord, shard: String)? in
                guard let record, until.map({ record.time > $0 }) ?? true else { return nil }
                return (record, ArchiveRecord.withoutNUL(row.shard))
            }
            let keys = ArchiveRecord.keys(chosen.map(\.record))
            let added = try session.query(
                """
                INSERT INTO des_archive_packed (config_id, created_at, identity, uid, file_location, shard, packed_at)
                SELECT $1, t, i, u, l, s, now() FROM unnest($2, $3, $4, $5, $6) AS n (t, i, u, l, s)
                ON CONFLICT DO NOTHING RETURNING identity
                """,
                [.int8(id)] + keys + ArchiveRecord.texts(chosen.map(\.record)) + [.textArray(chosen.map(\.shard))])
            _ = try session.query(
                """
                DELETE FROM des_archive_set_aside AS f USING unnest($2, $3) AS n (t, i)
                WHERE f.config_id = $1 AND f.created_at = n.t AND f.identity = n.i
                """, [.int8(id)] + keys)
            // Behind the watermark only one that was set aside is waited for.
            let behind = records.compactMap { record -> ArchiveRecord? in
                guard let record, let until, record.time <= until else { return nil }
                return record
            }
            let returned = try session.query(
                """
                DELETE FROM des_archive_set_aside AS f USING unnest($2, $3) AS n (t, i)
                WHERE f.config_id = $1 AND f.created_at = n.t AND f.identity = n.i AND f.set_aside_at IS NOT NULL
                RETURNING f.identity
                """, [.int8(id)] + ArchiveRecord.keys(behind))
            var identities = Self.identities(added).union(Self.identities(returned))
            return records.map { record in
                guard let record else { return .refused(reason: "the row has no readable time") }
                return identities.remove(record.identity) == nil ? .alreadyMarked : .marked
            }
        }
    }

    package func isArchived(_ keys: [RowKey]) async throws -> [Bool] {
        let config = try await config()
        let records = keys.map { ArchiveRecord($0) }
        let known = ArchiveRecord.keys(records.compactMap { $0 })
        func identities(in table: String, _ condition: String = "") async throws -> Set<RowIdentity> {
            try await read("cannot look up packed rows", of: table, ifMissing: []) { [id] session in
                let found = try session.query(
                    """
                    SELECT f.identity FROM \(table) AS f JOIN unnest($2, $3) AS n (t, i)
                    ON f.created_at = n.t AND f.identity = n.i WHERE f.config_id = $1\(condition)
                    """, [.int8(id)] + known)
                return Self.identities(found)
            }
        }
        let packed = try await identities(in: "des_archive_packed")
        let setAside = try await identities(in: "des_archive_set_aside", " AND f.set_aside_at IS NOT NULL")
        return records.map { record in
            guard let record else { return false }
            guard let until = config?.archivedUntil, record.time <= until else {
                return packed.contains(record.identity)
            }
            return !setAside.contains(record.identity)
        }
    }

    /// The identities in the first column.
    private static func identities(_ result: PostgresResult) -> Set<RowIdentity> {
        Set((0..<result.rowCount).compactMap { result.uuid($0, 0) }.map(RowIdentity.init))
    }

    package func failed(_ failures: [ArchiveFailure], cycle: String, limit: Int) async throws -> [Bool] {
        let records = failures.map { ArchiveRecord($0.key) }
        var seen: Set<RowIdentity> = []
        // A statement may touch a row only once.
        let noted = zip(failures, records).compactMap {
            failure, record -> (failure: ArchiveFailure, record: ArchiveRecord)? in
            guard let record, seen.insert(record.identity).inserted else { return nil }
            return (failure, record)
        }
        guard !noted.isEmpty else { return failures.map { _ in false } }
        let keys = ArchiveRecord.keys(noted.map(\.record))
        let setAside: Set<RowIdentity> = try await change("cannot note \(failures.count) failures") { [id] session in
            _ = try session.query(
                """
                INSERT INTO des_archive_set_aside AS f (config_id, created_at, identity, uid, file_location,
                    reason, message, attempts, last_cycle, first_failed_at)
                SELECT $1, t, i, u, l, r, m, 1, $8, now() FROM unnest($2, $3, $4, $5, $6, $7) AS n (t, i, u, l, r, m)
                ON CONFLICT (config_id, created_at, identity) DO UPDATE SET reason = excluded.reason,
                    message = excluded.message, last_cycle = excluded.last_cycle,
                    attempts = f.attempts + (f.last_cycle <> excluded.last_cycle)::int
                WHERE f.set_aside_at IS NULL
                """,
                [.int8(id)] + keys + ArchiveRecord.texts(noted.map(\.record)) + [
                    .textArray(noted.map { ArchiveRecord.withoutNUL($0.failure.reason) }),
                    .textArray(noted.map { ArchiveRecord.withoutNUL($0.failure.message) }),
                    .text(ArchiveRecord.withoutNUL(cycle)),
                ])
            _ = try session.query(
                """
                UPDATE des_archive_set_aside SET set_aside_at = now() WHERE config_id = $1 AND (created_at, identity) IN (
                    SELECT f.created_at, f.identity FROM des_archive_set_aside AS f
                    JOIN unnest($2, $3, $4) WITH ORDINALITY AS n (t, i, permanent, position)
                    ON f.created_at = n.t AND f.identity = n.i
                    WHERE f.config_id = $1 AND f.set_aside_at IS NULL AND (n.permanent OR f.attempts >= $5)
                    ORDER BY n.position LIMIT $6)
                """,
                [.int8(id)] + keys + [
                    .boolArray(noted.map(\.failure.isPermanent)), .int8(Int64(ArchiveFailure.attempts)),
                    .int8(Int64(max(0, limit))),
                ])
            let result = try session.query(
                """
                SELECT f.identity FROM des_archive_set_aside AS f JOIN unnest($2, $3) AS n (t, i)
                ON f.created_at = n.t AND f.identity = n.i WHERE f.config_id = $1 AND f.set_aside_at IS NOT NULL
                """, [.int8(id)] + keys)
            return Self.identities(result)
        }
        return records.map { $0.map { setAside.contains($0.identity) } ?? false }
    }
}

extension ArchiveRecord {
    /// Times and identities, as arrays.
    fileprivate static func keys(_ records: [ArchiveRecord]) -> [PostgresParameter] {
        [
            .timestamptzArray(records.map(\.time.microsecondsSinceEpoch)),
            .uuidArray(records.map { PostgresUUID($0.identity) }),
        ]
    }

    /// Uids and locations, as arrays.
    fileprivate static func texts(_ records: [ArchiveRecord]) -> [PostgresParameter] {
        [.textArray(records.map(\.uid)), .textArray(records.map(\.location))]
    }
}

extension PostgresUUID {
    init(_ identity: RowIdentity) { self.init(high: identity.high, low: identity.low) }
}

extension RowIdentity {
    fileprivate init(_ uuid: PostgresUUID) { self.init(high: uuid.high, low: uuid.low) }
}
