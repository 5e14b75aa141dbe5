import DESCoordination
import DESCoordinationPostgres
import Testing

@Suite("Workers on different units", .timeLimit(.minutes(5)))
struct BoardWaitingTests {
    @Test("They never wait for one another, whatever one of them holds")
    func disjoint() async throws {
        let database = try BoardTestDatabase()
        let one = try await database.planned("a", days: [1: 10, 2: 10, 3: 10])
        let two = database.board("b")
        try await two.begin()
        let held = try await one.claim()
        try await one.intend(held, shards: ["s1"])
        // Everything that the first worker could ever lock, for as long as it likes.
        let obstacle = try await OpenTransaction(
            database,
            """
            UPDATE des_migration_units SET files_migrated = 1 WHERE unit = '\(held.name)';
            UPDATE des_migration_workers SET unit = 'x' WHERE worker = 'a';
            UPDATE des_migration_shards SET noted_at = now() WHERE unit = '\(held.name)';
            INSERT INTO des_migration_shards VALUES ('des', '\(held.name)', \(held.token), 's2', 'intended')
            """)
        let claim = try await two.claim()
        #expect(claim.name != held.name)
        #expect(try await two.renew(claim, ClaimProgress()))
        try await two.intend(claim, shards: ["t1", "t2"])
        #expect(try await two.shardsInDoubt(claim) == [])
        try await two.forget(claim, shards: ["t1"])
        #expect(try await two.abandoned(among: ["t2"]) == [])
        try await two.fail(claim, ClaimProgress(), error: "x")
        let next = try await two.claim()
        try await two.release(next, ClaimProgress())
        try await two.complete(two.claim(), ClaimProgress())
        guard case .wait = try await two.next() else { throw TestError(message: "not all is done") }
        #expect(try await two.status().unitsDone == 1)
        try await two.begin()
        try await two.end()
        #expect(
            try await database.text(
                """
                SELECT count(*) FROM pg_locks l JOIN pg_stat_activity USING (pid) WHERE NOT granted
                    AND datname = current_database() AND locktype <> 'advisory'
                """) == "0")
        try await obstacle.end()
        #expect(try await one.renew(held, ClaimProgress()))
    }

    @Test("Eight workers at full speed wait for one another for instants at most")
    func busy() async throws {
        let database = try BoardTestDatabase()
        let days = Dictionary(uniqueKeysWithValues: (0..<64).map { (Int64?.some($0), Int64(1)) })
        let first = try await database.planned("w0", days: days)
        let boards = [first] + (1..<8).map { database.board("w\($0)") }
        for board in boards { try await board.begin() }
        let waits = try await withThrowingTaskGroup(of: Set<String>.self) { group in
            for board in boards {
                group.addTask {
                    try await Self.work(board)
                    return []
                }
            }
            group.addTask {
                var waits: Set<String> = []
                while try await database.text("SELECT count(*) FROM des_migration_units WHERE state <> 'done'") != "0" {
                    // A claim looks at rows that others are just claiming; that ends with its statement.
                    let waiting = try await database.text(
                        """
                        SELECT locktype, query FROM pg_locks JOIN pg_stat_activity USING (pid)
                        WHERE NOT granted AND datname = current_database()
                            AND waitstart < clock_timestamp() - interval '500 ms'
                        """)
                    if !waiting.isEmpty { waits.insert(waiting) }
                }
                return waits
            }
            return try await group.reduce(into: Set()) { $0.formUnion($1) }
        }
        #expect(waits == Set())
        for board in boards { await board.close() }
    }

    private static func work(_ board: PostgresUnitBoard) async throws {
        while let (claim, _) = try await board.unit() {
            for number in 0..<5 {
                try await board.intend(claim, shards: ["\(claim.name)-\(number)"])
                guard try await board.renew(claim, ClaimProgress()) else { throw TestError(message: "lost") }
            }
            try await board.complete(claim, ClaimProgress())
        }
    }
}
