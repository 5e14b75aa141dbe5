import DESBase
import Synchronization

/// The `Date` header of now, made once a second.
package final class DateCache: Sendable {
    private struct Entry {
        var second: Int64 = 0
        var text = ""
    }

    private let entry = Mutex(Entry())

    /// Makes an empty cache.
    package init() {}

    /// Now, as text.
    package var text: String {
        let second = Timestamp.now().secondsSinceEpoch
        return entry.withLock { entry in
            if entry.second != second {
                entry = Entry(second: second, text: HTTPDate.text(Timestamp(secondsSinceEpoch: second)))
            }
            return entry.text
        }
    }
}
