import DESCoordination
import DESPostgres

extension PostgresUnitBoard {
    /// What there is to see now.
    package func status() async throws -> BoardStatus {
        let job = job
        return try await run("cannot read the units of work") { session in
            var status = BoardStatus(job: job)
            // Who only looks creates nothing.
            let tables = try session.query("SELECT to_regclass('des_migration_units') IS NOT NULL")
            guard tables.bool(0, 0) == true else { return status }
            try Self.readUnits(&status, session)
            try Self.readWorkers(&status, session)
            try Self.readSetAside(&status, session)
            status.filesPerSecond = status.workers.reduce(0) { $0 + ($1.state == "working" ? $1.filesPerSecond : 0) }
            if status.filesPerSecond > 0 { status.secondsLeft = Double(status.rowsLeft) / status.filesPerSecond }
            return status
        }
    }

    /// Lets the units that were set aside be tried again.
    ///
    /// - Returns: how many.
    package func retrySetAside() async throws -> Int {
        let job = job
        return try await run("cannot let units be tried again") { session in
            try BoardTables.create(in: session)
            let result = try session.query(
                """
                UPDATE des_migration_units SET state = 'pending', attempts = 0, not_before = NULL
                WHERE job = $1 AND state = 'set_aside'
                """, [.text(job)])
            return result.affectedRows
        }
    }

    private static func readUnits(_ status: inout BoardStatus, _ session: PostgresSession) throws {
        let sums = try session.query(
            """
            SELECT count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state = 'leased'),
                count(*) FILTER (WHERE state = 'done'), count(*) FILTER (WHERE state = 'set_aside'),
                coalesce(sum(rows_planned), 0)::int8, coalesce(sum(files_migrated), 0)::int8,
                coalesce(sum(files_failed), 0)::int8, coalesce(sum(bytes), 0)::int8,
                coalesce(sum(greatest(0, rows_planned - files_migrated
                    - CASE state WHEN 'leased' THEN files_failed + files_skipped ELSE 0 END))
                    FILTER (WHERE state IN ('pending', 'leased')), 0)::int8
            FROM des_migration_units WHERE job = $1 AND NOT is_plan
            """, [.text(status.job)])
        func number(_ column: Int) -> Int64 { sums.integer(0, column) ?? 0 }
        status.unitsPending = number(0)
        status.unitsLeased = number(1)
        status.unitsDone = number(2)
        status.unitsSetAside = number(3)
        status.rowsPlanned = number(4)
        status.filesMigrated = number(5)
        status.filesFailed = number(6)
        status.bytes = number(7)
        status.rowsLeft = number(8)
        let plan = try session.query(
            """
            SELECT state, to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            FROM des_migration_units WHERE job = $1 AND is_plan
            """, [.text(status.job)])
        guard plan.rowCount == 1 else { return }
        status.planState = plan.text(0, 0)
        status.plannedAt = plan.text(0, 1)
    }

    private static func readWorkers(_ status: inout BoardStatus, _ session: PostgresSession) throws {
        let result = try session.query(
            """
            SELECT worker,
                CASE WHEN ended_at IS NOT NULL THEN 'ended'
                    WHEN seen_at < clock_timestamp() - make_interval(secs => lease_seconds) THEN 'silent'
                    WHEN unit IS NOT NULL THEN 'working' ELSE 'idle' END,
                unit, files_migrated, files_failed, bytes,
                extract(epoch FROM clock_timestamp() - seen_at)::float8,
                greatest(extract(epoch FROM seen_at - started_at), 0.001)::float8
            FROM des_migration_workers WHERE job = $1 ORDER BY worker
            """, [.text(status.job)])
        for row in 0..<result.rowCount {
            let files = result.integer(row, 3) ?? 0
            let bytes = result.integer(row, 5) ?? 0
            let seconds = result.double(row, 7) ?? 1
            status.workers.append(
                BoardStatus.Worker(
                    worker: result.text(row, 0) ?? "", state: result.text(row, 1) ?? "", unit: result.text(row, 2),
                    filesMigrated: files, filesFailed: result.integer(row, 4) ?? 0, bytes: bytes,
                    silentSeconds: max(0, result.double(row, 6) ?? 0), filesPerSecond: Double(files) / seconds,
                    bytesPerSecond: Double(bytes) / seconds))
        }
    }

    private static func readSetAside(_ status: inout BoardStatus, _ session: PostgresSession) throws {
        let result = try session.query(
            """
            SELECT unit, attempts::int8, last_error FROM des_migration_units
            WHERE job = $1 AND state = 'set_aside' ORDER BY unit LIMIT 100
            """, [.text(status.job)])
        for row in 0..<result.rowCount {
            status.setAside.append(
                BoardStatus.Unit(
                    unit: result.text(row, 0) ?? "", attempts: result.integer(row, 1) ?? 0, error: result.text(row, 2)))
        }
    }
}
