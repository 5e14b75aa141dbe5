import ArgumentParser
import DESBase
import DESRouting

/// `des locate`: where a file belongs.
struct LocateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "locate",
        abstract: "Tell which shards a file belongs in.",
        discussion: """
            Computed from uid and time, without a look at any store: the names of the shards begin with the prefix, and there \
            may be none or several of them. Which of them has the file, des cat and des ls find out.

            EXAMPLE
              des locate doc-00000001.txt --created-at 2026-01-31T12:00:00Z
            """
    )

    @Argument(help: "The file's uid.") var uid: String
    @Option(name: .long, help: "When it was created (ISO 8601 or epoch; without offset: UTC).") var createdAt: String
    @Option(name: .customLong("n-bits"), help: "Bits of the uid that choose the shard, 4 to 16.") var bits = ShardBits
        .standard.count
    @Flag(name: .long, help: "Print one JSON object.") var json = false

    private struct Answer: Encodable {
        let dateDir: String
        let shardIndex: Int
        let shardHex: String
        let prefix: String
        let pattern: String

        enum CodingKeys: String, CodingKey {
            case prefix, pattern
            case dateDir = "date_dir"
            case shardIndex = "shard_index"
            case shardHex = "shard_hex"
        }
    }

    func validate() throws {
        guard ShardBits(bits) != nil else { throw ValidationError("--n-bits is \(bits), expected 4 to 16") }
        guard Timestamp(parsing: createdAt) != nil else {
            throw ValidationError("--created-at is \(createdAt), expected a moment such as 2026-01-31T12:00:00Z")
        }
    }

    func run() async throws {
        guard let time = Timestamp(parsing: createdAt), let bits = ShardBits(bits) else { throw ExitStatus.fatal }
        let key = locate(uid: uid, createdAt: time, bits: bits)
        let place = Answer(
            dateDir: key.dateDirectory, shardIndex: key.shardIndex, shardHex: key.shardHex, prefix: key.namePrefix,
            pattern: "\(key.namePrefix)*.des"
        )
        try Console.out(
            json
                ? try JSONOutput.text(place)
                : "day           \(place.dateDir)\nshard         \(place.shardHex) (\(place.shardIndex) of \(bits.shardCount))\n"
                    + "shard files   \(place.pattern)"
        )
    }
}
