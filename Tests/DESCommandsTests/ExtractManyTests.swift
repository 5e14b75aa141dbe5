import DESTestSupport
import Foundation
import Testing

@testable import DESCommands

@Suite(.timeLimit(.minutes(5))) struct ExtractManyTests {
    private let place: Workspace

    init() throws { place = try Workspace() }

    /// 300 files, 10 a shard.
    private func makeShards() throws {
        for number in 0..<30 {
            var shard = TestShard()
            for file in 0..<10 { shard.add("\(number * 10 + file)", "content \(number * 10 + file)") }
            try place.write(shard.bytes, to: "buckets/b/p/shard-\(number).des")
        }
    }

    @Test("nothing is restored into the folder of the shards")
    func ownFolder() async throws {
        try makeShards()
        let folder = "\(place.path)/buckets/b/p"
        let before = place.names("buckets/b/p")
        let result = try await place.run("des", "extract", folder, "--output", folder + "/.")
        #expect(result.end == .exit(1))
        #expect(result.errors.contains("the folder of the shards itself"))
        #expect(place.names("buckets/b/p") == before)
    }

    @Test("however many uids are named, the shards are looked through once")
    func onePass() async throws {
        try makeShards()
        let uids = (0..<300).filter { $0 % 3 == 0 }.map(String.init)
        let watch = StoreWatch()
        let result = try await place.tool(watch, ["extract", "s3://b/p", "--output", "\(place.path)/out"] + uids)
        #expect(result.code == 0, "\(result.everything)")
        #expect(place.names("out") == uids.sorted())
        // Once to find the files, and once more those that have one.
        #expect(watch.requests(.tail).count <= 60)
        #expect(watch.requests(.list).count <= 2)
    }

    @Test(
        "uids come from a file, a line each, beside those of the command line",
        arguments: ["7\n\n250\n7", "7\r\n250\r\n", "250\n7\n"])
    func list(text: String) async throws {
        try makeShards()
        try place.write(text, to: "uids")
        let result = try await place.tool(
            StoreWatch(), "extract", "s3://b/p", "--output", "\(place.path)/out", "--uids-from", "\(place.path)/uids",
            "8", "7")
        #expect(result.code == 0, "\(result.everything)")
        #expect(place.names("out") == ["250", "7", "8"])
    }

    @Test("uids come from standard input")
    func standardInput() async throws {
        try makeShards()
        let program = try BuiltPrograms.folder() + "/des"
        let result = try await place.run(
            "/bin/bash", "-c", "printf '1\\n2\\n' | '\(program)' extract buckets/b/p --output out --uids-from -")
        #expect(result.end == .exit(0), "\(result.everything)")
        #expect(place.names("out") == ["1", "2"])
    }

    @Test(
        "an empty or unreadable list restores nothing, and not everything",
        arguments: [("", "holds none"), ("\n\n", "holds none"), ("a\n\u{FFFD}", "nothing"), (nil, "No such file")]
            as [(String?, String)])
    func emptyList(text: String?, message: String) async throws {
        try makeShards()
        if let text {
            // Stands for a byte that is no UTF-8.
            let bytes = text.contains("\u{FFFD}") ? [0x61, 0x0A, 0xFF] : Array(text.utf8)
            try place.write(bytes, to: "uids")
        }
        let result = try await place.tool(
            StoreWatch(), "extract", "s3://b/p", "--output", "\(place.path)/out", "--uids-from", "\(place.path)/uids")
        #expect(result.code == 1)
        #expect(result.errors.contains(message == "nothing" ? "line 2" : message), "\(result.errors)")
        #expect(place.names("out").isEmpty)
    }

    @Test(
        "a full disk ends it with one message, whether all files are wanted or some",
        .enabled(if: SmallDisk.isPossible), arguments: [true, false])
    func fullDisk(all: Bool) async throws {
        try place.write([], to: "disk/none")
        try FileManager.default.removeItem(atPath: place.path + "/disk/none")
        var shard = TestShard()
        for number in 0..<400 { shard.add("\(number)", String(repeating: "x", count: 2000)) }
        try place.write(shard.bytes, to: "shards/one.des")
        let disk = try SmallDisk(at: place.path + "/disk", kibibytes: 200)
        let uids = all ? [] : (0..<400).map(String.init)
        let result = try await place.tool(
            StoreWatch(), ["extract", place.path + "/shards", "--output", disk.path + "/out", "--json"] + uids)
        #expect(result.code == 1)
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        #expect(result.errors.contains("No space left on device"))
        let counts = try result.json()
        #expect(counts["files_failed"] as? Int == 1)
        #expect((counts["files_written"] as? Int ?? 0) > 10)
        #expect((counts["stopped"] as? String)?.contains("No space left on device") == true)
        #expect(place.names("disk/out").filter { $0.hasSuffix(".partial") }.isEmpty)
    }
}

/// A small file system in memory; needs the right to mount.
private final class SmallDisk {
    static let isPossible: Bool = {
        guard let folder = try? TemporaryFolder(), let place = try? folder.folder("probe") else { return false }
        return (try? SmallDisk(at: place, kibibytes: 64)) != nil
    }()

    let path: String

    init(at path: String, kibibytes: Int) throws {
        self.path = path
        try Self.run("mount", "-t", "tmpfs", "-o", "size=\(kibibytes)k", "tmpfs", path)
    }

    deinit { try? Self.run("umount", path) }

    private static func run(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CommandRun.Failure(description: "\(arguments) failed") }
    }
}
