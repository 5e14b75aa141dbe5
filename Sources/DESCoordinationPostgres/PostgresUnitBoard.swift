import DESCatalog
import DESCoordination
import DESPostgres
package import DESRouting
import Synchronization

/// The units of work of one job in PostgreSQL. All times are the database's.
package final class PostgresUnitBoard: UnitBoard {
    package let job: String
    package let worker: String
    package let lease: Duration
    let maximumAttempts: Int
    let retryPause: Duration
    private let planAge: Duration
    private let connection: PostgresPool
    /// What this worker did on units that it has finished.
    private let finished = Mutex(ClaimProgress())
    /// How often in a row there was nothing to claim.
    let emptyAnswers = Mutex(0)

    /// Connects on first use.
    ///
    /// - Parameters:
    ///   - connectionString: of the coordination database.
    ///   - job: the name under which workers share the work.
    ///   - worker: what the status calls this one; need not be unique.
    ///   - lease: how long a unit belongs to a worker that is not heard of.
    ///   - maximumAttempts: how often a unit is claimed before it is set aside.
    ///   - retryPause: how long a unit that failed for the first time is left alone; it doubles, up to five minutes.
    ///   - planAge: a plan that is older when a worker begins is made anew.
    package init(
        _ connectionString: String, job: String, worker: String, lease: Duration, maximumAttempts: Int = 5,
        retryPause: Duration = .seconds(2), planAge: Duration = .seconds(300)
    ) {
        self.job = job
        self.worker = worker
        self.lease = lease
        self.maximumAttempts = maximumAttempts
        self.retryPause = retryPause
        self.planAge = planAge
        // An answer after the lease has ended is worth nothing.
        connection = PostgresPool(
            PostgresSettings(
                connectionString, applicationName: "des-migrate", statementTimeout: max(lease, .seconds(10)),
                lockTimeout: max(lease / 3, .seconds(2)), idleInTransactionTimeout: max(lease / 3, .seconds(2)),
                needsWrites: true), size: 2)
    }

    package func close() async { await connection.close() }

    /// Makes the tables if they are missing, too.
    package func begin() async throws {
        let (job, worker, lease, age) = (job, worker, lease / .seconds(1), planAge / .seconds(1))
        finished.withLock { $0 = ClaimProgress() }
        try await run("cannot prepare the units of work") { session in
            try BoardTables.create(in: session)
            _ = try session.query(
                """
                INSERT INTO des_migration_units (job, unit, is_plan, state) VALUES ($1, $2, true, 'pending')
                ON CONFLICT (job, unit) DO UPDATE SET state = 'pending', attempts = 0, not_before = NULL
                WHERE des_migration_units.state IN ('done', 'set_aside')
                    AND des_migration_units.finished_at < clock_timestamp() - make_interval(secs => $3)
                """, [.text(job), .text(Claim.planName), .float8(age)])
            _ = try session.query(
                """
                INSERT INTO des_migration_workers (job, worker, started_at, seen_at, lease_seconds)
                VALUES ($1, $2, clock_timestamp(), clock_timestamp(), $3)
                ON CONFLICT (job, worker) DO UPDATE SET started_at = excluded.started_at, seen_at = excluded.seen_at,
                    ended_at = NULL, lease_seconds = excluded.lease_seconds, unit = NULL, files_migrated = 0,
                    files_failed = 0, bytes = 0
                """, [.text(job), .text(worker), .float8(lease)])
            _ = try session.query(
                "DELETE FROM des_migration_workers WHERE job = $1 AND seen_at < clock_timestamp() - interval '7 days'",
                [.text(job)])
        }
    }

    package func agree(onBits bits: ShardBits) async throws -> Int {
        let job = job
        return try await run("cannot compare packer.n_bits of the workers") { session in
            let result = try session.query(
                """
                UPDATE des_migration_units SET shard_bits = CASE WHEN shard_bits > 0 THEN shard_bits ELSE $3 END
                WHERE job = $1 AND unit = $2 RETURNING shard_bits
                """, [.text(job), .text(Claim.planName), .int8(Int64(bits.count))])
            guard result.rowCount == 1, let agreed = result.integer(0, 0) else { throw Self.vanished(job) }
            return Int(agreed)
        }
    }

    package func agree(onStore store: String) async throws -> Bool {
        let job = job
        return try await run("cannot compare the stores of the workers") { session in
            let result = try session.query(
                """
                UPDATE des_migration_units SET store = coalesce(store, $3) WHERE job = $1 AND unit = $2
                RETURNING store = $3
                """, [.text(job), .text(Claim.planName), .text(store)])
            return result.rowCount == 1 && result.bool(0, 0) == true
        }
    }

    package func end() async throws {
        let (job, worker) = (job, worker)
        try await run("cannot sign off") { session in
            _ = try session.query(
                """
                UPDATE des_migration_workers SET ended_at = clock_timestamp(), seen_at = clock_timestamp(), unit = NULL
                WHERE job = $1 AND worker = $2
                """, [.text(job), .text(worker)])
        }
    }

    /// Adds what was done on a unit that is finished to the worker's sums.
    func addToSums(_ progress: ClaimProgress) {
        finished.withLock { sums in
            sums.filesMigrated += progress.filesMigrated
            sums.filesFailed += progress.filesFailed
            sums.bytes += progress.bytes
        }
    }

    /// The worker's sums with what is under way.
    func sums(with progress: ClaimProgress) -> ClaimProgress {
        finished.withLock { sums in
            var result = progress
            result.filesMigrated += sums.filesMigrated
            result.filesFailed += sums.filesFailed
            result.bytes += sums.bytes
            return result
        }
    }

    func run<Result: Sendable>(
        _ what: String, _ body: @escaping @Sendable (PostgresSession) throws -> Result
    ) async throws -> Result {
        do {
            return try await connection.run(what, advice: nil, body)
        } catch let error as PostgresError {
            throw CoordinationError(error)
        }
    }
}

extension CoordinationError {
    /// Every call of the board can be repeated, so one that only took too long is worth another try.
    init(_ error: PostgresError) {
        self.init(
            .database, "coordination database: \(error)", isTransient: error.isTransient || error.code == .timedOut)
    }
}
