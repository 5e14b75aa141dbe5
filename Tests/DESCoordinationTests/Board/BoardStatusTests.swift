import DESCoordination
import DESCoordinationPostgres
import Testing

@Suite("Status of the work", .timeLimit(.minutes(5)))
struct BoardStatusTests {
    private func progress(_ migrated: Int, failed: Int = 0, skipped: Int = 0, bytes: Int64 = 0) -> ClaimProgress {
        var progress = ClaimProgress()
        progress.filesMigrated = migrated
        progress.filesFailed = failed
        progress.filesSkipped = skipped
        progress.bytes = bytes
        return progress
    }

    @Test("Who only looks at an empty database creates nothing")
    func empty() async throws {
        let database = try BoardTestDatabase()
        let status = try await database.board().status()
        #expect(status == BoardStatus(job: "des"))
        #expect(try await database.text("SELECT count(*) FROM pg_class WHERE relname LIKE 'des_%'") == "0")
    }

    @Test("It counts units, rows, files and bytes, and what is left")
    func numbers() async throws {
        let database = try BoardTestDatabase()
        let board = database.board()
        try await board.begin()
        var status = try await board.status()
        #expect(status.planState == "pending" && status.unitsPending == 0)
        try await database.plan(board, [1: 100, 2: 200, 3: 300, 4: 400])
        try await board.complete(board.claim(), progress(90, failed: 7, skipped: 3, bytes: 900))
        let leased = try await board.claim()
        #expect(try await board.renew(leased, progress(50, failed: 5, skipped: 1, bytes: 500)))
        status = try await board.status()
        #expect(status.planState == "done")
        #expect(status.plannedAt?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil)
        #expect(
            [status.unitsPending, status.unitsLeased, status.unitsDone, status.unitsSetAside] == [2, 1, 1, 0])
        #expect([status.rowsPlanned, status.filesMigrated, status.filesFailed, status.bytes] == [1000, 140, 12, 1400])
        #expect(status.rowsLeft == 144 + 300 + 400)
        let worker = try #require(status.workers.first)
        #expect(worker.worker == "a" && worker.state == "working" && worker.unit == "1970-01-03")
        #expect(worker.filesMigrated == 140 && worker.filesFailed == 12 && worker.bytes == 1400)
    }

    @Test("What an earlier attempt has migrated still counts after a takeover")
    func attempts() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 100], attempts: 4)
        let first = try await board.claim()
        _ = try await board.renew(first, progress(30, failed: 2, bytes: 300))
        try await database.expireLeases()
        let second = try await board.claim()
        #expect(try await board.status().rowsLeft == 70)
        #expect(try await board.status().filesFailed == 0)
        _ = try await board.renew(second, progress(5, bytes: 50))
        _ = try await board.renew(second, progress(20, bytes: 200))
        try await board.release(second, progress(21, failed: 4, bytes: 210))
        var status = try await board.status()
        #expect([status.filesMigrated, status.bytes, status.rowsLeft] == [51, 510, 49])
        try await board.complete(board.claim(), progress(49, bytes: 490))
        status = try await board.status()
        #expect([status.filesMigrated, status.bytes, status.rowsLeft, status.filesFailed] == [100, 1000, 0, 0])
        // The worker itself did no more than what it told of at the end of its claims.
        #expect(status.workers.first?.filesMigrated == 70)
    }

    @Test("A worker is working, idle, silent or ended")
    func states() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 10])
        func state() async throws -> String? { try await board.status().workers.first?.state }
        #expect(try await state() == "idle")
        let claim = try await board.claim()
        #expect(try await state() == "working")
        try await database.sql("UPDATE des_migration_workers SET seen_at = seen_at - interval '61 s'")
        #expect(try await state() == "silent")
        #expect(try await board.status().workers.first.map { $0.silentSeconds > 60 && $0.silentSeconds < 120 } == true)
        _ = try await board.renew(claim, ClaimProgress())
        #expect(try await state() == "working")
        try await board.release(claim, ClaimProgress())
        #expect(try await state() == "idle")
        try await board.end()
        #expect(try await state() == "ended")
        try await board.begin()
        #expect(try await state() == "idle")
    }

    @Test("Who waits for others is idle and not silent, and has no unit any more")
    func waiting() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 10])
        _ = try await board.claim()
        let other = database.board("b")
        try await database.expireLeases()
        try await other.begin()
        _ = try await other.claim()
        _ = try await board.next()
        var workers = try await board.status().workers
        #expect(workers.map(\.state) == ["idle", "working"] && workers[0].unit == nil)
        try await database.sql(
            "UPDATE des_migration_workers SET seen_at = seen_at - interval '61 s' WHERE worker = 'a'")
        _ = try await board.next()
        workers = try await board.status().workers
        #expect(workers.map(\.state) == ["idle", "working"])
    }

    @Test("Rates are over the time since the worker began, and the time left is by those who work")
    func rates() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 1000, 2: 1000])
        let claim = try await board.claim()
        #expect(try await board.status().secondsLeft == nil)
        _ = try await board.renew(claim, progress(500, bytes: 5000))
        try await database.sql("UPDATE des_migration_workers SET started_at = seen_at - interval '50 s'")
        var status = try await board.status()
        #expect(status.workers.first.map { [$0.filesPerSecond, $0.bytesPerSecond] } == [10, 100])
        #expect(status.filesPerSecond == 10)
        #expect(status.rowsLeft == 1500 && status.secondsLeft == 150)
        try await board.end()
        status = try await board.status()
        #expect(status.filesPerSecond == 0 && status.secondsLeft == nil)
    }

    @Test("Workers that were not seen for a week are forgotten")
    func old() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned()
        try await database.sql("UPDATE des_migration_workers SET seen_at = seen_at - interval '8 days', worker = 'old'")
        try await board.begin()
        #expect(try await board.status().workers.map(\.worker) == ["a"])
    }
}
