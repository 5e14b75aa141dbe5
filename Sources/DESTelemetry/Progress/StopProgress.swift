/// What is left to do in a cycle that is to end, for whoever waits: `stopping: 9,400 files left, about 25 s`.
///
/// A value that knows no clock. As long as nothing was finished since the stop, the rate at which files were begun tells how
/// long it may take: all of them pass the same stages.
package struct StopProgress: Sendable {
    /// Before that the rate since the stop says nothing.
    private static let settlingTime = Duration.seconds(2)

    private let start: Duration
    private let doneAtStart: Int

    /// - Parameters:
    ///   - elapsed: time since the work began, at the stop.
    ///   - done: files that were through by then.
    package init(elapsed: Duration, done: Int) {
        start = elapsed
        doneAtStart = done
    }

    /// - Parameters:
    ///   - left: files that are begun and not through.
    ///   - done: files that are through.
    ///   - elapsed: time since the work began.
    package func text(left: Int, done: Int, elapsed: Duration) -> String {
        let files = "stopping: \(left.groupedByThousands) \(left == 1 ? "file" : "files") left"
        guard left > 0, let rate = rate(done, left, elapsed) else { return files }
        let seconds = (Double(left) / rate).rounded(.up)
        guard seconds < 1e9 else { return files }
        return "\(files), about \(Duration.seconds(max(1, Int64(seconds))).humanReadable)"
    }

    private func rate(_ done: Int, _ left: Int, _ elapsed: Duration) -> Double? {
        func rate(_ files: Int, in time: Duration) -> Double? {
            files > 0 && time > .zero ? Double(files) / (time / .seconds(1)) : nil
        }
        let since = elapsed - start
        if since >= Self.settlingTime, let rate = rate(done - doneAtStart, in: since) { return rate }
        return rate(done + left, in: elapsed)
    }
}

/// Decides when something that goes on is worth a line of the log again.
package struct LogPace: Sendable {
    private let interval: Duration
    private var last: Duration?

    /// - Parameter isFirstDue: whether the first moment that is asked for is worth one.
    package init(every interval: Duration, isFirstDue: Bool = true) {
        self.interval = interval
        last = isFirstDue ? nil : .zero
    }

    /// - Parameter elapsed: not before the last one.
    package mutating func isDue(at elapsed: Duration) -> Bool {
        if let last, elapsed - last < interval { return false }
        last = elapsed
        return true
    }
}
