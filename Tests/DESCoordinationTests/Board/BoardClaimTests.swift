import DESCatalog
import DESCoordination
import DESCoordinationPostgres
import Testing

@Suite("Claiming units", .timeLimit(.minutes(5)))
struct BoardClaimTests {
    @Test("Eight workers claim each unit once, and each of them the oldest days first")
    func concurrent() async throws {
        let database = try BoardTestDatabase()
        let days = Dictionary(uniqueKeysWithValues: (0..<120).map { (Int64?.some($0), Int64(1)) })
        let first = try await database.planned("w0", days: days)
        let boards = [first] + (1..<8).map { database.board("w\($0)") }
        let claims = try await withThrowingTaskGroup(of: [Claim].self) { group in
            for board in boards {
                group.addTask {
                    var claims: [Claim] = []
                    while let (claim, _) = try await board.unit() {
                        claims.append(claim)
                        if claims.count.isMultiple(of: 2) { try await board.complete(claim, ClaimProgress()) }
                    }
                    return claims
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let all = claims.joined()
        #expect(all.count == 120)
        #expect(Set(all.map(\.name)).count == 120)
        #expect(Set(all.map(\.token)).count == 120)
        #expect(claims.allSatisfy { $0.map(\.name) == $0.map(\.name).sorted() })
        #expect(all.allSatisfy { $0.attempt == 1 })
        for board in boards { await board.close() }
    }

    @Test("The oldest day comes first, then the later ones by their shards, and what has no time last")
    func order() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [nil: 5, 20_000: 10, 3: 40, -5: 1], rowsPerUnit: 10)
        var names: [String] = []
        while let (claim, unit) = try await board.unit() {
            names.append(claim.name)
            #expect(claim.fence == Fence(unit: "des/\(unit.name)", token: claim.token))
            #expect(claim.subject == .unit(unit) && unit.name == claim.name && unit.cutoff == BoardTestDatabase.cutoff)
            #expect(unit.plannedRows == (unit.rows == .undated ? 5 : unit.rows == .day(-5) ? 1 : 10))
        }
        let split = ["00-03", "04-07", "08-0b", "0c-0f"].map { "1970-01-04/\($0)" }
        #expect(names == ["1969-12-27"] + split + ["2024-10-04", "undated"])
    }

    @Test("A unit whose lease has ended is taken over with a higher token, and the error names who was silent")
    func takeover() async throws {
        let database = try BoardTestDatabase()
        let late = try await database.planned(days: [1: 10])
        let board = database.board("b")
        let old = try await late.claim()
        #expect(try await board.unit() == nil)
        try await database.expireLeases()
        let new = try await board.claim()
        #expect(new.name == old.name && new.token > old.token && new.attempt == 2)
        #expect(
            try await database.text("SELECT holder, last_error FROM des_migration_units WHERE NOT is_plan")
                == "b|worker a was not heard of any more (attempt 1)")
        #expect(try await late.unit() == nil)
    }

    @Test("An ended lease that nobody has taken is still its holder's")
    func lateButFirst() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 10])
        let claim = try await board.claim()
        try await database.expireLeases()
        #expect(try await board.renew(claim, ClaimProgress()))
        #expect(try await database.board("b").unit() == nil)
        try await database.expireLeases()
        try await board.intend(claim, shards: ["s"])
        try await board.complete(claim, ClaimProgress())
    }

    @Test("A late worker is refused everywhere, and changes nothing", arguments: [false, true])
    func lateToken(isDone: Bool) async throws {
        let database = try BoardTestDatabase()
        let late = try await database.planned(days: [1: 10])
        let board = database.board("b")
        try await board.begin()
        let old = try await late.claim()
        try await late.intend(old, shards: ["s1", "s2"])
        try await database.expireLeases()
        let new = try await board.claim()
        try await board.intend(new, shards: ["s3"])
        if isDone { try await board.complete(new, ClaimProgress()) }
        let before = try await database.everything()

        var progress = ClaimProgress()
        progress.filesMigrated = 99
        #expect(try await !late.renew(old, progress))
        await expectRefused { try await late.intend(old, shards: ["s4"]) }
        await expectRefused { try await late.intend(old, shards: ["s1"]) }
        await expectRefused { try await late.intend(old, shards: ["s3"]) }
        await expectRefused { try await late.abandon(old, shard: "s1") }
        await expectRefused { try await late.abandon(old, shard: "s3") }
        await expectRefused { try await late.complete(old, progress) }
        await expectRefused { try await late.fail(old, progress, error: "late") }
        await expectRefused { try await late.release(old, progress) }
        await expectRefused { try await database.finish(late, old, [5: 5]) }
        try await late.forget(old, shards: ["s3"])
        #expect(try await database.everything() == before)
    }

    @Test("A planner that was taken over changes nothing, whoever has finished it")
    func latePlan() async throws {
        let database = try BoardTestDatabase()
        let late = database.board()
        try await late.begin()
        guard case .plan(let old) = try await late.next() else { throw TestError(message: "no plan") }
        try await database.expireLeases()
        let board = database.board("b")
        guard case .plan(let new) = try await board.next() else { throw TestError(message: "no plan") }
        for isDone in [false, true] {
            if isDone { try await database.finish(board, new, [1: 1]) }
            let before = try await database.everything()
            #expect(try await !late.renew(old, ClaimProgress()))
            await expectRefused { try await database.finish(late, old, [2: 2]) }
            await expectRefused { try await late.fail(old, ClaimProgress(), error: "late") }
            await expectRefused { try await late.release(old, ClaimProgress()) }
            #expect(try await database.everything() == before)
        }
        await expectRefused { try await database.finish(board, new, [3: 3]) }
    }

    @Test("A call that is repeated since its answer was lost is not refused, and counts once")
    func repeated() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned()
        let first = try await board.claim()
        try await board.intend(first, shards: ["s"])
        try await board.intend(first, shards: ["s"])
        try await board.complete(first, ClaimProgress())
        try await board.complete(first, ClaimProgress())
        let second = try await board.claim()
        try await board.release(second, ClaimProgress())
        try await board.release(second, ClaimProgress())
        let third = try await board.claim()
        #expect(third.name == second.name && third.attempt == 1)
        try await board.fail(third, ClaimProgress(), error: "x")
        try await board.fail(third, ClaimProgress(), error: "x")
        #expect(
            try await database.text(
                "SELECT unit, state, attempts FROM des_migration_units WHERE attempts > 0 ORDER BY 1")
                == "1970-01-02|done|1\n1970-01-03|pending|1")
    }

    @Test("A unit of values that this version does not know is refused, and stays for others")
    func unreadable() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 10])
        try await database.sql("UPDATE des_migration_units SET shard_bits = 99 WHERE NOT is_plan")
        let error = await #expect(throws: CoordinationError.self) { _ = try await board.next() }
        #expect(error?.code == .mismatch && error?.message.contains("1970-01-02") == true)
        #expect(
            try await database.text("SELECT state, attempts, holder FROM des_migration_units WHERE NOT is_plan")
                == "pending|0|")
    }
}
