package import DESTelemetry
import Synchronization

/// Collects log lines and hands them on many at a time, so that a line does not cost a system call.
///
/// Lines wait for ``flush()``, or until there are 64 KiB of them; whoever writes the line that is too many hands them on.
/// They keep their order.
package final class BufferedLineSink: LineSink {
    private static let capacity = 64 * 1024

    private let sink: any LineSink
    private let lines = Mutex("")

    /// - Parameter sink: where lines go; it is given several at once, with line feeds between them.
    package init(_ sink: any LineSink) { self.sink = sink }

    /// Keeps a line.
    package func write(line: String) {
        lines.withLock { lines in
            if !lines.isEmpty { lines += "\n" }
            lines += line
            if lines.utf8.count >= Self.capacity { handOn(&lines) }
        }
    }

    /// Hands on what there is.
    package func flush() {
        lines.withLock { lines in
            if !lines.isEmpty { handOn(&lines) }
        }
    }

    private func handOn(_ lines: inout String) {
        sink.write(line: lines)
        lines.removeAll(keepingCapacity: true)
    }
}
