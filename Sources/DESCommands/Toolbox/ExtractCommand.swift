import ArgumentParser
import DESShard
import DESTelemetry

/// `des extract`: files back into a folder.
struct ExtractCommand: AsyncParsableCommand {
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

    @Argument(help: "A shard or a directory of shards.") var place: String
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

        mutating func extract(_ entry: ShardEntry, _ reader: ShardReader, _ extractor: Extractor) {
            do {
                switch try extractor.extract(entry, from: reader) {
                case .written: filesWritten += 1
                case .alreadyThere: filesAlreadyThere += 1
                }
                totalSizeBytes += entry.size
            } catch {
                fail("\(entry.uid.escapedForOneLine): \(error)")
            }
        }

        mutating func fail(_ message: String) {
            filesFailed += 1
            Console.error("not restored: \(message)")
        }
    }

    func run() async throws {
        try await ToolRun.run { [place, uids, output, json] in
            let place = try ShardPlace(place)
            let extractor = try Extractor(folder: output)
            var counts = Counts()
            if uids.isEmpty {
                for path in place.shards {
                    do throws(ShardError) {
                        let reader = try place.open(path)
                        reader.index.forEachEntry { result in
                            switch result {
                            case .success(let entry): counts.extract(entry, reader, extractor)
                            case .failure(let error): counts.fail("\(error)")
                            }
                        }
                    } catch {
                        counts.fail("\(error)")
                    }
                }
            } else {
                for uid in uids {
                    var lookup = FileLookup(place: place)
                    do {
                        let found = try lookup.find(uid, createdAt: nil)
                        lookup.warnOfUnreadable()
                        counts.extract(found.entry, found.reader, extractor)
                    } catch {
                        counts.fail("\(error)")
                    }
                }
            }
            try Console.out(
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
