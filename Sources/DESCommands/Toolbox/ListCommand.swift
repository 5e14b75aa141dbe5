import ArgumentParser
import DESShard
import DESTelemetry

/// `des ls`: the files in shards.
struct ListCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the files in a shard or in a directory of shards.",
        discussion: """
            Columns, separated by tabs: uid, size, stored size, codec, shard. With --json, one object a line.

            EXAMPLE
              des ls ./des_output | head
            """
    )

    @Argument(help: PlaceHelp.text) var place: String
    @Flag(name: .long, help: "Print one JSON object a line.") var json = false

    private struct Row: Encodable {
        let uid: String
        let size: UInt64
        let stored: UInt64
        let codec: String
        let shard: String
        let isBigFile: Bool
        let createdAt: String?

        enum CodingKeys: String, CodingKey {
            case uid, size, stored, codec, shard
            case isBigFile = "big_file"
            case createdAt = "created_at"
        }
    }

    func run() async throws { try await run(in: ToolSurroundings()) }

    func run(in surroundings: ToolSurroundings) async throws {
        try await ToolRun.run(surroundings) { [place, json] surroundings in
            let console = surroundings.console
            var unreadable = false
            let place = try await ShardPlaces.open(place, surroundings.opening)
            // Not before something is known to be there.
            var needsHeading = !json
            func heading() throws {
                if needsHeading { try console.out("uid\tsize\tstored\tcodec\tshard") }
                needsHeading = false
            }
            try await place.forEachShard { result in
                try heading()
                do {
                    try await Self.list(result.get(), json: json, console)
                } catch let problem as ShardProblem {
                    console.error("\(problem)")
                    unreadable = true
                }
            }
            try heading()
            if unreadable { throw ExitStatus.incomplete }
        }
    }

    private static func list(_ shard: OpenShard, json: Bool, _ console: ToolConsole) async throws {
        var lines: [String] = []
        var failure: ShardError?
        try await shard.index().forEachEntry { result in
            switch result {
            case .failure(let error): failure = failure ?? error
            case .success(let entry): lines.append(try line(entry, shard: shard.name, json: json))
            }
            guard lines.count >= 1000 else { return }
            try console.out(lines.joined(separator: "\n"))
            lines.removeAll()
        }
        if !lines.isEmpty { try console.out(lines.joined(separator: "\n")) }
        if let failure { throw shard.problem(failure) }
    }

    private static func line(_ entry: ShardEntry, shard: String, json: Bool) throws -> String {
        let isBigFile: Bool = if case .bigFile = entry.content { true } else { false }
        guard json else {
            let codec = isBigFile ? "bigfile" : entry.codec.description
            return
                "\(entry.uid.escapedForOneLine)\t\(entry.size)\t\(entry.storedSize)\t\(codec)\t\(shard.escapedForOneLine)"
        }
        return try JSONOutput.text(
            Row(
                uid: entry.uid, size: entry.size, stored: entry.storedSize, codec: entry.codec.description,
                shard: shard, isBigFile: isBigFile, createdAt: entry.meta.createdAt
            )
        )
    }
}
