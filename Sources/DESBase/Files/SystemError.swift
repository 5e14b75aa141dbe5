import Glibc

/// A system call that failed: which one, on what, and why.
package struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The number that the call left in `errno`.
    package let code: Int32
    /// What was attempted, as a verb that completes "cannot …": `open`, `read`, `rename`.
    package let operation: String
    /// The path or other object it was attempted on.
    package let subject: String

    package init(code: Int32, operation: String, subject: String) {
        self.code = code
        self.operation = operation
        self.subject = subject
    }

    /// The error of the call that has just failed on this thread.
    package static func last(_ operation: String, _ subject: String) -> SystemError {
        SystemError(code: errno, operation: operation, subject: subject)
    }

    /// The text of the error number alone, for example `No space left on device`.
    package var reason: String {
        guard let text = strerror(code) else { return "error \(code)" }
        return String(cString: text)
    }

    package var description: String { "cannot \(operation) \(subject): \(reason)" }

    /// Whether the device or quota is full, so that every further write would fail alike.
    package var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT }

    /// Whether nothing can be written there at all (full, read-only, no permission, a device that is broken or gone).
    package var isUnwritable: Bool {
        isOutOfSpace || [EROFS, EACCES, EPERM, EIO, ESTALE, ENXIO, ENODEV].contains(code)
    }

    /// Whether a file would become larger than the file system or a limit of the process (`ulimit -f`) allows.
    package var isBeyondFileSize: Bool { code == EFBIG }
}
