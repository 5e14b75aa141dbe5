import DESCatalog
import DESCoordination
import DESRouting
import DESTestServers
import Testing

/// The units of work in a real PostgreSQL.
@Suite struct UnitBoardTests {
    @Test func `Workers that begin at once make one set of tables and one plan, and never share a unit`() async throws {
        let fixture = try BoardFixture()
        let boards = (0..<6).map { fixture.board("w\($0)") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for board in boards { group.addTask { try await board.begin() } }
            try await group.waitForAll()
        }
        var plans = 0
        for board in boards {
            switch try await board.next() {
            case .plan(let claim):
                plans += 1
                _ = try await board.finishPlan(
                    claim, days: (0..<40).map { PendingDay(dayNumber: $0, rows: 10) }, bits: .standard,
                    cutoff: BoardFixture.cutoff, rowsPerUnit: 1000)
            case .unit(let claim, _): try await board.release(claim, ClaimProgress())
            case .wait, .finished: break
            }
        }
        #expect(plans == 1)

        let names = try await withThrowingTaskGroup(of: [String].self) { group in
            for board in boards {
                group.addTask {
                    var names: [String] = []
                    while let claim = try await fixture.claim(board) {
                        names.append(claim.name)
                        try await board.complete(claim, ClaimProgress())
                    }
                    return names
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(names.count == 40)
        #expect(Set(names).count == 40)
        #expect(try await boards[0].next() == .finished(setAside: 0))
        for board in boards { await board.close() }
    }

    @Test func `After its lease has ended a unit is somebody else's, and every call of the late worker is refused`()
        async throws
    {
        let fixture = try BoardFixture()
        let (late, next) = (fixture.board("late"), fixture.board("next"))
        try await fixture.plan(late, days: 0..<1)
        try await next.begin()
        let old = try #require(try await fixture.claim(late))
        if case .wait = try await next.next() {} else { Issue.record("a unit that is held was given out") }
        try await late.intend(old, shards: ["a", "b"])

        try fixture.expireLeases()
        let new = try #require(try await fixture.claim(next))
        #expect(new.name == old.name && new.token > old.token && new.attempt == 2)
        #expect(try await next.shardsInDoubt(new) == ["a", "b"])
        try await next.abandon(new, shard: "b")
        try await next.forget(new, shards: ["a"])

        #expect(try await late.renew(old, ClaimProgress()) == false)
        await expectLost { try await late.intend(old, shards: ["c"]) }
        await expectLost { try await late.abandon(old, shard: "a") }
        await expectLost { try await late.complete(old, ClaimProgress()) }
        await expectLost { try await late.fail(old, ClaimProgress(), error: "x") }
        await expectLost { try await late.release(old, ClaimProgress()) }
        #expect(try await late.abandoned(among: ["a", "b", "c"]) == ["b"])

        #expect(try await next.renew(new, ClaimProgress()))
        try await next.complete(new, ClaimProgress())
        #expect(try await next.next() == .finished(setAside: 0))
        for board in [late, next] { await board.close() }
    }

    @Test func `A lease that has ended, but was not taken, may still be renewed`() async throws {
        let fixture = try BoardFixture()
        let board = fixture.board("w")
        try await fixture.plan(board, days: 0..<1)
        let claim = try #require(try await fixture.claim(board))
        try fixture.expireLeases()
        #expect(try await board.renew(claim, ClaimProgress()))
        await board.close()
    }

    @Test func `A unit whose workers die again and again is set aside, and can be tried again`() async throws {
        let fixture = try BoardFixture()
        let board = fixture.board("w", attempts: 2)
        try await fixture.plan(board, days: 0..<1)
        for attempt in 1...2 {
            let claim = try #require(try await fixture.claim(board))
            #expect(claim.attempt == attempt)
            try fixture.expireLeases()
        }
        #expect(try await board.next() == .finished(setAside: 1))
        let status = try await board.status()
        #expect(status.unitsSetAside == 1)
        #expect(status.setAside.first?.error?.contains("not heard of") == true)
        #expect(try await board.retrySetAside() == 1)
        #expect(try await fixture.claim(board)?.attempt == 1)
        await board.close()
    }

    @Test func `A unit that fails waits before it is tried again, and is set aside after the last attempt`()
        async throws
    {
        let fixture = try BoardFixture()
        let board = fixture.board("w", attempts: 2)
        try await fixture.plan(board, days: 0..<1)
        let first = try #require(try await fixture.claim(board))
        try await board.fail(first, ClaimProgress(), error: "no room")
        if case .wait = try await board.next() {} else { Issue.record("it was tried again at once") }
        try fixture.sql("UPDATE des_migration_units SET not_before = NULL")
        let second = try #require(try await fixture.claim(board))
        try await board.fail(second, ClaimProgress(), error: "still no room")
        #expect(try await board.next() == .finished(setAside: 1))
        #expect(try await board.status().setAside.map(\.error) == ["still no room"])
        await board.close()
    }

    @Test func `A released unit does not lose an attempt`() async throws {
        let fixture = try BoardFixture()
        let board = fixture.board("w", attempts: 1)
        try await fixture.plan(board, days: 0..<1)
        for _ in 0..<3 {
            let claim = try #require(try await fixture.claim(board))
            #expect(claim.attempt == 1)
            try await board.release(claim, ClaimProgress())
        }
        await board.close()
    }

    @Test func `A later plan leaves units in work alone, and begins done days anew`() async throws {
        let fixture = try BoardFixture()
        let board = fixture.board("w", planAge: .zero)
        try await fixture.plan(board, days: 0..<3)
        let done = try #require(try await fixture.claim(board))
        try await board.complete(done, ClaimProgress())
        let held = try #require(try await fixture.claim(board))
        try await fixture.plan(board, days: 0..<3)
        #expect(try fixture.sql("SELECT count(*) FROM des_migration_units WHERE NOT is_plan") == "3")
        #expect(try await board.renew(held, ClaimProgress()))
        #expect(try await fixture.claim(board)?.name == "1970-01-01")
        #expect(try await fixture.claim(board)?.name == "1970-01-03")
        await board.close()
    }

    @Test func `A done day with noted shards is given out again as it is, so that they are looked after`() async throws
    {
        let fixture = try BoardFixture()
        let board = fixture.board("w", planAge: .zero)
        try await fixture.plan(board, days: 0..<1)
        let claim = try #require(try await fixture.claim(board))
        try await board.intend(claim, shards: ["x"])
        try await board.complete(claim, ClaimProgress())
        try await fixture.plan(board, days: 0..<1)
        let again = try #require(try await fixture.claim(board))
        #expect(try await board.shardsInDoubt(again) == ["x"])
        await board.close()
    }

    @Test func `Two jobs in one database do not see each other`() async throws {
        let fixture = try BoardFixture()
        let (one, two) = (fixture.board("w", job: "one"), fixture.board("w", job: "two"))
        try await fixture.plan(one, days: 0..<1)
        try await fixture.plan(two, days: 5..<6)
        #expect(try await fixture.claim(one)?.fence.unit == "one/1970-01-01")
        #expect(try await fixture.claim(two)?.fence.unit == "two/1970-01-06")
        for board in [one, two] { await board.close() }
    }

    @Test func `The status counts units, files and workers`() async throws {
        let fixture = try BoardFixture()
        let board = fixture.board("w")
        #expect(try await board.status().planState == nil)
        try await fixture.plan(board, days: 0..<3)
        let claim = try #require(try await fixture.claim(board))
        var progress = ClaimProgress()
        progress.filesMigrated = 9
        progress.filesFailed = 1
        progress.bytes = 900
        progress.firstError = "a: missing"
        try await board.complete(claim, progress)
        _ = try await fixture.claim(board)
        var status = try await board.status()
        #expect((status.unitsPending, status.unitsLeased, status.unitsDone) == (1, 1, 1))
        #expect((status.rowsPlanned, status.filesMigrated, status.filesFailed, status.rowsLeft) == (30, 9, 1, 20))
        #expect(status.workers.map(\.state) == ["working"])
        #expect(status.workers.map(\.filesMigrated) == [9])
        try fixture.sql("UPDATE des_migration_workers SET seen_at = now() - interval '1 h'")
        status = try await board.status()
        #expect(status.workers.map(\.state) == ["silent"])
        try await board.end()
        #expect(try await board.status().workers.map(\.state) == ["ended"])
        await board.close()
    }

    @Test func `A wrong password is told without being shown`() async throws {
        let fixture = try BoardFixture()
        let url = fixture.server.postgresURL(database: fixture.database, password: "correct-horse")
        let board = UnitBoard(url, job: "j", worker: "w", lease: .seconds(60))
        do {
            try await board.begin()
            Issue.record("a wrong password was taken")
        } catch {
            #expect("\(error)".contains("password"))
            #expect(!"\(error)".contains("correct-horse"))
        }
        await board.close()
    }
}
