import DESBase
package import DESCatalog
package import DESCatalogWatermark
import DESPostgres

extension PostgresArchiveStore {
    package func addPacked(_ rows: [RowMark]) async throws -> [MarkOutcome] {
        guard !rows.isEmpty else { return [] }
        return try await change("cannot note \(rows.count) packed rows") { [id] session in
            // The lock keeps the watermark from passing the rows before they are there.
            let until = try Self.config(id, in: session, lock: "FOR SHARE")?.archivedUntil
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
            try await run("cannot look up packed rows", ifMissing: []) { [id] session in
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

    package func leftOut(
        _ kind: LeftOutKind, in range: PendingRange, after: LeftOutRow?, atMost count: Int
    ) async throws -> [LeftOutRow] {
        try await run("cannot read the rows that are \(kind)", ifMissing: []) { [id] session in
            guard let condition = try Self.condition(for: kind, in: session) else { return [] }
            let name = kind == .packed ? "des_archive_packed" : "des_archive_set_aside"
            var parameters: [PostgresParameter] = [
                .int8(id), .timestamptz(range.before.microsecondsSinceEpoch), .int8(Int64(count)),
                .timestamptz((after?.time ?? range.from).microsecondsSinceEpoch),
            ]
            if let after { parameters.append(.uuid(PostgresUUID(after.identity))) }
            let result = try session.query(
                """
                SELECT created_at, identity FROM \(name) WHERE config_id = $1 AND created_at < $2\(condition)
                AND \(after == nil ? "created_at >= $4" : "(created_at, identity) > ($4, $5)")
                ORDER BY created_at, identity LIMIT $3
                """, parameters)
            return (0..<result.rowCount).compactMap { row in
                guard let time = result.microseconds(row, 0), let identity = result.uuid(row, 1) else { return nil }
                return LeftOutRow(time: Timestamp(microsecondsSinceEpoch: time), identity: RowIdentity(identity))
            }
        }
    }
}

// MARK: Failures

extension PostgresArchiveStore {
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
            return Set((0..<result.rowCount).compactMap { result.uuid($0, 0) }.map(RowIdentity.init))
        }
        return records.map { $0.map { setAside.contains($0.identity) } ?? false }
    }

    package func packedLocations(beginningWith prefix: String, atMost count: Int) async throws -> [String] {
        try await run("cannot look up packed rows", ifMissing: []) { [id] session in
            // As bytes: some collations take different texts for equal.
            let result = try session.query(
                """
                SELECT file_location FROM des_archive_packed WHERE config_id = $1
                AND left(file_location, char_length($2)) = $2 COLLATE "C" LIMIT $3
                """, [.int8(id), .text(ArchiveRecord.withoutNUL(prefix)), .int8(Int64(count))])
            return (0..<result.rowCount).compactMap { result.text($0, 0) }
        }
    }

    package func setAsideCount() async throws -> Int { try await count(.setAside) }

    package func acceptedCount() async throws -> Int { try await count(.accepted) }

    private func count(_ kind: LeftOutKind) async throws -> Int {
        try await run("cannot count the rows that were set aside", ifMissing: 0) { [id] session in
            guard let condition = try Self.condition(for: kind, in: session) else { return 0 }
            let result = try session.query(
                "SELECT count(*) FROM des_archive_set_aside WHERE config_id = $1\(condition)", [.int8(id)])
            return Int(result.integer(0, 0) ?? 0)
        }
    }

    package func acceptSetAside() async throws -> Int {
        try await change("cannot accept the rows that are set aside") { [id] session in
            let result = try session.query(
                """
                WITH accepted AS (UPDATE des_archive_set_aside SET accepted_at = now()
                    WHERE config_id = $1 AND set_aside_at IS NOT NULL AND accepted_at IS NULL RETURNING 1)
                SELECT count(*) FROM accepted
                """, [.int8(id)])
            return Int(result.integer(0, 0) ?? 0)
        }
    }

    /// At the end of a WHERE clause; nil if the table has no such rows.
    private static func condition(for kind: LeftOutKind, in session: PostgresSession) throws -> String? {
        switch kind {
        case .packed: ""
        case .setAside:
            try " AND set_aside_at IS NOT NULL" + (hasAcceptance(session) ? " AND accepted_at IS NULL" : "")
        case .accepted:
            try hasAcceptance(session) ? " AND set_aside_at IS NOT NULL AND accepted_at IS NOT NULL" : nil
        }
    }

    package func setAside(atMost count: Int) async throws -> [SetAsideRow] {
        try await run("cannot read the rows that were set aside", ifMissing: []) { [id] session in
            guard let condition = try Self.condition(for: .setAside, in: session) else { return [] }
            let result = try session.query(
                """
                SELECT uid, created_at, file_location, reason, message, attempts, set_aside_at
                FROM des_archive_set_aside WHERE config_id = $1\(condition)
                ORDER BY set_aside_at DESC, created_at DESC, identity LIMIT $2
                """, [.int8(id), .int8(Int64(count))])
            func time(_ row: Int, _ column: Int) -> Timestamp {
                result.microseconds(row, column).map(Timestamp.init(microsecondsSinceEpoch:)) ?? .earliest
            }
            return (0..<result.rowCount).map { row in
                SetAsideRow(
                    uid: result.text(row, 0), createdAt: time(row, 1), location: result.text(row, 2),
                    reason: result.text(row, 3) ?? "", message: result.text(row, 4) ?? "",
                    attempts: Int(result.integer(row, 5) ?? 0), setAsideAt: time(row, 6))
            }
        }
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
    fileprivate init(_ identity: RowIdentity) { self.init(high: identity.high, low: identity.low) }
}

extension RowIdentity {
    fileprivate init(_ uuid: PostgresUUID) { self.init(high: uuid.high, low: uuid.low) }
}
