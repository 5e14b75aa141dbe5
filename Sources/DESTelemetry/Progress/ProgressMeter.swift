/// Finds out how fast the work goes on. A value that knows no clock and no terminal.
package struct ProgressMeter: Sendable {
    /// Over how long the rate is taken: it follows a change of speed without trembling.
    static let rateWindow = Duration.seconds(60)
    /// How many moments of a window are kept.
    private static let resolution = 60

    /// Moments of the last window, oldest first; the first is at least a window old when there is one that old.
    private var recent: [(elapsed: Duration, files: Double)] = [(.zero, 0)]

    /// Starts with nothing done.
    package init() {}

    /// - Parameter snapshot: not older than the last one.
    package mutating func progress(_ snapshot: ProgressSnapshot) -> WorkProgress {
        let files = snapshot.filesDone
        let least = Self.rateWindow / Self.resolution
        // The last moment moves on until it is worth one of its own.
        if recent.count > 1, snapshot.elapsed - recent[recent.count - 2].elapsed < least { recent.removeLast() }
        recent.append((snapshot.elapsed, files))
        while recent.count > 2, recent[1].elapsed <= snapshot.elapsed - Self.rateWindow { recent.removeFirst() }
        let (first, last) = (recent[0], recent[recent.count - 1])
        let rate =
            last.elapsed > first.elapsed
            ? max(0, last.files - first.files) / ((last.elapsed - first.elapsed) / .seconds(1)) : nil
        return WorkProgress(snapshot, filesPerSecond: rate)
    }
}

/// How far the work has come, and how fast it goes on.
package struct WorkProgress: Sendable {
    package let snapshot: ProgressSnapshot
    /// That of the last minute; nil at the very beginning.
    package let filesPerSecond: Double?
    /// 0…1; nil while nobody knows how much there is.
    package let share: Double?
    /// How long the rest takes at this rate; nil before 1 % is done.
    package let rest: Duration?

    init(_ snapshot: ProgressSnapshot, filesPerSecond: Double?) {
        self.snapshot = snapshot
        self.filesPerSecond = filesPerSecond
        guard let total = snapshot.filesTotal, total > 0 else {
            (share, rest) = (nil, nil)
            return
        }
        // Rows may come in while the work goes on; more than all is not 104 %.
        let share = min(1, snapshot.filesDone / Double(total))
        self.share = share
        guard share >= 0.01, share < 1, let filesPerSecond, filesPerSecond > 0 else {
            rest = nil
            return
        }
        let seconds = (Double(total) - snapshot.filesDone) / filesPerSecond
        rest = seconds < 1e9 ? .seconds(max(1, Int64(seconds.rounded()))) : nil
    }

    /// `12,345 read · 9,000 marked · 1.2 GiB · 8,900 files/s · 45 % · ETA 1 m 20 s · limit: upload`.
    ///
    /// - Parameter columns: the width that the line may have; parts that do not fit are left out, the least important first.
    package func line(columns: Int = .max) -> String {
        var parts = snapshot.steps.enumerated().map { number, step in
            let importance = number == snapshot.steps.count - 1 ? 8 : number == 0 ? 6 : 2
            return (importance: importance, text: "\(step.files.groupedByThousands) \(step.name)")
        }
        if snapshot.filesFailed > 0 { parts.append((3, "\(snapshot.filesFailed.groupedByThousands) failed")) }
        if let bytes = snapshot.bytes { parts.append((1, bytes.byteCountText)) }
        if let filesPerSecond { parts.append((5, "\(Self.rateText(filesPerSecond)) files/s")) }
        if let share { parts.append((9, "\(Int(share * 100)) %")) }
        if let rest { parts.append((7, "ETA \(rest.humanReadable)")) }
        if let limit = snapshot.limit { parts.append((4, "limit: \(limit)")) }
        var line = parts.map(\.text).joined(separator: " · ")
        while line.count > columns, parts.count > 1,
            let least = parts.indices.min(by: { parts[$0].importance < parts[$1].importance })
        {
            parts.remove(at: least)
            line = parts.map(\.text).joined(separator: " · ")
        }
        return String(line.prefix(max(0, columns)))
    }

    /// Below ten a second a decimal; three digits are all that a rate of a minute is worth.
    private static func rateText(_ rate: Double) -> String {
        if rate < 9.95 {
            let tenths = Int((rate * 10).rounded())
            return "\(tenths / 10).\(tenths % 10)"
        }
        var step = 1.0
        while rate / step >= 1000 { step *= 10 }
        return Int((rate / step).rounded() * step).groupedByThousands
    }
}
