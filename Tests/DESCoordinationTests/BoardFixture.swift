import DESCatalog
import DESCoordination
import DESRouting
import DESTestServers
import Testing

/// A database of its own in the shared server, and boards on it.
struct BoardFixture {
    static let cutoff = Timestamp(microsecondsSinceEpoch: 1_900_000_000_000_000)

    let server: DatabaseServer
    let database: String

    init() throws {
        server = try PostgresTestServer.shared()
        database = try server.createPostgresDatabase()
    }

    func board(_ worker: String, job: String = "files", attempts: Int = 3, planAge: Duration = .seconds(300))
        -> UnitBoard
    {
        UnitBoard(
            server.postgresURL(database: database), job: job, worker: worker, lease: .seconds(60),
            maximumAttempts: attempts, planAge: planAge)
    }

    @discardableResult func sql(_ text: String) throws -> String { try server.psql(text, database: database) }

    /// As if the leases had ended.
    func expireLeases() throws {
        try sql("UPDATE des_migration_units SET lease_until = now() - interval '1 s' WHERE state = 'leased'")
    }

    /// Makes a plan of whole days with ten rows each.
    func plan(_ board: UnitBoard, days: Range<Int64>) async throws {
        try await board.begin()
        guard case .plan(let claim) = try await board.next() else {
            Issue.record("no plan was due")
            return
        }
        _ = try await board.finishPlan(
            claim, days: days.map { PendingDay(dayNumber: $0, rows: 10) }, bits: .standard, cutoff: Self.cutoff,
            rowsPerUnit: 1000)
    }

    func claim(_ board: UnitBoard) async throws -> Claim? {
        guard case .unit(let claim, _) = try await board.next() else { return nil }
        return claim
    }
}

/// Expects a call to be refused because somebody else has the unit.
func expectLost(
    sourceLocation: SourceLocation = #_sourceLocation, _ call: () async throws -> Void
) async {
    do {
        try await call()
        Issue.record("the call was not refused", sourceLocation: sourceLocation)
    } catch let error as CoordinationError {
        #expect(error.code == .lost, sourceLocation: sourceLocation)
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
}
