package import DESCoordination
import DESPostgres

extension PostgresUnitBoard {
    package func renew(_ claim: Claim, _ progress: ClaimProgress) async throws -> Bool {
        let (job, worker, lease) = (job, worker, lease / .seconds(1))
        let sums = sums(with: progress)
        return try await run("cannot renew the lease of \(claim.name)") { session in
            // Without an answer the worker knows soon after the end of its lease that it may have lost it.
            let isRenewed = try session.withStatementTimeout(max(self.lease / 3, .seconds(2))) {
                try session.query(
                    """
                    UPDATE des_migration_units SET lease_until = clock_timestamp() + make_interval(secs => $4),
                        files_migrated = earlier_files + $5, files_failed = $6, files_skipped = $7,
                        bytes = earlier_bytes + $8
                    WHERE job = $1 AND unit = $2 AND token = $3 AND state = 'leased'
                    """,
                    [.text(job), .text(claim.name), .int8(claim.token), .float8(lease)] + Self.parameters(progress)
                ).affectedRows == 1
            }
            guard isRenewed else { return false }
            _ = try session.query(
                """
                UPDATE des_migration_workers SET seen_at = clock_timestamp(), unit = $3, files_migrated = $4,
                    files_failed = $5, bytes = $6
                WHERE job = $1 AND worker = $2
                """,
                [
                    .text(job), .text(worker), .text(claim.name), .int8(Int64(sums.filesMigrated)),
                    .int8(Int64(sums.filesFailed)), .int8(sums.bytes),
                ])
            return true
        }
    }

    package func complete(_ claim: Claim, _ progress: ClaimProgress) async throws {
        try await leave(
            claim, progress,
            "state = 'done', lease_until = NULL, last_error = $8",
            [progress.firstError.map { .text($0) } ?? .null(.text)])
    }

    package func fail(_ claim: Claim, _ progress: ClaimProgress, error: String) async throws {
        try await leave(
            claim, progress,
            """
            state = CASE WHEN attempts >= $9 AND NOT is_plan THEN 'set_aside' ELSE 'pending' END, lease_until = NULL,
                last_error = $8, not_before = clock_timestamp()
                    + make_interval(secs => least(300, $10 * 2.0 ^ (least(attempts, 20) - 1)))
            """, [.text(error), .int8(Int64(maximumAttempts)), .float8(retryPause / .seconds(1))])
    }

    package func release(_ claim: Claim, _ progress: ClaimProgress) async throws {
        try await leave(
            claim, progress,
            "state = 'pending', lease_until = NULL, holder = NULL, not_before = NULL, attempts = greatest(0, attempts - 1)",
            [])
    }

    private func leave(
        _ claim: Claim, _ progress: ClaimProgress, _ assignments: String, _ parameters: [PostgresParameter]
    ) async throws {
        let (job, worker) = (job, worker)
        let sums = sums(with: progress)
        try await run("cannot finish \(claim.name)") { session in
            let result = try session.query(
                """
                UPDATE des_migration_units SET \(assignments), finished_at = clock_timestamp(),
                    files_migrated = earlier_files + $4, files_failed = $5, files_skipped = $6, bytes = earlier_bytes + $7
                WHERE job = $1 AND unit = $2 AND token = $3 AND state = 'leased'
                """,
                [.text(job), .text(claim.name), .int8(claim.token)] + Self.parameters(progress) + parameters)
            guard try result.affectedRows == 1 || Self.hasLeft(claim, session) else { throw Self.lost(claim) }
            _ = try session.query(
                """
                UPDATE des_migration_workers SET seen_at = clock_timestamp(), unit = NULL, files_migrated = $3,
                    files_failed = $4, bytes = $5
                WHERE job = $1 AND worker = $2
                """,
                [
                    .text(job), .text(worker), .int8(Int64(sums.filesMigrated)), .int8(Int64(sums.filesFailed)),
                    .int8(sums.bytes),
                ])
        }
        addToSums(progress)
    }

    /// Whether an earlier call with this claim came through and only its answer was lost: nobody has claimed the unit since.
    private static func hasLeft(_ claim: Claim, _ session: PostgresSession) throws -> Bool {
        try session.query(
            "SELECT FROM des_migration_units WHERE job = $1 AND unit = $2 AND token = $3 AND state <> 'leased'",
            [.text(claim.job), .text(claim.name), .int8(claim.token)]
        ).rowCount == 1
    }

    private static func parameters(_ progress: ClaimProgress) -> [PostgresParameter] {
        [
            .int8(Int64(progress.filesMigrated)), .int8(Int64(progress.filesFailed)),
            .int8(Int64(progress.filesSkipped)), .int8(progress.bytes),
        ]
    }
}
