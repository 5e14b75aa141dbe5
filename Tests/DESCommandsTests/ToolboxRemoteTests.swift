import DESBase
import DESShard
import Foundation
import Testing

@testable import DESCommands

@Suite(.timeLimit(.minutes(5))) struct ToolboxRemoteTests {
    private let place: Workspace
    private static let hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

    init() throws { place = try Workspace() }

    private func write(_ shard: TestShard, _ name: String) throws {
        try place.write(shard.bytes, to: "buckets/b/p/\(name)")
    }

    /// Three shards, one with a big file, one with an index that is larger than what is read at first.
    private func makeShards() throws {
        var first = TestShard()
        first.add("a.txt", "first a")
        first.addBigFile("big", sha256: Self.hash, size: 5)
        first.add("b \u{4E2D}\u{E9} ", "first b")
        try write(first, "first one two \u{E9}.des")
        try place.write("hello", to: "buckets/b/p/_bigFiles/\(Self.hash)")
        var second = TestShard()
        for number in 0..<2000 { second.add("file-\(number)", "content \(number)") }
        try write(second, "many.des")
        var third = TestShard()
        third.add("large", bytes: [UInt8](repeating: 7, count: 200_000))
        third.add("c.txt", "third c")
        try write(third, "third.des")
        try place.write("no shard", to: "buckets/b/p/readme.txt")
        try place.write("no shard either", to: "buckets/b/p/sub/other.des")
    }

    // MARK: - The same as local

    @Test(
        "a prefix in S3 gives what the same local folder gives",
        arguments: [["ls"], ["ls", "--json"], ["stat"], ["stat", "--json"], ["verify"], ["verify", "--json"]],
        ["", "/", "/third.des", "/first one two \u{E9}.des"])
    func same(_ command: [String], _ name: String) async throws {
        try makeShards()
        let options = command.dropFirst().map { $0 }
        let local = try await place.run([command[0], "\(place.path)/buckets/b/p\(name)"] + options)
        let remote = try await place.run([command[0], "s3://b/p\(name)"] + options)
        #expect(local.code == 0, "\(local.everything)")
        #expect(remote.code == 0, "\(remote.everything)")
        #expect(remote.output == local.output)
        #expect(remote.errors.isEmpty)
    }

    @Test("extract restores everything, or what is asked for, from S3 as from a local folder")
    func extract() async throws {
        try makeShards()
        let remote = try await place.run(["extract", "s3://b/p", "--output", "\(place.path)/remote"])
        #expect(remote.code == 0, "\(remote.everything)")
        _ = try await place.run(["extract", "\(place.path)/buckets/b/p", "--output", "\(place.path)/local"])
        #expect(place.names("remote").count == 2005)
        #expect(place.names("remote") == place.names("local"))
        for name in place.names("local") { #expect(try place.bytes("remote/\(name)") == place.bytes("local/\(name)")) }
        #expect(try place.text("remote/big") == "hello")

        let some = try await place.run(
            ["extract", "s3://b/p/", "--output", "\(place.path)/some", "big", "large", "file-7", "nothing"])
        #expect(some.code == 3)
        #expect(some.errors.contains("nothing"))
        #expect(place.names("some") == ["big", "file-7", "large"])
        #expect(try place.bytes("some/large").count == 200_000)
    }

    @Test(
        "cat writes the bytes, whatever the uid is called", arguments: ["a.txt", "big", "b \u{4E2D}\u{E9} ", "file-7"])
    func cat(_ uid: String) async throws {
        try makeShards()
        let local = try await place.run(["cat", "\(place.path)/buckets/b/p", uid])
        let remote = try await place.run(["cat", "s3://b/p", uid])
        #expect(remote.code == 0, "\(remote.everything)")
        #expect(!remote.output.isEmpty)
        #expect(remote.output == local.output)
    }

    @Test("of a uid in several shards, cat takes the newest, or the one of the given time")
    func catOfSeveral() async throws {
        for (name, time, contents) in [
            ("20240102_61_0000.des", "2024-01-02T00:00:00Z", "old"),
            ("20240202_61_0000.des", "2024-02-02T00:00:00Z", "new"),
        ] {
            var shard = TestShard()
            shard.add("97", contents, createdAt: time)
            try write(shard, name)
        }
        #expect(try await place.run(["cat", "s3://b/p", "97"]).output == "new")
        let watch = StoreWatch()
        let old = try await place.tool(watch, "cat", "s3://b/p", "97", "--created-at", "2024-01-02")
        #expect(old.output == "old")
        #expect(watch.requests(.list).map(\.key) == ["20240102_"])
        #expect(watch.requests(.tail).map(\.key) == ["20240102_61_0000.des"])

        try place.write("not a shard at all, though long enough", to: "buckets/b/p/20240302_61_0000.des")
        let beside = try await place.run(["cat", "s3://b/p", "97"])
        #expect(beside.code == 0)
        #expect(beside.output == "new")
        #expect(beside.errors.contains("s3://b/p/20240302_61_0000.des"))
    }

    @Test("a file that is in a shard of another name is found by its time as well")
    func oddName() async throws {
        var shard = TestShard()
        shard.add("97", "odd", createdAt: "2024-01-02T00:00:00Z")
        try write(shard, "odd.des")
        try write(TestShard(), "20240102_61_0000.des")
        let result = try await place.run(["cat", "s3://b/p", "97", "--created-at", "2024-01-02"])
        #expect(result.output == "odd", "\(result.everything)")
    }

    @Test(
        "a place that is none is exit code 1 and named",
        arguments: ["s3://b/none", "s3://none", "s3://", "s3:///x", "s3://b/none.des", "s3://b/others"],
        ["ls", "stat", "verify", "cat"])
    func noPlace(_ name: String, _ command: String) async throws {
        try place.write("no shard", to: "buckets/b/others/readme.txt")
        let result = try await place.run([command, name] + (command == "cat" ? ["uid"] : []))
        #expect(result.code == 1)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains(name))
    }

    @Test("a prefix may end in .des")
    func folderLikeAShard() async throws {
        var shard = TestShard()
        shard.add("a", "content")
        try place.write(shard.bytes, to: "buckets/b/p.des/x.des")
        for name in ["s3://b/p.des", "s3://b/p.des/", "s3://b/p.des/x.des"] {
            #expect(try await place.run(["cat", name, "a"]).output == "content")
        }
    }

    // MARK: - What is read

    @Test("cat of one file reads the end of its shard and the file, not the shard")
    func catReadsLittle() async throws {
        try makeShards()
        let watch = StoreWatch()
        let result = try await place.tool(watch, "cat", "s3://b/p/third.des", "c.txt")
        #expect(result.output == "third c")
        // The file lies in the tail.
        #expect(watch.requests(.read).map(\.range) == [0..<8])
        #expect(watch.requests.count == 3)

        let other = StoreWatch()
        #expect(try await place.tool(other, "cat", "s3://b/p/many.des", "file-3").output == "content 3")
        #expect(other.requests.count == 5)
        #expect(other.requests(.read).last?.range.map { $0.count } == "content 3".utf8.count)
    }

    @Test("ls and stat read the ends of shards only, eight at a time", arguments: ["ls", "stat"])
    func lookingReadsLittle(_ command: String) async throws {
        var shard = TestShard()
        shard.add("large", bytes: [UInt8](repeating: 7, count: 300_000))
        for number in 0..<60 { try write(shard, "large-\(number + 10).des") }
        let watch = StoreWatch()
        let result = try await place.tool(watch, command, "s3://b/p")
        #expect(result.code == 0)
        #expect(watch.requests(.tail).count == 60)
        #expect(watch.requests(.read).allSatisfy { $0.range == 0..<8 })
        #expect(watch.requests(.list).count == 1)
        #expect(watch.mostAtATime <= 16)
    }

    @Test("thousands of shards come in order, and big files are not listed one by one")
    func manyShards() async throws {
        for number in 0..<2300 {
            var shard = TestShard()
            shard.add("uid-\(number)", "")
            try write(shard, "\(10000 + number).des")
            try place.write("", to: "buckets/b/p/A/\(number)")
        }
        let watch = StoreWatch()
        let result = try await place.tool(watch, "ls", "s3://b/p")
        let uids = result.output.split(separator: "\n").dropFirst().map { $0.prefix { $0 != "\t" } }
        #expect(uids == (0..<2300).map { "uid-\($0)" })
        #expect(watch.requests(.list).count == 4)
        #expect(watch.requests(.tail).count == 2300)
        #expect(watch.requests(.read).isEmpty)
    }

    @Test("several uids of one shard do not fetch its index several times")
    func severalUIDs() async throws {
        try makeShards()
        let watch = StoreWatch()
        let uids = (0..<20).map { "file-\($0)" }
        let result = try await place.run(
            ["extract", "s3://b/p/many.des", "--output", "\(place.path)/out"] + uids, watch)
        #expect(result.code == 0)
        #expect(place.names("out") == uids.sorted())
        #expect(watch.requests(.tail).count == 1)
        #expect(watch.requests(.read).count == 2 + uids.count)
    }

    @Test(
        "of a large shard the lookup table is read instead of the index, unless it is damaged",
        arguments: [false, true])
    func lookupTable(isDamaged: Bool) async throws {
        var bytes = try Self.largeShard(30_000)
        let tail = try ShardTail(Array(bytes.suffix(ShardTail.size)), fileSize: UInt64(bytes.count), file: "large.des")
        try #require(tail.indexSize > 1 << 20)
        let region = LookupTable.region(indexStart: tail.indexStart)
        let table = try #require(
            LookupTable(parsing: Array(bytes[Int(region.lowerBound)..<Int(region.upperBound)]), tail: tail))
        let leaf = table.leafRange(ofUID: "file-17").range
        if isDamaged { bytes[Int(leaf.lowerBound) + 20] ^= 1 }
        try place.write(bytes, to: "buckets/b/p/large.des")
        try place.write(bytes, to: "local/large.des")
        for name in ["s3://b/p/large.des", "\(place.path)/local/large.des"] {
            #expect(try await place.run(["cat", name, "file-17"]).output == "content 17")
            #expect(try await place.run(["cat", name, "file-30000"]).code == 1)
        }
        let watch = StoreWatch()
        #expect(try await place.tool(watch, "cat", "s3://b/p/large.des", "file-17").output == "content 17")
        let read = watch.requests(.read).compactMap(\.range).reduce(0) { $0 + $1.count }
        #expect((read > 1 << 20) == isDamaged)
        if !isDamaged { #expect(read < 64 << 10) }

        // So many that the index is cheaper; it is read once.
        let many = StoreWatch()
        let uids = (0..<100).map { "file-\($0)" }
        #expect(
            try await place.run(["extract", "s3://b/p/large.des", "--output", "\(place.path)/out"] + uids, many).code
                == 0)
        #expect(place.names("out").count == 100)
        let indexReads = many.requests(.read).compactMap(\.range).filter { $0.count > 1 << 20 }
        #expect(indexReads.count == 1)
    }

    private static func largeShard(_ count: Int) throws -> [UInt8] {
        final class Sink: ShardSink {
            var bytes: [UInt8] = []
            func write(_ more: UnsafeRawBufferPointer) throws { bytes.append(contentsOf: more) }
        }
        let sink = Sink()
        let writer = ShardWriter(name: "large.des", sink: sink)
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        for number in 0..<count {
            let contents = Array("content \(number)".utf8)
            try contents.withUnsafeBytes {
                try writer.append(
                    uid: "file-\(number)", stored: $0, codec: .none, size: UInt64(contents.count), meta: nothing)
            }
        }
        try writer.finish()
        return sink.bytes
    }

    @Test("verify reads each byte once, in pieces, few at a time")
    func verifyReadsOnce() async throws {
        var shard = TestShard()
        for number in 0..<5 { shard.add("\(number)", bytes: [UInt8](repeating: UInt8(number), count: 5_000_000)) }
        try write(shard, "large.des")
        let watch = StoreWatch()
        let result = try await place.tool(watch, "verify", "s3://b/p/large.des")
        #expect(result.code == 0, "\(result.everything)")
        #expect(watch.requests(.read).allSatisfy { ($0.range?.count ?? 0) <= 4 << 20 })
        #expect(watch.mostAtATime <= 4)
        #expect(watch.bytes == shard.bytes.count + 8)
    }

    // MARK: - Damage and failures

    /// What goes wrong with requests of a kind: they fail, or their answers are cut off.
    struct Fault: Sendable {
        let kind: StoreRequest.Kind
        let isCut: Bool

        static let all = [StoreRequest.Kind.tail, .read, .attributes].flatMap { kind in
            [Fault(kind: kind, isCut: false), Fault(kind: kind, isCut: true)]
        }
    }

    @Test("verify names the damaged entry and the object")
    func damaged() async throws {
        var shard = TestShard()
        shard.add("a.txt", "first a")
        shard.add("b.txt", "first b")
        var bytes = shard.bytes
        bytes[try #require(shard.offsets["a.txt"])] ^= 1
        try place.write(bytes, to: "buckets/b/p/first.des")
        let result = try await place.run(["verify", "s3://b/p"])
        #expect(result.code == 3)
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("DAMAGED s3://b/p/first.des at byte 8"))
        #expect(lines[0].contains("\"a.txt\""))
        #expect(lines[1].hasPrefix("1 file"))
        #expect(!result.everything.contains("/proc"))
        let damaged = try await place.run(["cat", "s3://b/p", "a.txt"])
        #expect(damaged.code == 1)
        #expect(damaged.output.isEmpty)
        #expect(damaged.errors.contains("s3://b/p/first.des"))
        let extraction = try await place.run(["extract", "s3://b/p", "--output", "\(place.path)/out"])
        #expect(extraction.code == 3)
        #expect(extraction.errors.contains("s3://b/p/first.des"))
        #expect(place.names("out") == ["b.txt"])
    }

    @Test(
        "an object that is no shard is named, and the others are worked on",
        arguments: ["ls", "stat", "verify", "extract"],
        [0, 3, 1_000, 100_000])
    func noShard(_ command: String, _ size: Int) async throws {
        try makeShards()
        try place.write([UInt8](repeating: 0, count: size), to: "buckets/b/p/0.des")
        let more = command == "extract" ? ["--output", "\(place.path)/out"] : []
        let result = try await place.run([command, "s3://b/p"] + more)
        #expect(result.code == 3)
        #expect(result.everything.contains("s3://b/p/0.des"))
        #expect(!result.everything.contains("/proc"))
        if command == "verify" { #expect(result.output.contains("DAMAGED s3://b/p/0.des")) }
        if command == "extract" { #expect(place.names("out").count == 2005) }
    }

    @Test(
        "what cannot be read, or comes cut off, is unreadable and never damaged; the others are worked on",
        arguments: ["ls", "stat", "verify", "extract"], Fault.all)
    func failure(_ command: String, _ fault: Fault) async throws {
        try makeShards()
        let (kind, isCut) = (fault.kind, fault.isCut)
        @Sendable func isHit(_ request: StoreRequest) -> Bool {
            request.kind == kind && (kind == .attributes || request.key.hasPrefix("many"))
        }
        let watch = isCut ? StoreWatch(cuts: isHit) : StoreWatch(fails: isHit)
        let more =
            command == "extract" ? ["--output", "\(place.path)/out"] : ["--json"].filter { _ in command == "verify" }
        let result = try await place.run([command, "s3://b/p"] + more, watch)
        let isNeeded = kind != .attributes || (!isCut && (command == "verify" || command == "extract"))
        #expect(result.code == (isNeeded ? 3 : 0), "\(result.everything)")
        #expect(!result.everything.contains("DAMAGED"))
        #expect(!result.everything.contains("/proc"))
        let object = kind == .attributes ? "s3://b/p/_bigFiles/\(Self.hash)" : "s3://b/p/many.des"
        if isNeeded, command != "verify" {
            #expect(result.errors.contains(object))
            #expect(isCut || result.errors.contains("the network is down"))
        }
        switch command {
        case "verify":
            let report = try result.json()
            #expect((report["damaged"] as? [Any])?.isEmpty == true)
            let unreadable = try #require(report["unreadable"] as? [[String: Any]])
            #expect(unreadable.map { $0["shard"] as? String } == (isNeeded ? [object] : []))
            #expect(report["files"] as? Int == (kind == .attributes ? (isNeeded ? 2004 : 2005) : 5))
        case "extract":
            #expect(place.names("out").count == (kind == .attributes ? (isNeeded ? 2004 : 2005) : 5))
        default:
            #expect(result.output.contains(command == "ls" ? "c.txt" : "codecs"))
        }
    }

    @Test("verify has a line of its own for what could not be read")
    func unreadableLine() async throws {
        try makeShards()
        let watch = StoreWatch(fails: { $0.kind == .tail && $0.key == "third.des" })
        let result = try await place.tool(watch, "verify", "s3://b/p")
        #expect(result.code == 3)
        #expect(result.output.contains("UNREADABLE s3://b/p/third.des: "))
        #expect(result.output.contains("0 damaged, 1 could not be read"))
    }

    @Test("cat and looking fail with exit code 1 when the store does not tell what is there", arguments: ["ls", "cat"])
    func noListing(_ command: String) async throws {
        try makeShards()
        let watch = StoreWatch(fails: { $0.kind == .list })
        let result = try await place.run([command, "s3://b/p"] + (command == "cat" ? ["a.txt"] : []), watch)
        #expect(result.code == 1)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains("cannot list s3://b/p: the network is down"))
        let single = try await place.run(
            [command, "s3://b/p/third.des"] + (command == "cat" ? ["a.txt"] : []),
            StoreWatch(fails: { $0.kind == .attributes }))
        #expect(single.code == 1)
        #expect(single.errors.contains("cannot read s3://b/p/third.des: the network is down"))
    }

    @Test("cat says that a file may be in what could not be read")
    func catUnreadable() async throws {
        try makeShards()
        let watch = StoreWatch(fails: { $0.key == "third.des" })
        let result = try await place.tool(watch, "cat", "s3://b/p", "c.txt")
        #expect(result.code == 1)
        #expect(result.errors.contains("not all shards could be read: s3://b/p/third.des"))
    }

    @Test("a big file that is gone or changed is damage of its entry; one that cannot be read is not")
    func bigFile() async throws {
        var shard = TestShard()
        shard.addBigFile("big", sha256: Self.hash, size: 5)
        try write(shard, "big.des")
        let gone = try await place.run(["verify", "s3://b/p/big.des"])
        #expect(gone.code == 3)
        #expect(gone.output.contains("DAMAGED s3://b/p/_bigFiles/\(Self.hash) (uid \"big\"): there is no such object"))
        for contents in ["hellO", "hello!", ""] {
            try place.write(contents, to: "buckets/b/p/_bigFiles/\(Self.hash)")
            let changed = try await place.run(["verify", "s3://b/p/big.des"])
            #expect(changed.code == 3)
            #expect(changed.output.contains("DAMAGED s3://b/p/_bigFiles/\(Self.hash) (uid \"big\"): expected"))
            let extraction = try await place.run(["extract", "s3://b/p", "--output", "\(place.path)/out"])
            #expect(extraction.code == 3)
            #expect(place.names("out").isEmpty)
        }
        try place.write("hello", to: "buckets/b/p/_bigFiles/\(Self.hash)")
        #expect(try await place.run(["cat", "s3://b/p/big.des", "big"]).output == "hello")
        let failing = try await place.run(
            ["verify", "s3://b/p"], StoreWatch(fails: { $0.kind == .read && $0.key.hasPrefix("_bigFiles/") }))
        #expect(failing.code == 3)
        #expect(failing.output.contains("UNREADABLE s3://b/p/_bigFiles/"))
        #expect(!failing.output.contains("DAMAGED"))
    }
}

extension Workspace {
    fileprivate func run(_ arguments: [String], _ watch: StoreWatch = StoreWatch()) async throws -> ToolResult {
        try await tool(watch, arguments)
    }
}
