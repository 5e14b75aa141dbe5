import DESTelemetry
import Synchronization

/// Counts what a command has done with files, for whoever waits for it.
final class ToolProgress: Sendable {
    private struct State {
        var files = 0
        var failed = 0
        var bytes: Int64 = 0
        var lastShown = Duration.zero
    }

    /// Looking costs more than counting.
    private static let interval = Duration.milliseconds(100)

    private let step: String
    private let total: Int?
    private let line: ProgressLine?
    private let start = ContinuousClock().now
    private let state = Mutex(State())

    /// - Parameters:
    ///   - step: what is done with a file, as in "12 verified".
    ///   - total: how many files there are, if that is known.
    init(_ step: String, of total: Int? = nil, _ console: ToolConsole) {
        self.step = step
        self.total = total
        line = console.progress
    }

    /// It was done with a file of so many bytes.
    func done(_ bytes: UInt64) {
        count {
            $0.files += 1
            $0.bytes += Int64(clamping: bytes)
        }
    }

    /// It could not be done with a file, or a whole shard.
    func failed() { count { $0.failed += 1 } }

    /// Takes the line away.
    func finish() { line?.finish() }

    private func count(_ change: (inout State) -> Void) {
        guard let line else { return }
        let elapsed = start.duration(to: ContinuousClock().now)
        let snapshot = state.withLock { state -> ProgressSnapshot? in
            change(&state)
            guard elapsed - state.lastShown >= Self.interval else { return nil }
            state.lastShown = elapsed
            var snapshot = ProgressSnapshot([.init(step, state.files)], bytes: state.bytes, elapsed: elapsed)
            snapshot.filesFailed = state.failed
            snapshot.filesTotal = total
            return snapshot
        }
        if let snapshot { line.update(snapshot) }
    }
}
