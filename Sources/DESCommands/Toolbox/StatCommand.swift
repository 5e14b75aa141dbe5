import ArgumentParser
import DESBase
import DESShard
import DESTelemetry

/// `des stat`: numbers of shards.
struct StatCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "stat",
        abstract: "Count what is in a shard or in a directory of shards.",
        discussion: """
            EXAMPLE
              des stat ./des_output
            """
    )

    @Argument(help: PlaceHelp.text) var place: String
    @Flag(name: .long, help: "Print one JSON object.") var json = false

    struct Totals: Encodable {
        var shards = 0
        var unreadableShards = 0
        var damagedEntries = 0
        var files = 0
        var totalSizeBytes: UInt64 = 0
        var shardBytes: UInt64 = 0
        var indexBytes: UInt64 = 0
        var bigFiles = 0
        var bigFileBytes: UInt64 = 0
        var filesByCodec: [String: Int] = [:]
        var shardsByVersion: [String: Int] = [:]
        var oldest: String?
        var newest: String?

        enum CodingKeys: String, CodingKey {
            case shards, files, oldest, newest
            case unreadableShards = "unreadable_shards"
            case damagedEntries = "damaged_entries"
            case totalSizeBytes = "total_size_bytes"
            case shardBytes = "shard_bytes"
            case indexBytes = "index_bytes"
            case bigFiles = "bigfiles"
            case bigFileBytes = "bigfile_bytes"
            case filesByCodec = "files_by_codec"
            case shardsByVersion = "shards_by_version"
        }

        /// Sizes in a damaged index may be anything, so sums stop at the largest number.
        mutating func add(_ shard: OpenShard, _ console: ToolConsole) async throws(ShardProblem) {
            let index = try await shard.index()
            shards += 1
            shardBytes += shard.sizeInBytes
            shardsByVersion["\(index.version)", default: 0] += 1
            var stored: UInt64 = 0
            index.forEachEntry { result in
                let entry: ShardEntry
                do throws(ShardError) { entry = try result.get() } catch {
                    console.error("\(shard.problem(error))")
                    damagedEntries += 1
                    return
                }
                files += 1
                totalSizeBytes.addSaturating(entry.size)
                if case .bigFile = entry.content {
                    bigFiles += 1
                    bigFileBytes.addSaturating(entry.size)
                    filesByCodec["bigfile", default: 0] += 1
                } else {
                    stored.addSaturating(entry.storedSize)
                    filesByCodec[entry.codec.description, default: 0] += 1
                }
                guard let time = entry.meta.createdAt else { return }
                oldest = min(oldest ?? time, time)
                newest = max(newest ?? time, time)
            }
            stored.addSaturating(20)
            indexBytes += shard.sizeInBytes - min(shard.sizeInBytes, stored)
        }

        private var storedBytes: UInt64 {
            var sum = shardBytes
            sum.addSaturating(bigFileBytes)
            return sum
        }

        var text: String {
            var lines = [
                "shards        \(shards.groupedByThousands)"
                    + (unreadableShards > 0 ? " and \(unreadableShards.groupedByThousands) unreadable" : ""),
                "files         \(files.groupedByThousands)",
                "size          \(totalSizeBytes.byteCountText)",
                "stored        \(storedBytes.byteCountText)",
                "  in shards   \(shardBytes.byteCountText), of which index \(indexBytes.byteCountText)",
                "  big files   \(bigFileBytes.byteCountText) in \(bigFiles.groupedByThousands) entries",
            ]
            if totalSizeBytes > 0 {
                let percent = Double(storedBytes) * 100 / Double(totalSizeBytes)
                lines[3] += ", \(Int(percent.rounded())) %"
            }
            let codecs = filesByCodec.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.groupedByThousands)" }
            if !codecs.isEmpty { lines.append("codecs        \(codecs.joined(separator: ", "))") }
            if damagedEntries > 0 { lines.append("damaged       \(damagedEntries.groupedByThousands) entries") }
            if let oldest, let newest { lines.append("created       \(oldest) to \(newest)") }
            return lines.joined(separator: "\n")
        }
    }

    func run() async throws { try await run(in: ToolSurroundings()) }

    func run(in surroundings: ToolSurroundings) async throws {
        try await ToolRun.run(surroundings) { [place, json] surroundings in
            let console = surroundings.console
            var totals = Totals()
            try await ShardPlaces.open(place, surroundings.opening).forEachShard { result in
                do throws(ShardProblem) {
                    try await totals.add(result.get(), console)
                } catch {
                    console.error("\(error)")
                    totals.unreadableShards += 1
                }
            }
            try console.out(json ? try JSONOutput.text(totals) : totals.text)
            if totals.unreadableShards > 0 || totals.damagedEntries > 0 { throw ExitStatus.incomplete }
        }
    }
}

extension UInt64 {
    fileprivate mutating func addSaturating(_ other: UInt64) {
        let (sum, overflows) = addingReportingOverflow(other)
        self = overflows ? .max : sum
    }
}
