import Foundation
import Glibc
import Testing

@testable import DESCommands

@Suite(.timeLimit(.minutes(5))) struct ExtractTests {
    private let place: Workspace

    init() throws { place = try Workspace() }

    /// Uids that would do harm, or meet, if they were taken as names.
    static let tricks = [
        "../x", "a/b", "/etc/passwd", "new\nline", "", ".", "..", ".hidden", "Case", "case", "100%", "%2F", "tab\there",
        "nul\u{0}byte", "caf\u{E9}", "cafe\u{301}", "a~b", "space at the end ", "-rf",
        String(repeating: "x", count: 200), String(repeating: "x", count: 201), String(repeating: "x", count: 255),
        String(repeating: "x", count: 256), String(repeating: "\u{4E2D}", count: 100),
        String(repeating: "x", count: 65_535), String(repeating: "../", count: 21_845),
    ]

    @Test("whatever a uid is, its file gets a name of its own in the folder, and nothing is written elsewhere")
    func tricks() async throws {
        var shard = TestShard()
        for (number, uid) in Self.tricks.enumerated() { shard.add(uid, "content \(number)") }
        try place.write(shard.bytes, to: "tricks.des")
        let result = try await place.run("des", "extract", "tricks.des", "--output", "in/out")
        #expect(result.end == .exit(0), "\(result.everything)")
        #expect(place.names("in/out").count == Self.tricks.count)
        for (number, uid) in Self.tricks.enumerated() {
            #expect(try place.text("in/out/\(ExtractedName.name(for: uid))") == "content \(number)")
        }
        #expect(place.names("in") == ["out"])
        #expect(place.names(".") == ["in", "tricks.des"])
        let again = try await place.run("des", "extract", "tricks.des", "--output", "in/out", "--json")
        #expect(try again.json()["files_already_there"] as? Int == Self.tricks.count)
    }

    @Test("ls and verify show any uid on one line", arguments: ["ls", "verify"])
    func oneLine(_ command: String) async throws {
        var shard = TestShard()
        shard.add("new\nline", "content")
        var bytes = shard.bytes
        if command == "verify" { bytes[try #require(shard.offsets["new\nline"])] ^= 1 }
        try place.write(bytes, to: "line.des")
        let result = try await place.run("des", command, "line.des")
        #expect(result.output.split(separator: "\n").count == 2)
    }

    @Test("a shard's name is shown on one line as well", arguments: ["ls", "stat", "verify", "extract"])
    func oneLineForNames(_ command: String) async throws {
        try place.write("no shard", to: "shards/20240101_00_new\nline\u{1B}.des")
        let more = command == "extract" ? ["--output", "out"] : []
        let result = try await CommandRun("des", [command, "shards"] + more, in: place.path).finish()
        let lines = result.everything.split(separator: "\n").filter { $0.contains("new") || $0.contains("line") }
        #expect(lines.count == 1 && lines[0].contains(#"new\nline\u001b.des"#), "\(result.everything)")
    }

    @Test("only what was restored counts as restored")
    func restoredBytes() async throws {
        var shard = TestShard()
        for uid in ["a", "b", "c"] { shard.add(uid, "ten bytes.") }
        try place.write(shard.bytes, to: "three.des")
        try place.write("ten bytes.", to: "out/b")
        for (line, bytes, wasThere) in [("2 files (20 B) restored", 20, 1), ("0 files (0 B) restored", 0, 3)] {
            let folder = "copy\(bytes)"
            try place.write("ten bytes.", to: "\(folder)/b")
            if wasThere == 3 { for uid in ["a", "c"] { try place.write("ten bytes.", to: "\(folder)/\(uid)") } }
            let json = try await place.run("des", "extract", "three.des", "--output", folder, "--json").json()
            #expect(json["total_size_bytes"] as? Int == bytes && json["files_already_there"] as? Int == wasThere)
            let result = try await place.run("des", "extract", "three.des", "--output", "out")
            #expect(
                result.output.hasPrefix(line) && result.output.contains("\(wasThere) were there already"),
                "\(result.output)")
        }
    }

    @Test("the uids that are asked for are extracted, the others are not; one that is not there is told")
    func chosen() async throws {
        var shard = TestShard()
        for uid in ["a", "b", "c"] { shard.add(uid, "content of \(uid)") }
        try place.write(shard.bytes, to: "three.des")
        let result = try await place.run("des", "extract", "three.des", "--output", "out", "c", "a", "nothing")
        #expect(result.end == .exit(3))
        #expect(result.errors.contains("nothing"))
        #expect(place.names("out") == ["a", "c"])
    }

    @Test("nothing that exists is replaced or followed: files, links, unfinished files")
    func nothingReplaced() async throws {
        var shard = TestShard()
        for uid in ["file", "link", "dangling", "partial", "folder"] { shard.add(uid, "content of \(uid)") }
        try place.write(shard.bytes, to: "five.des")
        try place.write("mine", to: "out/file")
        try place.write("outside", to: "outside")
        try place.write("mine", to: "out/folder/inside")
        let files = FileManager.default
        try files.createSymbolicLink(atPath: place.path + "/out/link", withDestinationPath: "../outside")
        try files.createSymbolicLink(atPath: place.path + "/out/dangling", withDestinationPath: "../new")
        try files.createSymbolicLink(atPath: place.path + "/out/.partial.partial", withDestinationPath: "../outside")
        let result = try await place.run("des", "extract", "five.des", "--output", "out")
        #expect(result.end == .exit(0), "\(result.everything)")
        #expect(try place.text("out/file") == "mine")
        #expect(try place.text("outside") == "outside")
        #expect(!place.exists("new"))
        for uid in ["file", "link", "dangling", "folder"] {
            #expect(try place.text("out/\(uid)~five.des") == "content of \(uid)")
        }
        #expect(try place.text("out/partial") == "content of partial")

        try place.write("mine too", to: "out/file~five.des")
        let again = try await place.run("des", "extract", "five.des", "--output", "out")
        #expect(again.end == .exit(3))
        #expect(again.errors.contains("left as it is"))
        #expect(try place.text("out/file~five.des") == "mine too")
    }

    @Test("one uid in two shards becomes two files")
    func twice() async throws {
        for (name, contents) in [("one.des", "first"), ("two.des", "second")] {
            var shard = TestShard()
            shard.add("same", contents)
            try place.write(shard.bytes, to: "shards/\(name)")
        }
        #expect(try await place.run("des", "extract", "shards", "--output", "out").end == .exit(0))
        #expect(try place.text("out/same") == "first")
        #expect(try place.text("out/same~two.des") == "second")
    }
    @Test("a second process is kept out of a folder that is being extracted into")
    func locked() async throws {
        var shard = TestShard()
        shard.add("a", "content")
        try place.write(shard.bytes, to: "one.des")
        try place.write("mine", to: "out/mine")
        let folder = open(place.path + "/out", O_RDONLY | O_CLOEXEC)
        try #require(flock(folder, LOCK_EX | LOCK_NB) == 0)
        let refused = try await place.run("des", "extract", "one.des", "--output", "out")
        #expect(refused.end == .exit(1))
        #expect(refused.errors.contains("another process"))
        #expect(place.names("out") == ["mine"])
        close(folder)
        #expect(try await place.run("des", "extract", "one.des", "--output", "out").end == .exit(0))
    }
}
