import DESCoordination
import DESCoordinationPostgres
import Testing

@Suite("Shards and taking over", .timeLimit(.minutes(5)))
struct BoardTakeoverTests {
    @Test("Who takes a unit over sees the shards of all earlier holders, and not its own")
    func inDoubt() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 10, 2: 10])
        let first = try await board.claim()
        let other = try await board.claim()
        try await board.intend(other, shards: ["other"])
        try await board.intend(first, shards: ["s2", "s1", "settled"])
        try await board.forget(first, shards: ["settled"])
        #expect(try await board.shardsInDoubt(first) == [])
        try await board.release(first, ClaimProgress())
        let second = try await board.claim()
        #expect(second.name == first.name)
        try await board.intend(second, shards: ["s3"])
        #expect(try await board.shardsInDoubt(second) == ["s1", "s2"])
        try await board.abandon(second, shard: "s1")
        try await board.release(second, ClaimProgress())
        let third = try await board.claim()
        #expect(try await board.shardsInDoubt(third) == ["s2", "s3"])
    }

    @Test("A shard that was given up is its maker's to take back, or anybody's if the maker is gone")
    func abandoned() async throws {
        let database = try BoardTestDatabase()
        let late = try await database.planned(days: [1: 10])
        let old = try await late.claim()
        try await late.intend(old, shards: ["s1", "s2", "s3"])
        try await database.expireLeases()
        let board = database.board("b")
        let new = try await board.claim()
        for shard in ["s1", "s3", "s3"] { try await board.abandon(new, shard: shard) }
        #expect(try await late.abandoned(among: ["s1", "s2", "x"]) == ["s1"])
        await expectRefused { try await late.intend(old, shards: ["s1"]) }
        try await late.forget(old, shards: ["s1"])
        // Its maker has taken it back meanwhile: nothing is left to give up, and the unit is not lost.
        try await board.abandon(new, shard: "s1")
        // A holder never gives up its own.
        try await board.intend(new, shards: ["s4"])
        try await board.abandon(new, shard: "s4")
        #expect(try await board.abandoned(among: ["s4"]) == [])
    }

    @Test("A shard name that somebody else has noted is refused, and stays the other's")
    func sameName() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 10, 2: 10])
        let (first, second) = (try await board.claim(), try await board.claim())
        try await board.intend(first, shards: ["s"])
        await expectRefused { try await board.intend(second, shards: ["t", "s"]) }
        #expect(
            try await database.text("SELECT unit, token FROM des_migration_shards WHERE shard = 's'")
                == "\(first.name)|\(first.token)")
        try await board.intend(second, shards: [])
    }

    @Test("While shards are being noted the unit cannot be taken over; afterwards the taker sees them")
    func intendFirst() async throws {
        let database = try BoardTestDatabase()
        let late = try await database.planned(days: [1: 10])
        let board = database.board("b")
        let old = try await late.claim()
        try await database.expireLeases()
        // The late worker is held up in the middle of its statement, when it has the unit's row.
        let obstacle = try await OpenTransaction(
            database,
            "INSERT INTO des_migration_shards VALUES ('des', 'x', 0, 's2', 'intended')")
        async let noted: Void = late.intend(old, shards: ["s1", "s2"])
        try await database.untilWaiting(2)
        #expect(try await board.unit() == nil)
        try await obstacle.end()
        try await noted
        let new = try await board.claim()
        #expect(try await board.shardsInDoubt(new) == ["s1", "s2"])
    }

    @Test("While a unit is being taken over nothing is noted, and afterwards it is refused")
    func claimFirst() async throws {
        let database = try BoardTestDatabase()
        let late = try await database.planned(days: [1: 10])
        let board = database.board("b")
        try await board.begin()
        let old = try await late.claim()
        try await database.expireLeases()
        // The taker is held up before its commit.
        let obstacle = try await OpenTransaction(
            database, "SELECT FROM des_migration_workers WHERE worker = 'b' FOR UPDATE")
        async let claimed = board.claim()
        try await database.untilWaiting(2)
        let noted = Task { try await late.intend(old, shards: ["s1"]) }
        async let renewed = late.renew(old, ClaimProgress())
        try await database.untilWaiting(4)
        try await obstacle.end()
        let new = try await claimed
        let refusal = await #expect(throws: CoordinationError.self) { try await noted.value }
        #expect(refusal?.code == .lost)
        #expect(try await !renewed)
        #expect(try await board.shardsInDoubt(new) == [])
        #expect(try await database.text("SELECT shard FROM des_migration_shards") == "")
    }

    @Test("If the taking over does not come through, the holder goes on")
    func claimRolledBack() async throws {
        let database = try BoardTestDatabase()
        let board = try await database.planned(days: [1: 10])
        let claim = try await board.claim()
        let taker = try await OpenTransaction(
            database, "UPDATE des_migration_units SET token = token + 1000 WHERE NOT is_plan")
        async let noted: Void = board.intend(claim, shards: ["s1"])
        async let renewed = board.renew(claim, ClaimProgress())
        try await database.untilWaiting(3)
        try await taker.end()
        try await noted
        #expect(try await renewed)
    }

    @Test("A renewal that comes in the middle of a takeover wins or loses, never both")
    func renewalRace() async throws {
        let database = try BoardTestDatabase()
        let days = Dictionary(uniqueKeysWithValues: (0..<30).map { (Int64?.some($0), Int64(1)) })
        let holder = try await database.planned(days: days)
        let taker = database.board("b")
        while let (claim, _) = try await holder.unit() {
            try await database.sql(
                "UPDATE des_migration_units SET lease_until = clock_timestamp() WHERE unit = '\(claim.name)'")
            async let renewed = holder.renew(claim, ClaimProgress())
            async let noted: Bool = {
                do { try await holder.intend(claim, shards: [claim.name]) } catch { return false }
                return true
            }()
            let taken = try await taker.unit()?.0
            let isTaken = taken?.name == claim.name
            if let taken, isTaken {
                // What was noted before is seen; what was not is refused.
                let seen = try await taker.shardsInDoubt(taken)
                #expect(await noted == (seen == [claim.name]))
                _ = try await renewed
                #expect(try await !holder.renew(claim, ClaimProgress()))
                try await taker.complete(taken, ClaimProgress())
            } else {
                #expect(try await renewed)
                #expect(await noted)
                try await holder.complete(claim, ClaimProgress())
                if let taken { try await taker.complete(taken, ClaimProgress()) }
            }
        }
    }
}
