import Synchronization

/// The progress line of a command on its terminal: shown at most ten times a second, moved out of the way by log lines
/// through the shared ``ConsoleSink``, removed at the end. When standard error is no terminal, nothing is written.
package final class ProgressLine: Sendable {
    private struct State {
        var lastShown: Duration?
        var isFinished = false
    }

    /// The least time between two changes on the screen.
    static let interval = Duration.milliseconds(100)

    private let sink: ConsoleSink
    private let state = Mutex(State())

    /// - Parameter sink: the one that the log writes to.
    package init(sink: ConsoleSink) {
        self.sink = sink
    }

    /// Shows how far the work has come, unless the last time was less than a tenth of a second ago by its `elapsed`. Cheap
    /// enough to be called for each batch.
    package func update(_ progress: WorkProgress) {
        let elapsed = progress.snapshot.elapsed
        guard sink.isTerminal else { return }
        state.withLock { state in
            guard !state.isFinished else { return }
            if let lastShown = state.lastShown, elapsed - lastShown < Self.interval { return }
            state.lastShown = elapsed
            // A line of the full width would move the cursor to the next one, from where it could not be cleared.
            sink.showProgress(progress.line(columns: sink.columns - 1))
        }
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
