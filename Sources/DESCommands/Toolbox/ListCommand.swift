import ArgumentParser
import DESShard
import DESTelemetry

/// `des ls`: the files in shards.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the files in a shard or in a directory of shards.",
        discussion: """
            Columns, separated by tabs: uid, size, stored size, codec, shard. With --json, one object a line.

            EXAMPLE
              des ls ./des_output | head
            """
    )

    @Argument(help: "A shard or a directory of shards.") var place: String
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

    func run() async throws {
        try await ToolRun.run { [place, json] in
            var unreadable = false
            let place = try ShardPlace(place)
            if !json { try Console.out("uid\tsize\tstored\tcodec\tshard") }
            for path in place.shards {
                do {
                    try Self.list(place.open(path), json: json)
                } catch let error as ShardError {
                    Console.error("\(error)")
                    unreadable = true
                }
            }
            if unreadable { throw ExitStatus.incomplete }
        }
    }

    private static func list(_ reader: ShardReader, json: Bool) throws {
        let shard = ShardPlace.name(of: reader.path)
        var lines: [String] = []
        var failure: ShardError?
        try reader.index.forEachEntry { result in
            switch result {
            case .failure(let error): failure = failure ?? error
            case .success(let entry): lines.append(try line(entry, shard: shard, json: json))
            }
            guard lines.count >= 1000 else { return }
            try Console.out(lines.joined(separator: "\n"))
            lines.removeAll()
        }
        if !lines.isEmpty { try Console.out(lines.joined(separator: "\n")) }
        if let failure { throw failure }
    }

    private static func line(_ entry: ShardEntry, shard: String, json: Bool) throws -> String {
        let isBigFile: Bool = if case .bigFile = entry.content { true } else { false }
        guard json else {
            let codec = isBigFile ? "bigfile" : entry.codec.description
            return "\(entry.uid.escapedForOneLine)\t\(entry.size)\t\(entry.storedSize)\t\(codec)\t\(shard)"
        }
        return try JSONOutput.text(
            Row(
                uid: entry.uid, size: entry.size, stored: entry.storedSize, codec: entry.codec.description,
                shard: shard, isBigFile: isBigFile, createdAt: entry.meta.createdAt
            )
        )
    }
}
