import ArgumentParser
import DESBase
import DESConfiguration

/// `des extract`: files back into a folder.
struct ExtractCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "extract",
        abstract: "Restore files into a folder.",
        discussion: """
            Each file gets its uid as name; what cannot stand in a name is written as %XX ("a/b" becomes "a%2Fb"), and a \
            long uid is cut and gets its SHA-256 after a "~". Of two files with one uid the older gets the name, the other \
            the name with "~" and its shard. Nothing that exists is replaced, so an interrupted run can be repeated. Of \
            uids that are named the newest file is restored; however many they are, the shards are looked through once.

            EXAMPLES
              des extract ./des_output --output ./restored
              des extract ./des_output/20260131 --output ./restored               # of one day; also 202601, 2026-01
              des extract ./des_output --output ./restored doc-00000001.txt doc-00000002.txt
              psql -Atc 'SELECT uid FROM lost' | des extract s3://bucket/prefix --output ./restored --uids-from -
            """
    )

    @Argument(help: PlaceHelp.text) var place: String
    @Argument(help: "Uids of the files; without any, all files.") var uids: [String] = []
    @Option(name: .long, help: "A file with further uids, one a line; - is standard input.") var uidsFrom: String?
    @Option(name: .long, help: "The folder to write into.") var output: String
    @Flag(name: .long, help: "Print the result as one JSON object.") var json = false

    func validate() throws {
        if case .refused(let why) = WrittenPath(output).asPath { throw ValidationError("--output: \(why)") }
    }

    func run() async throws { try await run(in: ToolSurroundings()) }

    func run(in surroundings: ToolSurroundings) async throws {
        try await ToolRun.run(surroundings) { [place, uids, uidsFrom, output, json] surroundings in
            let wanted = try uids + (uidsFrom.map(UIDList.read) ?? [])
            if let source = try? FileSystem.status(place), let target = try? FileSystem.status(output),
                source.identity.node == target.identity.node
            {
                throw CommandProblem("--output \(output) is the folder of the shards itself: name another one")
            }
            let place = try await ShardPlaces.open(place, surroundings.opening)
            let progress = ToolProgress(
                "restored", of: wanted.isEmpty ? nil : wanted.count, surroundings.console)
            defer { progress.finish() }
            var extraction = Extraction(
                extractor: try Extractor(folder: output), console: surroundings.console, progress: progress)
            do {
                if wanted.isEmpty {
                    try await extraction.all(of: place)
                } else {
                    try await extraction.some(wanted, of: place)
                }
            } catch let failure as Extraction.Stop {
                extraction.counts.stopped = "\(failure)"
            }
            let counts = extraction.counts
            progress.finish()
            try surroundings.console.out(json ? try JSONOutput.text(counts) : counts.text(folder: output))
            if counts.stopped != nil { throw ExitStatus.fatal }
            if counts.filesFailed > 0 { throw ExitStatus.incomplete }
        }
    }
}
