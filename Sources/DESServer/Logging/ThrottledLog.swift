import Logging
import Synchronization

/// A log for what may happen with each request: at most one line a second, which tells how many there were.
final class ThrottledLog: Sendable {
    private struct State {
        var lastLine: ContinuousClock.Instant?
        var suppressed = 0
    }

    private let logger: Logger
    private let level: Logger.Level
    private let state = Mutex(State())

    init(_ logger: Logger, level: Logger.Level) {
        self.logger = logger
        self.level = level
    }

    /// Logs a message, or counts it.
    func log(_ message: @autoclosure () -> String) {
        let now = ContinuousClock.now
        let suppressed: Int? = state.withLock { state in
            if let last = state.lastLine, now - last < .seconds(1) {
                state.suppressed += 1
                return nil
            }
            defer { state = State(lastLine: now) }
            return state.suppressed
        }
        guard let suppressed else { return }
        logger.log(
            level: level, "\(message())", metadata: suppressed > 0 ? ["suppressed_before": "\(suppressed)"] : nil)
    }
}
