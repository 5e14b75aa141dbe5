import DESCoordination
import DESCoordinationPostgres
import Testing

@Suite("Attempts", .timeLimit(.minutes(5)))
struct BoardAttemptsTests {
    private let unit =
        "SELECT state, attempts, last_error, holder, lease_until IS NULL AS free FROM des_migration_units WHERE NOT is_plan"

    @Test("A unit whose workers die every time is set aside, and the error names the last one")
    func crashes() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned("w", days: [1: 10], attempts: 3)
        for attempt in 1...3 {
            #expect(try await board.claim().attempt == attempt)
            try await database.expireLeases()
        }
        #expect(try await board.next() == .finished(setAside: 1))
        #expect(
            try await database.text(unit) == "set_aside|3|worker w was not heard of any more (attempt 3)|w|true")
        let status = try await board.status()
        #expect(status.unitsSetAside == 1 && status.rowsLeft == 0)
        #expect(status.setAside.map(\.unit) == ["1970-01-02"])
        #expect(status.setAside.first?.attempts == 3)
        #expect(status.setAside.first?.error == "worker w was not heard of any more (attempt 3)")
    }

    @Test("What used up its attempts is passed over for the next unit in the same call")
    func passedOver() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 10, 2: 10, 3: 10], attempts: 1)
        let late = [try await board.claim(), try await board.claim()]
        try await database.expireLeases()
        #expect(try await board.claim().name == "1970-01-04")
        for claim in late {
            #expect(try await !board.renew(claim, ClaimProgress()))
            await expectRefused { try await board.complete(claim, ClaimProgress()) }
        }
        #expect(try await board.status().unitsSetAside == 2)
    }

    @Test("A unit that fails is tried again after a pause that doubles, and then set aside with its error")
    func failures() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 10], attempts: 3)
        var pauses: [String] = []
        for attempt in 1...3 {
            let claim = try await board.claim()
            #expect(claim.attempt == attempt)
            try await board.fail(claim, ClaimProgress(), error: "disk \(attempt)")
            pauses.append(
                try await database.text(
                    """
                    SELECT round(extract(epoch FROM not_before - finished_at)) FROM des_migration_units WHERE NOT is_plan
                    """))
            guard attempt < 3 else { break }
            guard case .wait = try await board.next() else { throw TestError(message: "tried again at once") }
            try await database.sql("UPDATE des_migration_units SET not_before = clock_timestamp()")
        }
        #expect(pauses == ["60", "120", "240"])
        #expect(try await database.text(unit) == "set_aside|3|disk 3|a|true")
        #expect(try await board.next() == .finished(setAside: 1))
    }

    @Test("However often it failed, the pause is five minutes at most")
    func longestPause() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 10], attempts: .max / 2)
        try await database.sql("UPDATE des_migration_units SET attempts = 1000000 WHERE NOT is_plan")
        try await board.fail(board.claim(), ClaimProgress(), error: "x")
        #expect(
            try await database.text(
                "SELECT round(extract(epoch FROM not_before - finished_at)) FROM des_migration_units WHERE NOT is_plan")
                == "300")
    }

    @Test("What is given back can be claimed at once, and the attempt does not count")
    func release() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 10], attempts: 1)
        for _ in 0..<3 {
            let claim = try await board.claim()
            #expect(claim.attempt == 1)
            try await board.release(claim, ClaimProgress())
            #expect(try await database.text(unit) == "pending|0|||true")
        }
    }

    @Test("Units that were set aside are tried again on demand, with all their attempts")
    func retry() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 10, 2: 10], attempts: 1)
        for _ in 0..<2 { try await board.fail(board.claim(), ClaimProgress(), error: "x") }
        #expect(try await board.next() == .finished(setAside: 2))
        #expect(try await board.retrySetAside() == 2)
        #expect(try await board.retrySetAside() == 0)
        #expect(try await board.claim().attempt == 1)
        #expect(try await BoardTestDatabase().board().retrySetAside() == 0)
    }

    @Test("It is finished only when nothing waits and nobody works")
    func finished() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 10, 2: 10], attempts: 1)
        let (first, second) = (try await board.claim(), try await board.claim())
        try await board.fail(first, ClaimProgress(), error: "x")
        guard case .wait = try await board.next() else { throw TestError(message: "finished too early") }
        try await board.release(second, ClaimProgress())
        let other = database.board("b")
        let again = try await other.claim()
        guard case .wait = try await board.next() else { throw TestError(message: "finished too early") }
        try await other.complete(again, ClaimProgress())
        #expect(try await board.next() == .finished(setAside: 1))
    }

    @Test("Who waits asks soon at first and then more seldom, and soon again once it had work")
    func waiting() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 10])
        let claim = try await board.claim()
        let other = database.board("b")
        func waits() async throws -> [Duration] {
            var waits: [Duration] = []
            for _ in 0..<8 {
                guard case .wait(let time) = try await other.next() else { throw TestError(message: "no wait") }
                waits.append(time)
            }
            return waits
        }
        let expected = [100, 200, 400, 800, 1600, 2000, 2000, 2000].map { Duration.milliseconds($0) }
        #expect(try await waits() == expected)
        try await board.release(claim, ClaimProgress())
        _ = try await other.claim()
        #expect(try await waits() == expected)
    }
}
