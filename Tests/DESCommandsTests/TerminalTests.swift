import Foundation
import Testing

@testable import DESCommands

@Suite(.timeLimit(.minutes(5))) struct TerminalTests {
    private let place: Workspace

    init() throws { place = try Workspace() }

    private static let binaries: [[UInt8]] = [
        [0], Array("text\u{1B}[31m".utf8), [0xFF, 0xFE], Array("a\u{9B}31m".utf8), Array("é".utf8.prefix(1)) + [0x41],
        Array(String(repeating: "x", count: 100_000).utf8) + [7],
    ]

    @Test("what is no text is not written to a terminal unless forced", arguments: binaries)
    func binary(bytes: [UInt8]) async throws {
        var shard = TestShard()
        shard.add("file", bytes: bytes)
        try place.write(shard.bytes, to: "one.des")
        let shown = try await place.tool(StoreWatch(), ["cat", "\(place.path)/one.des", "file"], isTerminal: true)
        #expect(shown.code == 1)
        #expect(shown.output.isEmpty)
        #expect(shown.errors.contains("--force"))
        for (arguments, isTerminal) in [(["--force"], true), ([], false)] {
            let result = try await place.tool(
                StoreWatch(), ["cat", "\(place.path)/one.des", "file"] + arguments, isTerminal: isTerminal)
            #expect(result.code == 0)
            #expect(!result.output.isEmpty)
        }
    }

    @Test(
        "text of any script is written to a terminal", arguments: ["", "a\tb\r\nc\n", "grün 文字 😀", "e\u{301}\u{200D}"])
    func text(_ text: String) async throws {
        var shard = TestShard()
        shard.add("file", text)
        try place.write(shard.bytes, to: "one.des")
        let result = try await place.tool(StoreWatch(), ["cat", "\(place.path)/one.des", "file"], isTerminal: true)
        #expect(result.code == 0)
        #expect(result.output == text)
    }

    @Test("a character may be cut between two pieces", arguments: 0...12)
    func pieces(cut: Int) {
        let bytes = Array("aé文😀b".utf8)
        var text = TerminalText()
        for piece in [bytes[..<min(cut, bytes.count)], bytes[min(cut, bytes.count)...]] {
            #expect(Array(piece).withUnsafeBytes { text.accepts($0) })
        }
    }

    @Test("a program whose standard streams are closed writes its results into no other file")
    func closedStreams() async throws {
        try await place.makeCatalog(Workspace.rows(30))
        try place.configure("packer: {n_bits: 4}")
        let program = try BuiltPrograms.folder()
        for closed in ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"] {
            _ = try await place.run(
                "/bin/bash", "-c", "'\(program)/des-migrate' --config config.yaml --json --log-level trace \(closed)")
            #expect(try await place.sql("PRAGMA integrity_check") == "ok")
        }
        #expect(try await place.sql("SELECT count(*) FROM files WHERE archived = 1") == "30")
        #expect(try await place.run("des", "verify", "des_output").end == .exit(0))
        let unheard = try await place.run("/bin/bash", "-c", "'\(program)/des' ls des_output >&-")
        #expect(unheard.end == .exit(1))
        #expect(unheard.errors.contains("standard output"))
    }

    @Test(
        "an output folder that a shell did not expand is refused",
        arguments: ["~/out", "$HOME/out", "'out'", "file:///out"])
    func unexpanded(_ folder: String) async throws {
        try place.write("[]", to: "m.json")
        for arguments in [
            ["pack", "--input-json", "m.json", "--output-dir=\(folder)"], ["extract", ".", "--output=\(folder)"],
        ] {
            let result = try await CommandRun("des", arguments, in: place.path).finish()
            #expect(result.end == .exit(64), "\(result.everything)")
        }
        #expect(place.names(".") == ["m.json"])
    }

    @Test("a list to pack comes through a pipe, as a JSON list or as JSON lines", arguments: [true, false])
    func pipe(isList: Bool) async throws {
        try place.write("hello", to: "in/a")
        try place.write("world", to: "in/b")
        let entries = ["a", "b"].map {
            #"{"uid": "\#($0)", "created_at": "2026-01-31T12:00:00Z", "size_bytes": 5, "source_path": "\#(place.path)/in/\#($0)"}"#
        }
        try place.write(isList ? "[\(entries.joined(separator: ","))]" : entries.joined(separator: "\n"), to: "m.json")
        let program = try BuiltPrograms.folder() + "/des-pack"
        for (number, input) in [
            "--input-json /dev/stdin < m.json", "--input-json <(cat m.json)", "--input-json /dev/stdin < <(cat m.json)",
        ].enumerated() {
            let result = try await place.run(
                "/bin/bash", "-c", "'\(program)' --output-dir out\(number) --n-bits 4 \(input)")
            #expect(result.end == .exit(0), "\(result.everything)")
            #expect(try await place.run("des", "cat", "out\(number)", "b").output == "world")
        }
    }

    @Test("a configuration that is doubtful is warned of when it is checked")
    func checkWarns() async throws {
        try place.configure("packer: {output_dir: './$OUT/shards'}")
        let result = try await place.run("des-migrate", "--config", "config.yaml", "--check-config")
        #expect(result.end == .exit(0))
        #expect(result.errors.contains("packer.output_dir: holds $NAME"))
    }
}
