import DESTelemetry

/// A line of `--json-progress`.
struct ProgressReport: Encodable {
    private let progress: WorkProgress
    private let runID: String

    init(_ progress: WorkProgress, runID: String) {
        self.progress = progress
        self.runID = runID
    }

    /// Steps become keys too: `files_read`.
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        func encode(_ value: (some Encodable)?, _ key: String) throws {
            try container.encode(value, forKey: Key(stringValue: key))
        }
        let snapshot = progress.snapshot
        try encode("progress", "type")
        try encode(runID, "run_id")
        try encode(Self.tenths(snapshot.elapsed / .seconds(1)), "elapsed_seconds")
        for step in snapshot.steps { try encode(step.files, "files_\(step.name)") }
        try encode(snapshot.filesFailed, "files_failed")
        try encode(snapshot.filesTotal, "files_total")
        try encode(snapshot.bytes, "bytes_read")
        try encode(progress.filesPerSecond.map(Self.tenths), "files_per_second")
        try encode(progress.share.map { Self.tenths($0 * 100) }, "percent")
        try encode(progress.rest?.components.seconds, "eta_seconds")
        try encode(snapshot.limit, "limit")
    }

    private static func tenths(_ number: Double) -> Double { (number * 10).rounded() / 10 }
}
