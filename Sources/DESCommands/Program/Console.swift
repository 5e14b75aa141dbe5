import DESSystem
import Glibc

/// Standard output and error of a command.
enum Console {
    /// Writes a result.
    static func out(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// Writes a message.
    static func error(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Writes bytes to standard output as they are.
    ///
    /// - Throws: `SystemError` when they cannot be written, for example to a full disk.
    static func out(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(STDOUT_FILENO, rest.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError.last("write", "standard output")
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }
}
