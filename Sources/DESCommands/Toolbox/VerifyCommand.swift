import ArgumentParser
import DESShard
import DESTelemetry

/// `des verify`: reads everything.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read every file of a shard or of a directory of shards and check it.",
        discussion: """
            Prints a line for each damaged entry or shard and ends with exit code 3 if there is one.

            EXAMPLE
              des verify ./des_output
            """
    )

    @Argument(help: "A shard or a directory of shards.") var place: String
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

        enum CodingKeys: String, CodingKey {
            case shards, files, damaged
            case totalSizeBytes = "total_size_bytes"
            case withoutChecksum = "files_without_checksum"
        }
    }

    func run() async throws {
        try await ToolRun.run { [place, json] in
            var report = Report()
            let decoder = PayloadDecoder()
            let place = try ShardPlace(place)
            for path in place.shards {
                report.shards += 1
                func damage(_ error: ShardError) throws {
                    report.damaged.append(Damage(shard: path, uid: error.uid, message: error.message))
                    if !json { try Console.out("DAMAGED \(error)") }
                }
                do {
                    try place.open(path).verify(decoder: decoder) { result in
                        switch result {
                        case .failure(let error): try damage(error)
                        case .success(let entry):
                            report.files += 1
                            report.totalSizeBytes += entry.size
                            if case .inline = entry.content, entry.meta.crc32 == nil { report.withoutChecksum += 1 }
                        }
                    }
                } catch let error as ShardError {
                    try damage(error)
                }
            }
            try Console.out(json ? try JSONOutput.text(report) : Self.text(report))
            if !report.damaged.isEmpty { throw ExitStatus.incomplete }
        }
    }

    private static func text(_ report: Report) -> String {
        var text =
            "\(report.files.counted("file")) (\(report.totalSizeBytes.byteCountText)) in "
            + "\(report.shards.counted("shard")) whole, \(report.damaged.count.groupedByThousands) damaged"
        if report.withoutChecksum > 0 {
            text += "; \(report.withoutChecksum.groupedByThousands) have no checksum and were only decoded"
        }
        return text
    }
}
