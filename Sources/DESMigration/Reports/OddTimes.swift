package import DESBase
import DESCatalog
import Logging
import Synchronization

/// Counts the files of a cycle whose time is hardly that of a file, so that somebody looks at the column of times before sources go.
package final class OddTimes: Sendable {
    private struct State {
        var count = 0
        var first: (uid: String, stored: String, read: String)?
    }

    private let plausible: PlausibleTimes
    private let state = Mutex(State())

    /// - Parameter now: when the cycle began.
    package init(now: Timestamp) { plausible = PlausibleTimes(now: now) }

    /// How many there were.
    var count: Int { state.withLock { $0.count } }

    /// Whether the row's time is one that files have.
    func isPlausible(_ key: RowKey) -> Bool { plausible.contains(key.createdAt) }

    /// Takes note of a row whose file is being packed.
    func look(at key: RowKey) {
        guard !isPlausible(key) else { return }
        let read = key.createdAt.timestamp?.rfc3339 ?? ""
        state.withLock { state in
            state.count += 1
            state.first = state.first ?? (key.uid.display, key.createdAt.display, read)
        }
    }

    /// Says what was noted, once.
    func warn(_ logger: Logger, deletesSources: Bool) {
        let (count, first) = state.withLock { ($0.count, $0.first) }
        guard count > 0, let first else { return }
        logger.warning(
            """
            times lie outside of 1990 (numbers: 2001) to tomorrow, so that archive_age_days says nothing: does the column count from \
            another moment than 1970?\(deletesSources ? " Sources of such rows are kept unless migration.allow_odd_times is true" : "")
            """,
            metadata: [
                "files": "\(count)", "uid": "\(first.uid)", "stored": "\(first.stored)", "read_as": "\(first.read)",
            ])
    }
}
