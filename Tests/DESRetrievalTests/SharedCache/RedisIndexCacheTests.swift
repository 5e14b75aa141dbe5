import DESRetrieval
import DESTestSupport
import Testing

@Suite("Indexes in Redis")
struct RedisIndexCacheTests {
    private let key = "des:index:bucket/20240229_07_x.des/etag"

    /// A cache whose pauses end when the test says so.
    private struct World {
        let cache: RedisIndexCache
        let observer = SharedCacheFailures()
        let clock = RedisTestClock()

        init(_ url: String, largestValue: Int = 8 << 20, timeout: Duration = .seconds(10)) throws {
            var settings = try RedisSettings(url: url)
            settings.connectTimeout = timeout
            settings.commandTimeout = timeout
            settings.largestValue = largestValue
            let clock = clock
            cache = RedisIndexCache(
                settings, observer: observer, timing: RedisTiming(elapsed: { clock.now }, random: { 0 }))
        }

        /// Gives a value to be kept until it can be had.
        func keep(_ value: [UInt8], _ key: String) async throws {
            let isKept = try await becomes {
                await cache.keep(value, key: key)
                return await cache.value(of: key) == value
            }
            #expect(isKept)
        }
    }

    @Test("A value is kept for a week and found by another process", arguments: [0, 1, 100_000, 8 << 20])
    func roundTrip(_ size: Int) async throws {
        let server = try RedisTestServer.start()
        let value = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let first = try World(server.url + "/3")
        #expect(await first.cache.value(of: key) == nil)
        try await first.keep(value, key)
        #expect(await (try World(server.url + "/3")).cache.value(of: key) == value)
        #expect(await (try World(server.url)).cache.value(of: key) == nil)
        let left = try #require(Int(try server.redis(["-n", "3", "TTL", key])))
        #expect(left > 7 * 86_400 - 600 && left <= 7 * 86_400)
        #expect(first.observer.messages == [])
    }

    @Test("A value that is too large is not kept, and one that somebody else put there is not even fetched whole")
    func tooLarge() async throws {
        let server = try RedisTestServer.start()
        let world = try World(server.url, largestValue: 1000)
        await world.cache.keep([UInt8](repeating: 1, count: 1001), key: "large")
        try await world.keep([UInt8](repeating: 1, count: 1000), "fits")
        #expect(try server.redis(["EXISTS", "large"]) == "0")
        let others = try World(server.url)
        try await others.keep([UInt8](repeating: 1, count: 5000), "large")
        #expect(await world.cache.value(of: "large") == nil)
    }

    @Test(
        "What is not ours, cut short or of another type is a miss, is told once, and is replaced",
        arguments: [
            ["SET", "KEY", "foreign"], ["SETRANGE", "KEY", "20", "x"], ["APPEND", "KEY", "x"], ["LPUSH", "KEY", "x"],
        ])
    func foreign(_ command: [String]) async throws {
        let server = try RedisTestServer.start()
        let world = try World(server.url)
        let value = Array("the bytes of an index".utf8)
        try await world.keep(value, key)
        if command[0] == "LPUSH" { try server.redis(["DEL", key]) }
        try server.redis(command.map { $0 == "KEY" ? key : $0 })
        #expect(await world.cache.value(of: key) == nil)
        #expect(await world.cache.value(of: key) == nil)
        #expect(world.observer.messages.count == 1)
        try await world.keep(value, key)
    }

    @Test("While the server is gone values are not looked for; a pause later they are kept and found again")
    func restart() async throws {
        let server = try RedisTestServer.start()
        let world = try World(server.url)
        try await world.keep([1], key)
        try server.kill()
        #expect(await world.cache.value(of: key) == nil)
        #expect(world.observer.messages.count == 1)
        #expect(world.observer.messages.first?.contains("shared index cache redis://127.0.0.1:") == true)
        // Nothing is sent: it is told once.
        for _ in 0..<100 { #expect(await world.cache.value(of: key) == nil) }
        world.clock.advance(by: .milliseconds(1001))
        #expect(await world.cache.value(of: key) == nil)
        #expect(world.observer.messages.count == 2)
        try server.start()
        #expect(await world.cache.value(of: key) == nil)
        world.clock.advance(by: .milliseconds(2001))
        try await world.keep([2], key)
        #expect(world.observer.messages.count == 2)
    }

    @Test("A restart between two reads is not noticed")
    func quickRestart() async throws {
        let server = try RedisTestServer.start()
        let world = try World(server.url)
        try await world.keep([1], key)
        try server.restart()
        #expect(await world.cache.value(of: key) == nil)
        try await world.keep([2], key)
        #expect(world.observer.messages == [])
    }

    @Test("A server that is frozen holds up the readers of one moment once, and then nobody until the pause is over")
    func frozen() async throws {
        let server = try RedisTestServer.start()
        let world = try World(server.url, timeout: .milliseconds(250))
        await world.cache.keep([1], key: key)
        try server.perform("pause")
        defer { try? server.perform("resume") }
        let start = ContinuousClock.now
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<100 { group.addTask { [key] in #expect(await world.cache.value(of: key) == nil) } }
        }
        let waited = start.duration(to: .now)
        // One after the other would be 12 s.
        #expect(waited < .seconds(5))
        let next = ContinuousClock.now
        for _ in 0..<1000 { #expect(await world.cache.value(of: key) == nil) }
        #expect(next.duration(to: .now) < .seconds(5))
        #expect(world.observer.messages.count == 1)
        #expect(world.observer.messages.first?.contains("no answer within 0.25 seconds") == true)
        try server.perform("resume")
        world.clock.advance(by: .seconds(2))
        #expect(
            try await becomes {
                world.clock.advance(by: .seconds(31))
                await world.cache.keep([2], key: key)
                return await world.cache.value(of: key) == [2]
            })
    }

    @Test(
        "A password that is missing, wrong or new, is told without it, and the right one works", .timeLimit(.minutes(5))
    )
    func password() async throws {
        let server = try RedisTestServer.start()
        let unaware = try World(server.url)
        try await unaware.keep([1], key)
        try server.configureRedis(["requirepass geheim-7", "user karl on >sehr@geheim ~* +@all"])
        try server.restart()
        #expect(await unaware.cache.value(of: key) == nil)
        #expect(unaware.observer.messages.first?.contains("NOAUTH") == true)
        let address = server.url.replacing("redis://", with: "")
        for (login, works) in [
            (":geheim-7@", true), ("default:geheim-7@", true), ("karl:sehr%40geheim@", true), (":geheim-8@", false),
            ("karl:geheim-7@", false), ("karl@", false),
        ] {
            let world = try World("redis://\(login)\(address)/1")
            if works { try await world.keep([1], key) } else { #expect(await world.cache.value(of: key) == nil) }
            #expect(world.observer.messages.count == (works ? 0 : 1))
            for message in world.observer.messages {
                #expect(message.contains("AUTH is refused: WRONGPASS") && !message.contains("geheim"))
            }
        }
    }

    @Test("A server that quotes a command it does not know does not bring the password into a message")
    func quotedPassword() async throws {
        let server = try RedisTestServer.start(settings: ["rename-command AUTH \"\""])
        let world = try World(server.url.replacing("redis://", with: "redis://:geheim@"))
        #expect(await world.cache.value(of: key) == nil)
        #expect(world.observer.messages.count == 1)
        #expect(world.observer.messages.first?.contains("geheim") == false)
    }

    @Test("A server without room or that is a replica refuses values; what it has can be read on")
    func full() async throws {
        let server = try RedisTestServer.start(settings: ["maxmemory-policy noeviction"])
        let world = try World(server.url)
        try await world.keep([1], key)
        for (command, reason) in [
            (["CONFIG", "SET", "maxmemory", "1"], "OOM"), (["CONFIG", "SET", "maxmemory", "0"], nil),
            (["REPLICAOF", "127.0.0.1", "1"], "READONLY"),
        ] {
            try server.redis(command)
            guard let reason else { continue }
            world.clock.advance(by: .seconds(60))
            let before = world.observer.messages.count
            await world.cache.keep([2], key: "other")
            #expect(try await becomes { world.observer.messages.count == before + 1 })
            #expect(world.observer.messages.last?.contains(reason) == true)
            for _ in 0..<20 { await world.cache.keep([2], key: "other") }
            #expect(await world.cache.value(of: key) == [1])
            #expect(await world.cache.value(of: "other") == nil)
            #expect(world.observer.messages.count == before + 1)
        }
        try server.redis(["REPLICAOF", "NO", "ONE"])
        world.clock.advance(by: .seconds(60))
        try await world.keep([2], "other")
    }

    @Test("A reader that is cancelled does not wait for a frozen server")
    func cancelled() async throws {
        let server = try RedisTestServer.start()
        let world = try World(server.url, timeout: .seconds(600))
        try await world.keep([1], key)
        try server.perform("pause")
        defer { try? server.perform("resume") }
        let readers = (0..<5).map { _ in Task { [key] in await world.cache.value(of: key) } }
        for reader in readers { reader.cancel() }
        for reader in readers { #expect(await reader.value == nil) }
        #expect(world.observer.messages == [])
    }

    @Test("A cache that is let go takes its threads and connections with it")
    func ending() async throws {
        let server = try RedisTestServer.start()
        do {
            let world = try World(server.url)
            try await world.keep([1], key)
        }
        // The client that asks is one itself.
        #expect(try await becomes { try server.redis(["CLIENT", "LIST"]).split(separator: "\n").count == 1 })
    }
}
