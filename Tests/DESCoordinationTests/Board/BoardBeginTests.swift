import DESCatalog
import DESCoordination
import DESCoordinationPostgres
import DESRouting
import DESTestSupport
import Testing

@Suite("Beginning on an empty database", .timeLimit(.minutes(5)))
struct BoardBeginTests {
    @Test("Eight workers that begin at once make the tables once, and all of them succeed")
    func race() async throws {
        for _ in 0..<5 {
            let database = try BoardTestDatabase()
            let boards = (0..<8).map { database.board("w\($0)") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for board in boards { group.addTask { try await board.begin() } }
                try await group.waitForAll()
            }
            #expect(try await database.text("SELECT unit, state FROM des_migration_units") == "plan|pending")
            #expect(try await database.text("SELECT count(*) FROM des_migration_workers") == "8")
            for board in boards { await board.close() }
        }
    }

    @Test("One worker makes the plan, the others wait and then have its units")
    func onePlan() async throws {
        let database = try BoardTestDatabase()
        let boards = (0..<8).map { database.board("w\($0)") }
        let answers = try await withThrowingTaskGroup(of: ClaimAnswer.self) { group in
            for board in boards {
                group.addTask {
                    try await board.begin()
                    return try await board.next()
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let plans = answers.compactMap { if case .plan(let claim) = $0 { claim } else { nil } }
        #expect(plans.count == 1)
        #expect(
            answers.count(where: { if case .wait(let time) = $0 { time > .zero && time <= .seconds(2) } else { false } }
            ) == 7)
        let plan = try #require(plans.first)
        #expect(try await database.finish(boards[0], plan, [1: 5, 2: 5]) == 2)
        #expect(try await boards[1].claim().name == "1970-01-02")
        #expect(try await boards[2].claim().name == "1970-01-03")
        guard case .wait = try await boards[3].next() else {
            Issue.record("others still work")
            return
        }
        for board in boards { await board.close() }
    }

    @Test("A plan is made again only when it is old, and a planner that is gone is replaced")
    func replanning() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [:])
        #expect(try await board.next() == .finished(setAside: 0))
        try await board.begin()
        #expect(try await board.next() == .finished(setAside: 0))
        let impatient = database.board("b", planAge: .zero)
        try await impatient.begin()
        guard case .plan(let first) = try await impatient.next(), case .wait = try await board.next() else {
            Issue.record("no plan is made")
            return
        }
        try await database.expireLeases()
        guard case .plan(let second) = try await board.next() else {
            Issue.record("the plan is not taken over")
            return
        }
        #expect(second.token > first.token && second.attempt == 2)
        await expectRefused { try await database.finish(impatient, first, [1: 1]) }
        #expect(try await database.finish(board, second, [2: 1]) == 1)
        #expect(try await database.text("SELECT unit FROM des_migration_units WHERE NOT is_plan") == "1970-01-03")
    }

    @Test("The first of eight workers that begin at once decides on the number of bits, and a plan does not change it")
    func bits() async throws {
        let database = try BoardTestDatabase()
        let boards = (0..<8).map { database.board("w\($0)") }
        let answers = try await withThrowingTaskGroup(of: Int.self) { group in
            for (number, board) in boards.enumerated() {
                let bits = try #require(ShardBits(number % 2 == 0 ? 4 : 8))
                group.addTask {
                    try await board.begin()
                    return try await board.agree(onBits: bits)
                }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(answers.count == 1)
        // A job of an older version says it with its plan.
        try await database.sql("UPDATE des_migration_units SET shard_bits = 0")
        try await database.plan(boards[0], [1: 1])
        let other = try #require(ShardBits(8))
        #expect(try await boards[1].agree(onBits: other) == 4)
        #expect(try await database.board("x", job: "another").status().planState == nil)
        for board in boards { await board.close() }
    }

    @Test("A job whose rows were taken away is never finished", arguments: ["TRUNCATE", "DELETE FROM"])
    func vanished(statement: String) async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 10])
        let claim = try await board.claim()
        try await database.sql("\(statement) des_migration_units")
        await expectRefused { try await board.complete(claim, ClaimProgress()) }
        let bits = try #require(ShardBits(4))
        for call in [{ _ = try await board.next() }, { _ = try await board.agree(onBits: bits) }]
            as [@Sendable () async throws -> Void]
        {
            let error = await #expect(throws: CoordinationError.self) { try await call() }
            #expect(error?.code == .vanished && error?.isTransient == false)
        }
        await board.close()
    }

    @Test("A plan that fails again and again is never set aside")
    func failingPlan() async throws {
        let database = try BoardTestDatabase()
        let board = database.board(attempts: 2)
        try await board.begin()
        for attempt in 1...4 {
            guard case .plan(let claim) = try await board.next() else {
                Issue.record("no plan to make")
                return
            }
            #expect(claim.attempt == attempt)
            try await board.fail(claim, ClaimProgress(), error: "no table")
            guard case .wait = try await board.next() else {
                Issue.record("it is tried again at once")
                return
            }
            try await database.sql("UPDATE des_migration_units SET not_before = clock_timestamp()")
        }
        #expect(try await database.text("SELECT state, last_error FROM des_migration_units") == "pending|no table")
    }

    @Test("Two jobs in one database do not see one another")
    func jobs() async throws {
        let database = try BoardTestDatabase()
        let one = try await database.planned(job: "one", days: [1: 10])
        let two = try await database.planned(job: "two", days: [1: 10, 2: 10])
        let claim = try await one.claim()
        try await one.intend(claim, shards: ["s"])
        let other = try await two.claim()
        #expect(claim.name == other.name && claim.fence.unit != other.fence.unit)
        #expect(try await two.shardsInDoubt(other) == [])
        try await two.intend(other, shards: ["s"])
        try await two.abandon(other, shard: "s")
        #expect(try await one.abandoned(among: ["s"]) == [])
        try await one.forget(claim, shards: ["s"])
        try await one.complete(claim, ClaimProgress())
        #expect(try await one.next() == .finished(setAside: 0))
        #expect(try await two.claim().name == "1970-01-03")
        #expect(try await one.status().unitsDone == 1)
        #expect(try await two.status().workers.count == 1)
        #expect(try await one.retrySetAside() == 0)
    }

    @Test("The first worker of a job decides on its store, also if eight come at once and the plan is made again")
    func store() async throws {
        let database = try BoardTestDatabase()
        let boards = (0..<8).map { database.board("w\($0)") }
        for board in boards { try await board.begin() }
        let agreed = try await withThrowingTaskGroup(of: String?.self) { group in
            for (number, board) in boards.enumerated() {
                group.addTask { try await board.agree(onStore: "store \(number)") ? "store \(number)" : nil }
            }
            return try await group.reduce(into: [String]()) { if let store = $1 { $0.append(store) } }
        }
        let store = try #require(agreed.first)
        #expect(agreed.count == 1)
        try await database.plan(boards[0], [1: 1])
        try await database.replan()
        try await database.plan(boards[0], [2: 1])
        try await database.board("late", planAge: .zero).begin()
        for board in boards {
            #expect(try await board.agree(onStore: store))
            #expect(try await !board.agree(onStore: "another"))
        }
        let other = database.board(job: "other")
        try await other.begin()
        #expect(try await other.agree(onStore: "another"))
        for board in boards { await board.close() }
    }

    @Test("Tokens are higher than all earlier ones even if the tables are dropped and made again")
    func tokens() async throws {
        let database = try BoardTestDatabase()
        let before = try await database.planned().claim()
        try await database.sql(
            """
            DROP TABLE des_migration_units, des_migration_shards, des_migration_workers;
            DROP SEQUENCE des_migration_tokens
            """)
        let after = try await database.planned("b").claim()
        #expect(after.token > before.token)
        try await database.sql("DROP TABLE des_migration_workers")
        try await database.board("c").begin()
        #expect(try await database.board("c").claim().token > after.token)
    }

    @Test("Who may not create tables is told which, and by what grants the others can be used")
    func noRights() async throws {
        let database = try BoardTestDatabase()
        let user = "limited_" + database.name.prefix(12)
        try await database.sql(
            "CREATE ROLE \(user) LOGIN PASSWORD 'geheim-7'; REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        let url = database.server.postgresURL(database: database.name, user: user, password: "geheim-7")
        let board = PostgresUnitBoard(url, job: "des", worker: "a", lease: .seconds(60))
        let error = await #expect(throws: CoordinationError.self) { try await board.begin() }
        let text = error?.description ?? ""
        #expect(text.contains("permission denied") && text.contains("CREATE TABLE IF NOT EXISTS des_migration_units"))
        #expect(error?.code == .database && error?.isTransient == false && !text.contains("geheim-7"))
        let advice = try #require(text.firstRange(of: "once: ").map { String(text[$0.upperBound...]) })
        // The advice is SQL that works.
        try await database.sql(
            advice.replacing("the worker's user", with: user).replacing("TO it", with: "TO \(user)"))
        try await board.begin()
        try await database.plan(board, [1: 1])
        let claim = try await board.claim()
        try await board.intend(claim, shards: ["s"])
        try await board.forget(claim, shards: ["s"])
        try await board.complete(claim, ClaimProgress())
        #expect(try await board.status().unitsDone == 1)
    }

    @Test("A wrong password is never printed")
    func wrongPassword() async throws {
        let database = try BoardTestDatabase()
        let url = database.server.postgresURL(database: database.name, password: "falsch-8731")
        let board = PostgresUnitBoard(url, job: "des", worker: "a", lease: .seconds(60))
        let error = await #expect(throws: CoordinationError.self) { try await board.begin() }
        #expect(error?.isTransient == false)
        let texts = [
            error.map { "\($0)" }, error.map { String(reflecting: $0) }, "\(board)", String(reflecting: board),
        ]
        #expect(texts.compactMap(\.self).allSatisfy { !$0.contains("falsch-8731") })
        #expect(texts[0]?.contains("password authentication failed") == true)
    }

    @Test("While the server is down calls fail in passing, and after its restart they work, with everything as it was")
    func restart() async throws {
        let database = try BoardTestDatabase(PostgresTestServer.start())
        let board = try await database.planned()
        let claim = try await board.claim()
        try await board.intend(claim, shards: ["s"])
        try database.server.restart()
        #expect(try await board.renew(claim, ClaimProgress()))
        try database.server.stop()
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await board.renew(claim, ClaimProgress()) }, { _ = try await board.next() },
            { try await board.intend(claim, shards: ["t"]) }, { try await board.complete(claim, ClaimProgress()) },
            { try await board.begin() }, { _ = try await board.status() },
        ]
        for call in calls {
            let error = await #expect(throws: CoordinationError.self) { try await call() }
            #expect(error?.isTransient == true && error?.code == .database)
        }
        try database.server.start()
        #expect(try await board.renew(claim, ClaimProgress()))
        try await board.intend(claim, shards: ["s", "t"])
        try database.server.kill()
        try database.server.start()
        try await board.complete(claim, ClaimProgress())
        let next = try await board.claim()
        #expect(next.name == "1970-01-03" && next.token > claim.token)
    }
}
