import DESBase
import DESCatalog
import DESCoordination
import DESCoordinationPostgres
import DESPostgres
import DESRouting
import DESTestSupport
import Testing

/// An empty database for one test, with boards on it and a look behind them.
struct BoardTestDatabase: Sendable {
    static let cutoff = Timestamp(microsecondsSinceEpoch: 1_700_000_000_000_000)

    let server: DatabaseServer
    let name: String
    private let connection: PostgresConnection

    init(_ server: DatabaseServer? = nil) throws {
        self.server = try server ?? PostgresTestServer.shared()
        name = try self.server.createPostgresDatabase()
        connection = PostgresConnection(PostgresSettings(self.server.postgresURL(database: name)))
    }

    var url: String { server.postgresURL(database: name) }

    func board(
        _ worker: String = "a", job: String = "des", attempts: Int = 5, planAge: Duration = .seconds(300),
        lease: Duration = .seconds(60)
    ) -> PostgresUnitBoard {
        PostgresUnitBoard(
            url, job: job, worker: worker, lease: lease, maximumAttempts: attempts, retryPause: .seconds(60),
            planAge: planAge)
    }

    /// A board that has begun, and made a plan of these days, if there was none.
    func planned(
        _ worker: String = "a", job: String = "des", days: [Int64?: Int64] = [1: 10, 2: 20, 3: 30], attempts: Int = 5,
        rowsPerUnit: Int = 1000
    ) async throws -> PostgresUnitBoard {
        let board = board(worker, job: job, attempts: attempts)
        try await board.begin()
        if try await text("SELECT state FROM des_migration_units WHERE job = '\(job)' AND is_plan") == "pending" {
            try await plan(board, days, rowsPerUnit: rowsPerUnit)
        }
        return board
    }

    /// Claims the plan and writes it.
    @discardableResult
    func plan(
        _ board: PostgresUnitBoard, _ days: [Int64?: Int64], rowsPerUnit: Int = 1000, cutoff: Timestamp = cutoff
    ) async throws -> Int {
        guard case .plan(let claim) = try await board.next() else { throw TestError(message: "no plan to make") }
        return try await finish(board, claim, days, rowsPerUnit: rowsPerUnit, cutoff: cutoff)
    }

    @discardableResult
    func finish(
        _ board: PostgresUnitBoard, _ claim: Claim, _ days: [Int64?: Int64], rowsPerUnit: Int = 1000,
        cutoff: Timestamp = cutoff
    ) async throws -> Int {
        let bits = try #require(ShardBits(4))
        let days = days.map { PendingDay(dayNumber: $0.key, rows: $0.value) }
        return try await board.finishPlan(claim, days: days, bits: bits, cutoff: cutoff, rowsPerUnit: rowsPerUnit)
    }

    /// Lets a plan be made again.
    func replan(job: String = "des") async throws {
        try await sql("UPDATE des_migration_units SET state = 'pending' WHERE is_plan AND job = '\(job)'")
    }

    /// Nothing was heard of any worker for as long as the lease lasts.
    func expireLeases() async throws {
        try await sql(
            "UPDATE des_migration_units SET lease_until = clock_timestamp() - interval '1 ms' WHERE state = 'leased'")
    }

    func sql(_ sql: String) async throws {
        try await connection.run("cannot prepare the test") { try $0.execute(sql) }
    }

    /// All rows, `|` between columns and a line each; NULL is empty.
    func text(_ sql: String) async throws -> String {
        try await connection.run("cannot look") { session in
            let result = try session.query(
                """
                SELECT (SELECT string_agg(coalesce(value, ''), '|') FROM json_each_text(to_json(q))) FROM (\(sql)) AS q
                """)
            return (0..<result.rowCount).map { result.text($0, 0) ?? "" }.joined(separator: "\n")
        }
    }

    /// Everything about units and shards, to see that nothing has changed.
    func everything() async throws -> String {
        try await text("SELECT u.* FROM des_migration_units u ORDER BY job, unit") + "\n--\n"
            + text("SELECT s.* FROM des_migration_shards s ORDER BY job, shard")
    }

    /// Waits until so many sessions of this database wait for a lock.
    func untilWaiting(_ count: Int) async throws {
        let sql =
            "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        try await waitUntil { try await text(sql) == String(count) }
    }
}

struct TestError: Error {
    var message: String
}

extension PostgresUnitBoard {
    /// The next unit; nil if there is none now.
    func unit() async throws -> (Claim, WorkUnit)? {
        if case .unit(let claim, let unit) = try await next() { (claim, unit) } else { nil }
    }

    /// The next unit, which must be there.
    func claim() async throws -> Claim {
        guard let (claim, _) = try await unit() else { throw TestError(message: "no unit to claim") }
        return claim
    }
}

/// A transaction of somebody else that stays open, with its locks, until it is told to end.
struct OpenTransaction: Sendable {
    private struct RolledBack: Error {}

    private let gate: PostgresConnection
    private let body: Task<Void, any Error>

    /// Returns once the statements have run.
    init(_ database: BoardTestDatabase, _ sql: String, commits: Bool = false) async throws {
        let settings = PostgresSettings(database.url, lockTimeout: nil)
        let gate = PostgresConnection(settings)
        try await gate.run("cannot close the gate") { _ = try $0.query("SELECT pg_advisory_lock(42)") }
        let holder = PostgresConnection(settings)
        body = Task {
            try await holder.run("cannot hold locks") { session in
                do {
                    try session.transaction {
                        try session.execute(sql)
                        _ = try session.query("SELECT pg_advisory_xact_lock(42)")
                        if !commits { throw RolledBack() }
                    }
                } catch is RolledBack {}
            }
        }
        self.gate = gate
        try await database.untilWaiting(1)
    }

    /// Ends it.
    func end() async throws {
        try await gate.run("cannot open the gate") { _ = try $0.query("SELECT pg_advisory_unlock(42)") }
        try await body.value
    }
}

/// The call is refused because somebody else has the work.
func expectRefused(_ body: () async throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) async {
    let error = await #expect(throws: CoordinationError.self, sourceLocation: sourceLocation) { try await body() }
    #expect(error?.code == .lost, sourceLocation: sourceLocation)
    #expect(error?.isTransient == false, sourceLocation: sourceLocation)
}
