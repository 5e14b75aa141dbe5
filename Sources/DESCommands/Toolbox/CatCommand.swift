import ArgumentParser
import DESBase
import DESShard

/// `des cat`: one file to standard output.
struct CatCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Write one file to standard output.",
        discussion: """
            The bytes are checked first; of a big file they are checked while they are written, so look at the exit code. \
            What is no text is not written to a terminal.

            EXAMPLE
              des cat ./des_output doc-00000001.txt > doc.txt
            """
    )

    @Argument(help: PlaceHelp.text) var place: String
    @Argument(help: "The file's uid.") var uid: String
    @Option(name: .long, help: "When it was created, if the uid occurs on several days.") var createdAt: String?
    @Flag(name: .long, help: "Write it to a terminal too, whatever it holds.") var force = false

    func validate() throws {
        if let createdAt, Timestamp(parsing: createdAt) == nil {
            throw ValidationError("--created-at is \(createdAt), expected a moment such as 2026-01-31T12:00:00Z")
        }
    }

    func run() async throws { try await run(in: ToolSurroundings()) }

    func run(in surroundings: ToolSurroundings) async throws {
        try await ToolRun.run(surroundings) { [place, uid, createdAt, force] surroundings in
            let console = surroundings.console
            let place = try await ShardPlaces.open(place, surroundings.opening)
            var lookup = FileLookup(place: place)
            let file = try await lookup.find(uid, createdAt: createdAt.flatMap { Timestamp(parsing: $0) })
            lookup.warnOfUnreadable(console)
            FileLookup.warnOfRival(file, uid: uid, console)
            var text: TerminalText? = console.isTerminal && !force ? TerminalText() : nil
            var isBinary = false
            var isFound = false
            try await place.open(file.best.map { [$0.shard] } ?? []) { result in
                let shard = try result.get()
                guard let entry = try await shard.entry(uid: uid) else { return }
                isFound = true
                try await shard.forEachPiece(of: entry, decoder: PayloadDecoder()) { piece in
                    isBinary = isBinary || text?.accepts(piece) == false
                    if !isBinary { try console.write(piece) }
                }
            }
            guard isFound else { throw lookup.missing(uid) }
            guard !isBinary else {
                throw PlaceError(
                    message:
                        "the file is no text, and standard output is a terminal: write it to a file with >, or take --force"
                )
            }
        }
    }
}
