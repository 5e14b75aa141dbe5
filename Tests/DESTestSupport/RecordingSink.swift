import DESTelemetry
import Synchronization

/// Keeps the lines of a log.
package final class RecordingSink: LineSink {
    private let recorded = Mutex<[String]>([])

    package init() {}

    package var lines: [String] { recorded.withLock { $0 } }

    package func write(line: String) {
        recorded.withLock { $0.append(line) }
    }
}
