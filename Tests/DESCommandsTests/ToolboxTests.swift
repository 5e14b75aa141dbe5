import Foundation
import Testing

@testable import DESCommands

@Suite(.timeLimit(.minutes(5))) struct ToolboxTests {
    private let place: Workspace
    private static let goldenShards = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "DESShardTests/Golden/des2").path

    init() throws { place = try Workspace() }

    /// Two shards of three files, in `shards/`.
    private func makeShards() throws {
        var first = TestShard()
        first.add("a.txt", "first a")
        first.add("b.txt", "first b")
        try place.write(first.bytes, to: "shards/first.des")
        var second = TestShard()
        second.add("c.txt", "second c", createdAt: "2025-06-07T08:09:10Z")
        try place.write(second.bytes, to: "shards/second.des")
    }

    /// As before, with one changed byte in `a.txt`.
    private func makeDamagedShards() throws {
        try makeShards()
        var shard = TestShard()
        shard.add("a.txt", "first a")
        shard.add("b.txt", "first b")
        var bytes = shard.bytes
        bytes[try #require(shard.offsets["a.txt"])] ^= 1
        try place.write(bytes, to: "shards/first.des")
    }

    // MARK: - Looking

    @Test("ls lists each file with its sizes, codec and shard, as a table or as JSON lines")
    func list() async throws {
        try makeShards()
        let table = try await place.run("des", "ls", "shards/")
        #expect(table.end == .exit(0))
        #expect(
            table.output == """
                uid\tsize\tstored\tcodec\tshard
                a.txt\t7\t7\tnone\tfirst.des
                b.txt\t7\t7\tnone\tfirst.des
                c.txt\t8\t8\tnone\tsecond.des

                """)
        let json = try await place.run("des", "ls", "shards/second.des", "--json")
        let object = try json.json()
        #expect(object["uid"] as? String == "c.txt")
        #expect(object["created_at"] as? String == "2025-06-07T08:09:10Z")
        #expect(object["big_file"] as? Bool == false)
    }

    @Test("the reader of ls may stop reading")
    func listIntoHead() async throws {
        var shard = TestShard()
        for number in 0..<20_000 { shard.add("\(number)", "") }
        try place.write(shard.bytes, to: "many.des")
        let program = try BuiltPrograms.folder() + "/des"
        let result = try await place.run("/bin/bash", "-c", "'\(program)' ls many.des | head -n 2")
        #expect(result.end == .exit(0))
        #expect(result.output == "uid\tsize\tstored\tcodec\tshard\n0\t0\t0\tnone\tmany.des\n")
        #expect(result.errors.isEmpty)
    }

    @Test("a result that cannot be written is an error, not a short result", arguments: ["ls", "stat", "verify"])
    func fullDisk(_ command: String) async throws {
        try makeShards()
        let program = try BuiltPrograms.folder() + "/des"
        let result = try await place.run("/bin/bash", "-c", "'\(program)' \(command) shards > /dev/full")
        #expect(result.end == .exit(1))
        #expect(result.errors.contains("standard output"))
    }

    @Test("stat counts files, bytes and codecs of our golden shards")
    func stat() async throws {
        let result = try await place.run("des", "stat", Self.goldenShards, "--json")
        #expect(result.end == .exit(0), "\(result.everything)")
        let object = try result.json()
        #expect(object["unreadable_shards"] as? Int == 0)
        #expect(try #require(object["shards"] as? Int) >= 6)
        #expect(Set(try #require(object["shards_by_version"] as? [String: Int]).keys) == ["1", "2"])
    }

    @Test("stat survives sizes that cannot be true")
    func absurdSizes() async throws {
        var shard = TestShard()
        shard.addBigFile("one", sha256: String(repeating: "0", count: 64), size: .max)
        shard.addBigFile("two", sha256: String(repeating: "1", count: 64), size: .max)
        try place.write(shard.bytes, to: "absurd.des")
        for command in ["stat", "ls", "verify"] {
            let result = try await place.run("des", command, "absurd.des")
            #expect(result.end == (command == "verify" ? .exit(3) : .exit(0)), "\(result.everything)")
        }
    }

    @Test("cat writes the bytes of one file and nothing else")
    func cat() async throws {
        try makeShards()
        let result = try await place.run("des", "cat", "shards", "c.txt")
        #expect(result.end == .exit(0))
        #expect(result.output == "second c")
        #expect(result.errors.isEmpty)
        let unknown = try await place.run("des", "cat", "shards", "d.txt")
        #expect(unknown.end == .exit(1))
        #expect(unknown.output.isEmpty)
        #expect(unknown.errors.contains("d.txt"))
    }

    @Test("of a uid in several shards, cat takes the newest, or the one of the given time")
    func catOfSeveral() async throws {
        for (name, time, contents) in [
            ("20240102_61_0000.des", "2024-01-02T00:00:00Z", "old"),
            ("20240202_61_0000.des", "2024-02-02T00:00:00Z", "new"),
        ] {
            var shard = TestShard()
            shard.add("97", contents, createdAt: time)
            try place.write(shard.bytes, to: "shards/\(name)")
        }
        #expect(try await place.run("des", "cat", "shards", "97").output == "new")
        #expect(try await place.run("des", "cat", "shards", "97", "--created-at", "2024-01-02").output == "old")

        try place.write("not a shard at all, though long enough", to: "shards/20240302_61_0000.des")
        let beside = try await place.run("des", "cat", "shards", "97")
        #expect(beside.end == .exit(0))
        #expect(beside.output == "new")
        #expect(beside.errors.contains("20240302_61_0000.des"))
    }

    @Test("locate tells day, shard and names, as the routing rule has it")
    func locate() async throws {
        let result = try await place.run(
            "des", "locate", "12345", "--created-at", "2024-01-02T23:30:00-01:00", "--json")
        #expect(result.end == .exit(0))
        let object = try result.json()
        #expect(object["date_dir"] as? String == "20240103")
        #expect(object["shard_index"] as? Int == 12345 % 256)
        #expect(object["shard_hex"] as? String == "39")
        #expect(object["prefix"] as? String == "20240103_39_")
        #expect(object["pattern"] as? String == "20240103_39_*.des")
        // No object is called 20240103/39.des.
        #expect(object["object_key"] == nil)
        let text = try await place.run("des", "locate", "12345", "--created-at", "2024-01-03", "--n-bits", "4")
        #expect(text.output.contains("20240103_9_*.des"))
        let wrong = try await place.run("des", "locate", "12345", "--created-at", "soon")
        #expect(wrong.end == .exit(64))
    }

    @Test(
        "a place that is none is exit code 1 and named",
        arguments: ["nowhere", "/dev/null"], ["ls", "stat", "verify"])
    func noPlace(_ name: String, _ command: String) async throws {
        let result = try await place.run("des", command, name)
        #expect(result.end == .exit(1))
        #expect(result.errors.contains(name))
    }

    // MARK: - Damage

    @Test("verify calls our golden shards whole")
    func verifyGolden() async throws {
        let result = try await place.run("des", "verify", Self.goldenShards)
        #expect(result.end == .exit(0), "\(result.everything)")
        #expect(result.output.contains("0 damaged"))
    }

    @Test("verify names the damaged entry and its shard, checks the others, and ends with exit code 3")
    func verifyDamaged() async throws {
        try makeDamagedShards()
        let result = try await place.run("des", "verify", "shards")
        #expect(result.end == .exit(3))
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("DAMAGED shards/first.des"))
        #expect(lines[0].contains("\"a.txt\""))
        #expect(lines[1].hasPrefix("2 files"))

        let json = try await place.run("des", "verify", "shards", "--json")
        #expect(json.end == .exit(3))
        let damaged = try #require(try json.json()["damaged"] as? [[String: Any]])
        #expect(damaged.map { $0["uid"] as? String } == ["a.txt"])
    }

    @Test("a damaged file is not given out; the others are")
    func readDamaged() async throws {
        try makeDamagedShards()
        let damaged = try await place.run("des", "cat", "shards", "a.txt")
        #expect(damaged.end == .exit(1))
        #expect(damaged.output.isEmpty)
        #expect(damaged.errors.contains("a.txt"))
        let extraction = try await place.run("des", "extract", "shards", "--output", "out")
        #expect(extraction.end == .exit(3))
        #expect(extraction.errors.contains("a.txt"))
        #expect(place.names("out") == ["b.txt", "c.txt"])
    }

    @Test(
        "a shard that is cut off is named, and the others are worked on",
        arguments: ["ls", "stat", "verify", "extract"])
    func truncated(_ command: String) async throws {
        try makeShards()
        try place.write(try place.bytes("shards/first.des").dropLast(3), to: "shards/first.des")
        let more = command == "extract" ? ["--output", "out"] : []
        let result = try await CommandRun("des", [command, "shards"] + more, in: place.path).finish()
        #expect(result.end == .exit(3))
        #expect(result.everything.contains("first.des"))
        if command == "ls" { #expect(result.output.contains("c.txt")) }
        if command == "extract" { #expect(place.names("out") == ["c.txt"]) }
    }

    @Test("a shard cannot name a file outside of the folder of big files")
    func bigFileElsewhere() async throws {
        try place.write("secret", to: "secret")
        var shard = TestShard()
        shard.addBigFile("big", sha256: "../../secret", size: 6)
        try place.write(shard.bytes, to: "shards/big.des")
        try place.write("", to: "shards/_bigFiles/none")
        let read = try await place.run("des", "cat", "shards", "big")
        #expect(read.end == .exit(1))
        #expect(read.output.isEmpty)
        #expect(try await place.run("des", "verify", "shards").end == .exit(3))
    }

    @Test("a big file that is gone or changed is damage of its entry")
    func bigFile() async throws {
        let hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        var shard = TestShard()
        shard.addBigFile("big", sha256: hash, size: 5)
        try place.write(shard.bytes, to: "big.des")
        #expect(try await place.run("des", "verify", "big.des").end == .exit(3))
        try place.write("hellO", to: "_bigFiles/\(hash)")
        let changed = try await place.run("des", "verify", "big.des")
        #expect(changed.end == .exit(3))
        #expect(changed.output.contains("\"big\""))
        #expect(try await place.run("des", "extract", "big.des", "--output", "out").end == .exit(3))
        #expect(place.names("out").isEmpty)
        try place.write("hello", to: "_bigFiles/\(hash)")
        #expect(try await place.run("des", "verify", "big.des").end == .exit(0))
        #expect(try await place.run("des", "cat", "big.des", "big").output == "hello")
    }
}
