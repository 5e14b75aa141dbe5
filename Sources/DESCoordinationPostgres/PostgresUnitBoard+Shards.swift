package import DESCoordination
import DESPostgres

/// The names of shards that are about to be published: whoever takes a unit over finds them in the store, or knows that
/// they are not there.
extension PostgresUnitBoard {
    /// The lock on the unit's row makes sure that a worker who takes it over afterwards sees the names.
    package func intend(_ claim: Claim, shards: [String]) async throws {
        let job = job
        try await run("cannot note shards of \(claim.name)") { session in
            let result = try session.query(
                """
                \(Self.held)
                INSERT INTO des_migration_shards (job, unit, token, shard, state)
                SELECT $1, $2, $3, shard, 'intended' FROM held, unnest($4::text[]) AS shard
                ON CONFLICT (job, shard) DO UPDATE SET noted_at = excluded.noted_at
                    WHERE des_migration_shards.token = excluded.token AND des_migration_shards.state = 'intended'
                """,
                [.text(job), .text(claim.name), .int8(claim.token), .textArray(shards)])
            guard result.affectedRows == shards.count else { throw Self.lost(claim) }
        }
    }

    package func shardsInDoubt(_ claim: Claim) async throws -> [String] {
        let job = job
        return try await run("cannot look for shards of \(claim.name)") { session in
            let result = try session.query(
                """
                SELECT shard FROM des_migration_shards
                WHERE job = $1 AND unit = $2 AND token < $3 AND state = 'intended' ORDER BY shard
                """, [.text(job), .text(claim.name), .int8(claim.token)])
            return (0..<result.rowCount).compactMap { result.text($0, 0) }
        }
    }

    package func forget(_ claim: Claim, shards: [String]) async throws {
        let job = job
        try await run("cannot forget shards of \(claim.name)") { session in
            _ = try session.query(
                "DELETE FROM des_migration_shards WHERE job = $1 AND shard = ANY($2::text[]) AND token <= $3",
                [.text(job), .textArray(shards), .int8(claim.token)])
        }
    }

    package func abandon(_ claim: Claim, shard: String) async throws {
        let job = job
        try await run("cannot give up a shard of \(claim.name)") { session in
            let result = try session.query(
                """
                \(Self.held), given_up AS (
                    UPDATE des_migration_shards s SET state = 'abandoned' FROM held
                    WHERE s.job = $1 AND s.shard = $4 AND s.token < $3)
                SELECT FROM held
                """, [.text(job), .text(claim.name), .int8(claim.token), .text(shard)])
            guard result.rowCount == 1 else { throw Self.lost(claim) }
        }
    }

    package func abandoned(among shards: [String]) async throws -> [String] {
        let job = job
        return try await run("cannot look for given up shards") { session in
            let result = try session.query(
                """
                SELECT shard FROM des_migration_shards
                WHERE job = $1 AND shard = ANY($2::text[]) AND state = 'abandoned' ORDER BY shard
                """, [.text(job), .textArray(shards)])
            return (0..<result.rowCount).compactMap { result.text($0, 0) }
        }
    }

    /// Parameters: job, unit, token.
    private static let held = """
        WITH held AS MATERIALIZED (
            SELECT unit FROM des_migration_units WHERE job = $1 AND unit = $2 AND token = $3 AND state = 'leased'
            FOR SHARE)
        """
}
