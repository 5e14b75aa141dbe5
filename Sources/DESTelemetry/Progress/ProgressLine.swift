import Synchronization

/// Shows how far a command is. On its terminal that is a line, shown at most ten times a second, moved out of the way by log
/// lines through the shared ``ConsoleSink``, and removed at the end; when standard error is no terminal, somebody is told once
/// a minute.
package final class ProgressLine: Sendable {
    private struct State {
        var meter = ProgressMeter()
        var lastShown: Duration?
        /// Not at the start: most commands are done before it is due.
        var pace = LogPace(every: .seconds(60), isFirstDue: false)
        var isFinished = false
    }

    /// The least time between two changes on the screen.
    static let interval = Duration.milliseconds(100)

    private let sink: ConsoleSink
    private let tell: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - sink: the one that the log writes to.
    ///   - tell: gets the line once a minute when there is no terminal.
    package init(sink: ConsoleSink, tell: @escaping @Sendable (String) -> Void) {
        self.sink = sink
        self.tell = tell
    }

    /// Shows how far the work has come, unless the last time was less than a tenth of a second ago by `snapshot.elapsed`.
    ///
    /// - Parameter text: is shown in the place of the numbers; nobody is told then.
    /// - Returns: the same with how fast it goes on.
    @discardableResult
    package func update(_ snapshot: ProgressSnapshot, showing text: String? = nil) -> WorkProgress {
        let (progress, line) = state.withLock { state -> (WorkProgress, String?) in
            let progress = state.meter.progress(snapshot)
            guard !state.isFinished else { return (progress, nil) }
            guard sink.isTerminal else {
                return (progress, text == nil && state.pace.isDue(at: snapshot.elapsed) ? progress.line() : nil)
            }
            if let lastShown = state.lastShown, snapshot.elapsed - lastShown < Self.interval { return (progress, nil) }
            state.lastShown = snapshot.elapsed
            // A line of the full width would move the cursor to the next one, from where it could not be cleared.
            let columns = sink.columns - 1
            sink.showProgress(text.map { String($0.prefix(max(0, columns))) } ?? progress.line(columns: columns))
            return (progress, nil)
        }
        if let line { tell(line) }
        return progress
    }

    /// Shows a text in the place of the numbers.
    package func show(_ text: String) {
        guard sink.isTerminal else { return }
        state.withLock { state in
            guard !state.isFinished else { return }
            sink.showProgress(String(text.prefix(max(0, sink.columns - 1))))
        }
    }

    /// Removes the line; later updates show nothing.
    package func finish() {
        state.withLock { state in
            state.isFinished = true
            sink.showProgress("")
        }
    }
}
