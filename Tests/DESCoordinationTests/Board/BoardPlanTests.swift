import DESBase
import DESCatalog
import DESCoordination
import DESCoordinationPostgres
import DESTestSupport
import Testing

@Suite("Planning again", .timeLimit(.minutes(5)))
struct BoardPlanTests {
    private let units = "SELECT unit, state, rows_planned FROM des_migration_units WHERE NOT is_plan ORDER BY unit"
    private let later = Timestamp(
        microsecondsSinceEpoch: BoardTestDatabase.cutoff.microsecondsSinceEpoch + 86_400_000_000)

    @Test("Leased and waiting days keep their units, done ones begin anew, and new ones come in")
    func again() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 10, 2: 10, 3: 10, 4: 10], attempts: 1)
        let done = try await board.claim()
        try await board.complete(done, ClaimProgress())
        let setAside = try await board.claim()
        try await board.fail(setAside, ClaimProgress(), error: "no")
        let leased = try await board.claim()
        try await database.replan()
        #expect(
            try await database.plan(board, [1: 3, 2: 5000, 3: 5000, 4: 5000, 5: 5, nil: 7], cutoff: later) == 5)
        #expect(
            try await database.text(units) == """
                1970-01-02|pending|3
                1970-01-03|set_aside|10
                1970-01-04|leased|10
                1970-01-05|pending|10
                1970-01-06|pending|5
                undated|pending|7
                """)
        // Rows that have become old enough: for those that nobody has begun, and not under the hands of who has.
        #expect(
            try await database.text(
                "SELECT unit FROM des_migration_units WHERE NOT is_plan AND cutoff > timestamptz '2023-11-15' ORDER BY 1"
            )
                == "1970-01-02\n1970-01-05\n1970-01-06\nundated")
        try await board.complete(leased, ClaimProgress())
        let again = try await board.claim()
        #expect(again.name == "1970-01-02" && again.token > done.token && again.attempt == 1)
        await expectRefused { try await board.complete(done, ClaimProgress()) }
    }

    @Test("The cutoff of a waiting unit never goes back")
    func cutoff() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 10])
        try await database.replan()
        try await database.plan(board, [1: 10], cutoff: Timestamp(microsecondsSinceEpoch: 5))
        #expect(try await board.unit()?.1.cutoff == BoardTestDatabase.cutoff)
    }

    @Test("A day is split otherwise only when all of its parts are done")
    func split() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 40], rowsPerUnit: 10)
        let claims = [
            try await board.claim(), try await board.claim(), try await board.claim(), try await board.claim(),
        ]
        for claim in claims.prefix(3) { try await board.complete(claim, ClaimProgress()) }
        try await database.replan()
        #expect(try await database.plan(board, [1: 20], rowsPerUnit: 10) == 1)
        #expect(try await database.text("SELECT count(*) FROM des_migration_units WHERE NOT is_plan") == "4")
        try await board.complete(claims[3], ClaimProgress())
        try await database.replan()
        #expect(try await database.plan(board, [1: 20], rowsPerUnit: 10) == 2)
        #expect(
            try await database.text(units) == "1970-01-02/00-07|pending|10\n1970-01-02/08-0f|pending|10")
    }

    @Test("Whatever is planned when, no two units that are open have a row in common")
    func noOverlap() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [:])
        var random = TestRandom(seed: 7)
        var held: [Claim] = []
        for _ in 0..<40 {
            try await database.replan()
            let days = Dictionary(
                uniqueKeysWithValues: (0..<6).map { (Int64?.some($0), Int64.random(in: 0...200, using: &random)) })
            try await database.plan(board, days, rowsPerUnit: [10, 50, 300].randomElement(using: &random) ?? 10)
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                guard let (claim, unit) = try await board.unit() else { break }
                if Bool.random(using: &random) {
                    try await board.intend(claim, shards: ["\(unit.name)-\(claim.token)"])
                }
                held.append(claim)
            }
            held.shuffle(using: &random)
            for claim in held.prefix(Int.random(in: 0...10, using: &random)) {
                switch Int.random(in: 0...3, using: &random) {
                case 0: try await board.release(claim, ClaimProgress())
                case 1:
                    try await board.forget(claim, shards: ["\(claim.name)-\(claim.token)"])
                    try await board.complete(claim, ClaimProgress())
                default: try await board.complete(claim, ClaimProgress())
                }
                held.removeAll { $0 == claim }
            }
            let overlaps = try await database.text(
                """
                SELECT a.unit, b.unit AS other FROM des_migration_units a JOIN des_migration_units b
                    ON a.unit < b.unit AND a.day = b.day AND a.first_shard <= b.last_shard AND b.first_shard <= a.last_shard
                """)
            #expect(overlaps == "")
            // What a claim noted is never out of reach of who has its unit next.
            let orphans = try await database.text(
                """
                SELECT shard FROM des_migration_shards s WHERE state = 'intended'
                    AND NOT EXISTS (SELECT FROM des_migration_units u WHERE u.job = s.job AND u.unit = s.unit)
                """)
            #expect(orphans == "")
        }
    }

    @Test("Done units with noted shards begin anew as they are, so that somebody looks after the shards")
    func revived() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 40, 2: 10], rowsPerUnit: 20)
        let claims = [try await board.claim(), try await board.claim(), try await board.claim()]
        try await board.intend(claims[1], shards: ["s1"])
        try await board.intend(claims[2], shards: ["s2", "s3"])
        try await board.forget(claims[2], shards: ["s2"])
        var progress = ClaimProgress()
        progress.filesMigrated = 20
        for claim in claims { try await board.complete(claim, progress) }
        try await database.replan()
        // Day 2 has no pending rows any more.
        #expect(try await database.plan(board, [1: 900], rowsPerUnit: 20) == 3)
        #expect(
            try await database.text(units)
                == "1970-01-02/00-07|pending|450\n1970-01-02/08-0f|pending|450\n1970-01-03|pending|0")
        #expect(try await board.status().rowsLeft == 900)
        var inDoubt: [String: [String]] = [:]
        while let (claim, _) = try await board.unit() { inDoubt[claim.name] = try await board.shardsInDoubt(claim) }
        #expect(inDoubt == ["1970-01-02/00-07": [], "1970-01-02/08-0f": ["s1"], "1970-01-03": ["s3"]])
    }

    @Test("Days without rows any more go away with nothing but their numbers")
    func vanished() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 1])
        try await board.complete(board.claim(), ClaimProgress())
        try await database.replan()
        #expect(try await database.plan(board, [:]) == 0)
        #expect(try await board.next() == .finished(setAside: 0))
        #expect(try await database.text(units) == "1970-01-02|done|1")
    }
}
