import ArgumentParser
import DESRouting
import DESShard

/// `des cat`: one file to standard output.
struct CatCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Write one file to standard output.",
        discussion: """
            The bytes are checked first; of a big file they are checked while they are written, so look at the exit code.

            EXAMPLE
              des cat ./des_output doc-00000001.txt > doc.txt
            """
    )

    @Argument(help: "A shard or a directory of shards, local or s3://bucket/prefix.") var place: String
    @Argument(help: "The file's uid.") var uid: String
    @Option(name: .long, help: "When it was created, if the uid occurs on several days.") var createdAt: String?

    func validate() throws {
        if let createdAt, Timestamp(parsing: createdAt) == nil {
            throw ValidationError("--created-at is \(createdAt), expected a moment such as 2026-01-31T12:00:00Z")
        }
    }

    func run() async throws { try await run(in: ToolSurroundings()) }

    func run(in surroundings: ToolSurroundings) async throws {
        try await ToolRun.run(surroundings) { [place, uid, createdAt] surroundings in
            let console = surroundings.console
            var lookup = FileLookup(place: try await ShardPlaces.open(place, surroundings.opening))
            let found = try await lookup.find(uid, createdAt: createdAt.flatMap { Timestamp(parsing: $0) })
            lookup.warnOfUnreadable(console)
            try await found.shard.fetchPieces(of: found.entry, decoder: PayloadDecoder()) { try console.write($0) }
        }
    }
}
