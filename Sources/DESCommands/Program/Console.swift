import DESBase
import Glibc

/// Standard output and error of a command.
enum Console {
    /// Writes a result and a line end.
    ///
    /// - Throws: `SystemError` when it cannot be written, for example to a full disk: a result that is cut short must not
    ///   look like a whole one.
    static func out(_ text: String) throws(SystemError) {
        let failure: SystemError? = withBytes(of: text + "\n") { bytes in
            do throws(SystemError) { try out(bytes) } catch { return error }
            return nil
        }
        if let failure { throw failure }
    }

    /// Writes a message and a line end. When that fails there is nobody left to tell.
    static func error(_ text: String) {
        withBytes(of: text + "\n") { try? write($0, to: STDERR_FILENO, name: "standard error") }
    }

    /// Writes bytes to standard output as they are.
    ///
    /// - Throws: `SystemError` when they cannot be written.
    static func out(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        try write(bytes, to: STDOUT_FILENO, name: "standard output")
    }

    /// Whether standard output is a terminal.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    private static func withBytes<Result>(of text: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var text = text
        return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }

    private static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, name: String
    ) throws(SystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno == EAGAIN {
                // Another process that shares the pipe may have made it non-blocking.
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&request, 1, -1)
            } else if errno != EINTR {
                throw SystemError.last("write to", name)
            }
        }
    }
}
