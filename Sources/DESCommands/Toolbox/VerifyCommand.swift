import ArgumentParser
import DESShard
import DESTelemetry

/// `des verify`: reads everything.
struct VerifyCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read every file of a shard or of a directory of shards and check it.",
        discussion: """
            Prints a line for each damaged entry or shard, and one for each that could not be read, for example because the \
            network failed; ends with exit code 3 if there is one.

            EXAMPLE
              des verify ./des_output
            """
    )

    @Argument(help: PlaceHelp.text) var place: String
    @Flag(name: .long, help: "Print the result as one JSON object.") var json = false

    private struct Damage: Encodable {
        let shard: String
        let uid: String?
        let message: String
    }

    private struct Report: Encodable {
        var shards = 0
        var files = 0
        var totalSizeBytes: UInt64 = 0
        var withoutChecksum = 0
        var damaged: [Damage] = []
        /// Nobody knows whether these are damaged.
        var unreadable: [Damage] = []

        enum CodingKeys: String, CodingKey {
            case shards, files, damaged, unreadable
            case totalSizeBytes = "total_size_bytes"
            case withoutChecksum = "files_without_checksum"
        }
    }

    func run() async throws { try await run(in: ToolSurroundings()) }

    func run(in surroundings: ToolSurroundings) async throws {
        try await ToolRun.run(surroundings) { [place, json] surroundings in
            let console = surroundings.console
            var report = Report()
            let decoder = PayloadDecoder()
            let progress = ToolProgress("verified", console)
            defer { progress.finish() }
            func note(_ problem: ShardProblem) throws {
                progress.failed()
                let damage = Damage(shard: problem.file, uid: problem.uid, message: problem.message)
                switch problem.kind {
                case .damage: report.damaged.append(damage)
                case .unreadable: report.unreadable.append(damage)
                }
                if !json { try console.out("\(problem.kind == .damage ? "DAMAGED" : "UNREADABLE") \(problem)") }
            }
            try await ShardPlaces.open(place, surroundings.opening).forEachShard { result in
                report.shards += 1
                do {
                    try await result.get().verify(decoder: decoder) { result in
                        switch result {
                        case .failure(let problem): try note(problem)
                        case .success(let entry):
                            report.files += 1
                            progress.done(entry.size)
                            report.totalSizeBytes += entry.size
                            if case .inline = entry.content, entry.meta.crc32 == nil { report.withoutChecksum += 1 }
                        }
                    }
                } catch let problem as ShardProblem {
                    try note(problem)
                }
            }
            progress.finish()
            try console.out(json ? try JSONOutput.text(report) : Self.text(report))
            guard report.shards > 0 else { throw CommandProblem("there is no shard in \(place): nothing was verified") }
            if !report.damaged.isEmpty || !report.unreadable.isEmpty { throw ExitStatus.incomplete }
        }
    }

    private static func text(_ report: Report) -> String {
        var text =
            "\(report.files.counted("file")) (\(report.totalSizeBytes.byteCountText)) in "
            + "\(report.shards.counted("shard")) whole, \(report.damaged.count.groupedByThousands) damaged"
        if !report.unreadable.isEmpty { text += ", \(report.unreadable.count.groupedByThousands) could not be read" }
        if report.withoutChecksum > 0 {
            text += "; \(report.withoutChecksum.groupedByThousands) have no checksum and were only decoded"
        }
        return text
    }
}
