import Glibc
import Synchronization

/// Standard error, shared by the log and the progress line: a log line pushes the progress line down instead of running
/// into it.
///
/// Everything goes out under one lock, each change with one `write(2)`. After a broken pipe it is silent for good.
package final class ConsoleSink: LineSink {
    private struct State {
        var progress = ""
        var isBroken = false
    }

    /// Back to the first column, and erase to the end of the line (ECMA-48, EL).
    private static let clearLine = Array("\r\u{1B}[K".utf8)

    /// Whether a progress line may be shown.
    package let isTerminal: Bool

    private let writer: DescriptorWriter
    private let state = Mutex(State())

    /// - Parameters:
    ///   - descriptor: an open file descriptor, 2 for standard error. It is not closed here.
    ///   - isTerminal: nil to find out.
    package init(descriptor: Int32 = STDERR_FILENO, isTerminal: Bool? = nil) {
        self.writer = DescriptorWriter(descriptor: descriptor)
        self.isTerminal = isTerminal ?? (isatty(descriptor) == 1)
    }

    /// The width of the terminal in columns; 80 when it is not known.
    package var columns: Int {
        var size = winsize()
        let isKnown = ioctl(writer.descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return isKnown ? Int(size.ws_col) : 80
    }

    /// Writes a log line, above the progress line if there is one.
    package func write(line: String) {
        state.withLock { state in
            var bytes = state.progress.isEmpty ? [] : Self.clearLine
            bytes.append(contentsOf: line.utf8)
            bytes.append(UInt8(ascii: "\n"))
            bytes.append(contentsOf: state.progress.utf8)
            write(bytes, &state)
        }
    }

    /// Shows a progress line in place of the last one; an empty text removes it. Nothing happens unless this is a terminal.
    ///
    /// - Parameter text: shorter than ``columns``, without control characters.
    package func showProgress(_ text: String) {
        guard isTerminal else { return }
        state.withLock { state in
            guard text != state.progress else { return }
            state.progress = text
            write(Self.clearLine + Array(text.utf8), &state)
        }
    }

    private func write(_ bytes: [UInt8], _ state: inout State) {
        guard !state.isBroken else { return }
        state.isBroken = !writer.write(bytes)
    }
}
