import Testing

/// Processes that may do less than they need say so, before anything is begun.
@Suite(.timeLimit(.minutes(2))) struct ProcessLimitTests {
    private let place: Workspace

    init() throws { place = try Workspace() }

    private func run(_ limit: String, _ program: String, _ arguments: String) async throws -> CommandResult {
        let path = try BuiltPrograms.folder() + "/" + program
        return try await place.run("/bin/sh", "-c", "ulimit \(limit) && exec '\(path)' \(arguments)")
    }

    @Test("A migration that may open too few files ends at its start", arguments: [64, 255, 256])
    func openFiles(limit: Int) async throws {
        try await place.makeCatalog(Workspace.rows(300))
        try place.configure("packer: {n_bits: 8}")
        let result = try await run("-n \(limit)", "des-migrate", "--config config.yaml")
        guard limit < 256 else {
            #expect(result.end == .exit(0))
            return
        }
        #expect(result.end == .exit(1))
        #expect(result.errors.contains("may have \(limit)") && result.errors.contains("ulimit -n"))
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(try await place.sql("SELECT count(*) FROM files WHERE archived = 1") == "0")
    }

    @Test("A program that cannot start its threads says so", arguments: ["des", "des-migrate", "des-http", "des-pack"])
    func threads(program: String) async throws {
        // Stacks of 512 MiB soon use up 3 GiB, which is enough for all else.
        let result = try await run("-s 524288 && ulimit -v 3145728", program, "--version")
        #expect(result.end == .exit(1))
        #expect(result.errors.contains("threads") && result.errors.contains("ulimit -u"))
    }

    @Test(
        "A program with little address space says what may come of it",
        arguments: [(1_048_576, true), (8_388_608, false)])
    func addressSpace(limit: Int, isTold: Bool) async throws {
        let result = try await run("-v \(limit)", "des", "--version")
        #expect(result.end == .exit(0))
        #expect(result.errors.contains("address space of this program is limited") == isTold)
    }

    @Test("Shards that become larger than files may be end the cycle with advice")
    func fileSize() async throws {
        let contents = (0..<1600).map { _ in String(UInt64.random(in: 0...(.max)), radix: 36) }.joined()
        try await place.makeCatalog(rowsOfOneFile: 200, contents: Array(contents.utf8))
        try place.configure("packer: {n_bits: 4, compression: {codec: none}}")
        // In blocks of 512 bytes.
        let result = try await run("-f 300", "des-migrate", "--config config.yaml")
        #expect(result.end == .exit(1))
        #expect(result.everything.contains("ulimit -f") && result.everything.contains("max_shard_size"))
        let rest = try await place.run("des-migrate", "--config", "config.yaml")
        #expect(rest.end == .exit(3), "the row without a file")
        #expect(try await place.sql("SELECT count(*) FROM files WHERE archived = 1") == "200")
    }
}
