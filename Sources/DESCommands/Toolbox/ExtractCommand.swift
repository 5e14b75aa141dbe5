import ArgumentParser
import DESShard
import DESTelemetry

/// `des extract`: files back into a folder.
struct ExtractCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "extract",
        abstract: "Restore files into a folder.",
        discussion: """
            Each file gets its uid as name; what cannot stand in a name is written as %XX ("a/b" becomes "a%2Fb"), and a \
            long uid is cut and gets its SHA-256 after a "~". Of two files with one uid the older gets the name, the other \
            the name with "~" and its shard. Nothing that exists is replaced, so an interrupted run can be repeated.

            EXAMPLES
              des extract ./des_output --output ./restored
              des extract ./des_output --output ./restored doc-00000001.txt doc-00000002.txt
            """
    )

    @Argument(help: "A shard or a directory of shards, local or s3://bucket/prefix.") var place: String
    @Argument(help: "Uids of the files; without any, all files.") var uids: [String] = []
    @Option(name: .long, help: "The folder to write into.") var output: String
    @Flag(name: .long, help: "Print the result as one JSON object.") var json = false

    private struct Counts: Encodable {
        var filesWritten = 0
        var filesAlreadyThere = 0
        var filesFailed = 0
        var totalSizeBytes: UInt64 = 0

        enum CodingKeys: String, CodingKey {
            case filesWritten = "files_written"
            case filesAlreadyThere = "files_already_there"
            case filesFailed = "files_failed"
            case totalSizeBytes = "total_size_bytes"
        }

        mutating func add(_ outcome: Extractor.Outcome, _ entry: ShardEntry) {
            switch outcome {
            case .written: filesWritten += 1
            case .alreadyThere: filesAlreadyThere += 1
            }
            totalSizeBytes += entry.size
        }
    }

    func run() async throws { try await run(in: ToolSurroundings()) }

    func run(in surroundings: ToolSurroundings) async throws {
        try await ToolRun.run(surroundings) { [place, uids, output, json] surroundings in
            let console = surroundings.console
            let place = try await ShardPlaces.open(place, surroundings.opening)
            let extractor = try Extractor(folder: output)
            var counts = Counts()
            func fail(_ error: any Error, _ entry: ShardEntry? = nil) {
                counts.filesFailed += 1
                let uid = entry.map { "\($0.uid.escapedForOneLine): " } ?? ""
                console.error("not restored: \(uid)\(error)")
            }
            func fetch(_ entry: ShardEntry, _ shard: OpenShard) async {
                do { counts.add(try await extractor.fetch(entry, from: shard), entry) } catch { fail(error, entry) }
            }
            func extractAll(_ shard: OpenShard) async throws(ShardProblem) {
                try await shard.fetchAll()
                var apart: [ShardEntry] = []
                shard.reader.index.forEachEntry { result in
                    switch result {
                    case .failure(let error): fail(shard.problem(error))
                    case .success(let entry) where shard.isApart(entry): apart.append(entry)
                    case .success(let entry):
                        do { counts.add(try extractor.extract(entry, from: shard), entry) } catch { fail(error, entry) }
                    }
                }
                for entry in apart { await fetch(entry, shard) }
            }
            if uids.isEmpty {
                try await place.forEachShard { result in
                    do throws(ShardProblem) { try await extractAll(result.get()) } catch { fail(error) }
                }
            }
            for uid in uids {
                var lookup = FileLookup(place: place)
                do {
                    let found = try await lookup.find(uid, createdAt: nil)
                    lookup.warnOfUnreadable(console)
                    await fetch(found.entry, found.shard)
                } catch {
                    fail(error)
                }
            }
            try console.out(
                json
                    ? try JSONOutput.text(counts)
                    : "\(counts.filesWritten.counted("file")) (\(counts.totalSizeBytes.byteCountText)) "
                        + "restored to \(output), \(counts.filesAlreadyThere.groupedByThousands) were there already, "
                        + "\(counts.filesFailed.groupedByThousands) failed"
            )
            if counts.filesFailed > 0 { throw ExitStatus.incomplete }
        }
    }
}
