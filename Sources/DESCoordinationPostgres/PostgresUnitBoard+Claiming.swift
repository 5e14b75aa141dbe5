package import DESBase
package import DESCatalog
package import DESCoordination
import DESPostgres
package import DESRouting
import Synchronization

extension PostgresUnitBoard {
    private static let firstPollInterval = Duration.milliseconds(50)
    private static let longestPollInterval = Duration.seconds(2)

    /// One short statement, which waits for nobody.
    package func next() async throws -> ClaimAnswer {
        while true {
            let (job, worker, lease, most) = (job, worker, lease / .seconds(1), Int64(maximumAttempts))
            let claimed = try await run("cannot claim a unit of work") { session in
                let result = try session.query(
                    Self.claimSQL, [.text(job), .text(worker), .float8(lease), .int8(most)])
                guard result.rowCount == 1 else { return (Claim, WorkUnit?)??.none }
                guard result.text(0, 0) == "leased" else { return .some(nil) }
                guard let claim = Self.claim(result, job: job) else { throw try Self.refuse(result, job, session) }
                return claim
            }
            switch claimed {
            case .some(.some((let claim, let unit))):
                emptyAnswers.withLock { $0 = 0 }
                return unit.map { .unit(claim, $0) } ?? .plan(claim)
            case .some(nil):
                // It had used up its attempts and was set aside.
                continue
            case nil:
                return try await answerWithoutClaim()
            }
        }
    }

    /// Parameters: job, worker, lease in seconds, attempts at most.
    ///
    /// It may lock units for a moment that others have just claimed, and only then see it: so it is one statement, whose locks
    /// are gone when it ends, even if the process is stopped then.
    private static let claimSQL = """
        WITH candidate AS MATERIALIZED (
            SELECT unit, attempts >= $4 AND NOT is_plan AS is_used_up FROM des_migration_units
            WHERE job = $1 AND state IN ('pending', 'leased')
                AND (state = 'pending' AND (not_before IS NULL OR not_before <= clock_timestamp())
                    OR state = 'leased' AND lease_until <= clock_timestamp())
            ORDER BY is_plan DESC, day NULLS LAST, first_shard LIMIT 1 FOR UPDATE SKIP LOCKED),
        claimed AS (UPDATE des_migration_units u SET
            state = CASE WHEN c.is_used_up THEN 'set_aside' ELSE 'leased' END,
            last_error = CASE WHEN u.state = 'leased'
                THEN 'worker ' || coalesce(u.holder, '') || ' was not heard of any more (attempt ' || u.attempts || ')'
                ELSE u.last_error END,
            holder = CASE WHEN c.is_used_up THEN u.holder ELSE $2 END,
            token = nextval('des_migration_tokens'),
            lease_until = CASE WHEN NOT c.is_used_up THEN clock_timestamp() + make_interval(secs => $3) END,
            attempts = u.attempts + CASE WHEN c.is_used_up THEN 0 ELSE 1 END,
            not_before = NULL, claimed_at = clock_timestamp(), finished_at = clock_timestamp(),
            earlier_files = u.files_migrated, earlier_bytes = u.bytes, files_failed = 0, files_skipped = 0
        FROM candidate c WHERE u.job = $1 AND u.unit = c.unit
        RETURNING u.state, u.unit, u.token, u.attempts, u.is_plan, u.day, u.first_shard, u.last_shard, u.shard_bits,
            u.cutoff, u.rows_planned),
        told AS (UPDATE des_migration_workers w SET unit = c.unit, seen_at = clock_timestamp()
            FROM claimed c WHERE w.job = $1 AND w.worker = $2 AND c.state = 'leased')
        SELECT * FROM claimed
        """

    /// Gives back a unit that a newer version may have written, and says so.
    private static func refuse(
        _ row: PostgresResult, _ job: String, _ session: PostgresSession
    ) throws -> CoordinationError {
        let name = row.text(0, 1) ?? ""
        _ = try session.query(
            """
            UPDATE des_migration_units SET state = 'pending', holder = NULL, lease_until = NULL, attempts = attempts - 1
            WHERE job = $1 AND unit = $2 AND token = $3 AND state = 'leased'
            """, [.text(job), .text(name), .int8(row.integer(0, 2) ?? 0)])
        return CoordinationError(
            .mismatch,
            "the unit of work \(name) of \(job) has values that this version cannot read (shards "
                + "\(row.integer(0, 6) ?? -1)-\(row.integer(0, 7) ?? -1) of \(row.integer(0, 8) ?? -1) bits); all workers of "
                + "a job need the same version")
    }

    private static func claim(_ row: PostgresResult, job: String) -> (Claim, WorkUnit?)? {
        guard let token = row.integer(0, 2), let attempts = row.integer(0, 3) else { return nil }
        func claim(_ subject: Claim.Subject) -> Claim {
            Claim(job: job, subject: subject, token: token, attempt: Int(attempts))
        }
        if row.bool(0, 4) == true { return (claim(.plan), nil) }
        guard let first = row.integer(0, 6), let last = row.integer(0, 7), first <= last,
            let bits = row.integer(0, 8).flatMap({ ShardBits(Int($0)) }), let cutoff = row.microseconds(0, 9)
        else { return nil }
        let unit = WorkUnit(
            rows: row.microseconds(0, 5).map { .day($0 / CivilDate.microsecondsPerDay) } ?? .undated,
            shards: Int(first)...Int(last), bits: bits, cutoff: Timestamp(microsecondsSinceEpoch: cutoff),
            plannedRows: row.integer(0, 10) ?? 0)
        return (claim(.unit(unit)), unit)
    }

    private func answerWithoutClaim() async throws -> ClaimAnswer {
        let (job, worker) = (job, worker)
        let (open, setAside, isThere) = try await run("cannot look for units of work") { session in
            // Who waits is heard of too, now and then.
            _ = try session.query(
                """
                UPDATE des_migration_workers SET unit = NULL, seen_at = clock_timestamp() WHERE job = $1 AND worker = $2
                    AND (unit IS NOT NULL OR seen_at < clock_timestamp() - make_interval(secs => lease_seconds / 4))
                """, [.text(job), .text(worker)])
            let result = try session.query(
                """
                SELECT count(*) FILTER (WHERE state IN ('pending', 'leased')), count(*) FILTER (WHERE state = 'set_aside'),
                    count(*) FILTER (WHERE is_plan)
                FROM des_migration_units WHERE job = $1
                """, [.text(job)])
            return (result.integer(0, 0) ?? 0, result.integer(0, 1) ?? 0, result.integer(0, 2) != 0)
        }
        // Whoever begins writes the plan's row, and nobody ever takes it away: without it nothing tells what is done.
        guard isThere else { throw Self.vanished(job) }
        guard open == 0 else {
            // Soon at first, since a plan or the last units may take a moment only, and then ever more seldom.
            let times = emptyAnswers.withLock { count in
                count = min(count + 1, 10)
                return count
            }
            return .wait(min(lease / 3, Self.longestPollInterval, Self.firstPollInterval * (1 << times)))
        }
        return .finished(setAside: Int(setAside))
    }

    package func finishPlan(
        _ claim: Claim, days: [PendingDay], bits: ShardBits, cutoff: Timestamp, rowsPerUnit: Int
    ) async throws -> Int {
        let (job, worker) = (job, worker)
        let rows = days.reduce(0) { $0 + $1.rows }
        return try await run("cannot write the units of work") { session in
            try session.transaction {
                let held = try session.query(
                    """
                    UPDATE des_migration_units SET state = 'done', finished_at = clock_timestamp(), cutoff = $4,
                        shard_bits = $5, rows_planned = $6, attempts = 0, holder = NULL, last_error = NULL
                    WHERE job = $1 AND unit = $2 AND token = $3 AND state = 'leased'
                    """,
                    [
                        .text(job), .text(claim.name), .int8(claim.token), .timestamptz(cutoff.microsecondsSinceEpoch),
                        .int8(Int64(bits.count)), .int8(rows),
                    ])
                guard held.affectedRows == 1 else { throw Self.lost(claim) }
                // Units that nobody holds take in what has become old enough since.
                _ = try session.query(
                    """
                    UPDATE des_migration_units SET cutoff = greatest(cutoff, $2)
                    WHERE job = $1 AND state = 'pending' AND NOT is_plan
                    """, [.text(job), .timestamptz(cutoff.microsecondsSinceEpoch)])
                let plan = UnitPlan(
                    days, existing: try Self.existing(job, in: session), bits: bits, cutoff: cutoff,
                    rowsPerUnit: rowsPerUnit)
                try Self.write(plan, cutoff: cutoff, job: job, in: session)
                // After the units, as a claim has it: two workers may have one name, and would wait for one another otherwise.
                _ = try session.query(
                    "UPDATE des_migration_workers SET unit = NULL, seen_at = clock_timestamp() WHERE job = $1 AND worker = $2",
                    [.text(job), .text(worker)])
                let open = try session.query(
                    "SELECT count(*) FROM des_migration_units WHERE job = $1 AND state IN ('pending', 'leased')",
                    [.text(job)])
                return Int(open.integer(0, 0) ?? 0)
            }
        }
    }

    private static func existing(_ job: String, in session: PostgresSession) throws -> [UnitPlan.Existing] {
        let result = try session.query(
            """
            SELECT DISTINCT u.day, u.state = 'done', EXISTS (
                SELECT FROM des_migration_shards s WHERE s.job = u.job AND s.unit = u.unit AND s.state = 'intended')
            FROM des_migration_units u WHERE u.job = $1 AND NOT u.is_plan
            """, [.text(job)])
        return (0..<result.rowCount).map { row in
            UnitPlan.Existing(
                rows: result.microseconds(row, 0).map { .day($0 / CivilDate.microsecondsPerDay) } ?? .undated,
                isDone: result.bool(row, 1) ?? false, hasShards: result.bool(row, 2) ?? true)
        }
    }

    private static func write(
        _ plan: UnitPlan, cutoff: Timestamp, job: String, in session: PostgresSession
    ) throws {
        for rows in plan.revivedDays {
            _ = try session.query(
                """
                UPDATE des_migration_units SET state = 'pending', attempts = 0, not_before = NULL, last_error = NULL,
                    cutoff = greatest(cutoff, $3), files_migrated = 0, files_failed = 0, files_skipped = 0, bytes = 0,
                    rows_planned = ceil($4::float8 * (last_shard - first_shard + 1) / (1 << shard_bits))
                WHERE job = $1 AND NOT is_plan AND day IS NOT DISTINCT FROM $2 AND state = 'done'
                """,
                [
                    .text(job), date(rows), .timestamptz(cutoff.microsecondsSinceEpoch),
                    .float8(Double(plan.revivedRows[rows] ?? 0)),
                ])
        }
        for rows in plan.replacedDays {
            _ = try session.query(
                """
                DELETE FROM des_migration_units
                WHERE job = $1 AND NOT is_plan AND day IS NOT DISTINCT FROM $2 AND state = 'done'
                """, [.text(job), date(rows)])
        }
        for unit in plan.units {
            _ = try session.query(
                """
                INSERT INTO des_migration_units
                    (job, unit, day, first_shard, last_shard, shard_bits, cutoff, state, rows_planned)
                VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8)
                """,
                [
                    .text(job), .text(unit.name), date(unit.rows), .int8(Int64(unit.shards.lowerBound)),
                    .int8(Int64(unit.shards.upperBound)), .int8(Int64(unit.bits.count)),
                    .timestamptz(unit.cutoff.microsecondsSinceEpoch), .int8(unit.plannedRows),
                ])
        }
    }

    private static func date(_ rows: WorkUnit.Rows) -> PostgresParameter {
        rows.dayNumber.map { .date($0 * CivilDate.microsecondsPerDay) } ?? .null(.date)
    }

    static func vanished(_ job: String) -> CoordinationError {
        CoordinationError(
            .vanished,
            "the units of work of the job \(job) are not in the coordination database any more (were its tables emptied while "
                + "workers ran?); start again: what is not marked is planned anew")
    }

    static func lost(_ claim: Claim) -> CoordinationError {
        CoordinationError(
            .lost, "the unit of work \(claim.name) is another worker's by now; nothing more of it is marked")
    }
}
