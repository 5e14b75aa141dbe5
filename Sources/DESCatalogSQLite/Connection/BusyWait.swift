import GRDBSQLite
import Synchronization

/// Waits in short steps while another connection holds a lock: up to a limit, or until the task is cancelled.
final class BusyWait: Sendable {
    private let limit: Duration
    private let start = Mutex<ContinuousClock.Instant?>(nil)

    init(limit: Duration) {
        self.limit = limit
    }

    /// Called by SQLite on the connection's thread; `attempt` counts from 0 for each statement that meets a lock.
    /// Answers whether to try again.
    func wait(attempt: Int) -> Bool {
        guard !Task.isCancelled else { return false }
        let now = ContinuousClock.now
        let began = start.withLock { start in
            if attempt == 0 { start = now }
            return start ?? now
        }
        guard now - began < limit else { return false }
        sqlite3_sleep(attempt < 10 ? 1 : attempt < 50 ? 5 : 20)
        return true
    }
}
