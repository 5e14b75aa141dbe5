import Glibc

/// The listener for metrics and health could not be opened.
package struct TelemetryServerError: Error, Equatable, CustomStringConvertible {
    /// Where it was to listen.
    package let host: String
    /// Where it was to listen.
    package let port: Int
    /// What the system says.
    package let reason: String

    /// One line for the log.
    package var description: String {
        "cannot serve metrics on \(host) port \(port): \(reason); nothing was started"
    }
}

/// What the system calls an error number, such as "Address already in use".
func systemErrorText(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    // The thread-safe call: the C library's other one shares a buffer.
    guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
