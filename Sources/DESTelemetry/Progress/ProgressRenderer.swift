/// How far the work has come.
package struct ProgressSnapshot: Sendable, Equatable {
    /// Files that are through, failed ones included.
    package var filesDone: Int
    /// All files; nil while nobody knows.
    package var filesTotal: Int?
    /// Bytes of the files that are through.
    package var bytesDone: Int64
    /// Time since the work began.
    package var elapsed: Duration

    /// Makes a snapshot.
    package init(filesDone: Int, filesTotal: Int? = nil, bytesDone: Int64, elapsed: Duration) {
        self.filesDone = filesDone
        self.filesTotal = filesTotal
        self.bytesDone = bytesDone
        self.elapsed = elapsed
    }
}

/// Makes the progress line: `12,345 files · 1.2 GiB · 8,900 files/s · 45 % · ETA 1 m 20 s`.
///
/// A value that knows no clock and no terminal. The rate is that of the last seconds, so that it follows a change of speed
/// without trembling. The rest of the time is shown once 1 % is done.
package struct ProgressRenderer: Sendable {
    /// Over how long the rate is taken.
    static let rateWindow = Duration.seconds(5)

    /// Snapshots of the last seconds, oldest first; the first is at least a window old when there is one that old.
    private var recent: [(elapsed: Duration, files: Int)] = [(.zero, 0)]

    /// Starts with nothing done.
    package init() {}

    /// Takes note of a snapshot and makes the line.
    ///
    /// - Parameters:
    ///   - snapshot: not older than the last one.
    ///   - columns: the width that the line may have; parts that do not fit are left out, the least important first.
    package mutating func line(_ snapshot: ProgressSnapshot, columns: Int) -> String {
        note(snapshot)
        let rate = filesPerSecond
        var parts: [(importance: Int, text: String)] = [
            (5, "\(snapshot.filesDone.groupedByThousands) \(snapshot.filesDone == 1 ? "file" : "files")"),
            (1, snapshot.bytesDone.byteCountText),
        ]
        if let rate { parts.append((2, "\(Self.rateText(rate)) files/s")) }
        if let total = snapshot.filesTotal, total > 0 {
            // Rows may come in while the work goes on; more than all is not 104 %.
            let share = min(1, Double(snapshot.filesDone) / Double(total))
            parts.append((4, "\(Int(share * 100)) %"))
            if share >= 0.01, share < 1, let rate, rate > 0 {
                let rest = Duration.seconds(Double(total - snapshot.filesDone) / rate)
                parts.append((3, "ETA \(Self.wholeSeconds(rest).humanReadable)"))
            }
        }
        return Self.fitted(parts, columns: columns)
    }

    private mutating func note(_ snapshot: ProgressSnapshot) {
        recent.append((snapshot.elapsed, snapshot.filesDone))
        let start = snapshot.elapsed - Self.rateWindow
        while recent.count > 2, recent[1].elapsed <= start { recent.removeFirst() }
    }

    private var filesPerSecond: Double? {
        guard let first = recent.first, let last = recent.last, last.elapsed > first.elapsed else { return nil }
        return Double(max(0, last.files - first.files)) / ((last.elapsed - first.elapsed) / .seconds(1))
    }

    /// Below ten a second a decimal; three digits are all that a rate of some seconds is worth.
    private static func rateText(_ rate: Double) -> String {
        if rate < 9.95 {
            let tenths = Int((rate * 10).rounded())
            return "\(tenths / 10).\(tenths % 10)"
        }
        var step = 1.0
        while rate / step >= 1000 { step *= 10 }
        return Int((rate / step).rounded() * step).groupedByThousands
    }

    private static func wholeSeconds(_ duration: Duration) -> Duration {
        .seconds(max(1, Int64((duration / .seconds(1)).rounded())))
    }

    private static func fitted(_ parts: [(importance: Int, text: String)], columns: Int) -> String {
        var parts = parts
        var line = parts.map(\.text).joined(separator: " · ")
        while line.count > columns, parts.count > 1,
            let least = parts.indices.min(by: { parts[$0].importance < parts[$1].importance })
        {
            parts.remove(at: least)
            line = parts.map(\.text).joined(separator: " · ")
        }
        return String(line.prefix(max(0, columns)))
    }
}
