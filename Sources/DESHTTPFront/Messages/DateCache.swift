import DESBase
import Synchronization

/// The field `Date` of now, with its line end, made once a second.
package final class DateCache: Sendable {
    private struct Entry {
        var second: Int64 = 0
        var line = ""
    }

    private let entry = Mutex(Entry())

    /// Makes an empty cache.
    package init() {}

    /// Now, as a line of a head.
    package var line: String {
        let second = Timestamp.now().secondsSinceEpoch
        return entry.withLock { entry in
            if entry.second != second {
                let date = HTTPDate.text(Timestamp(secondsSinceEpoch: second))
                entry = Entry(second: second, line: "Date: \(date)\r\n")
            }
            return entry.line
        }
    }
}
