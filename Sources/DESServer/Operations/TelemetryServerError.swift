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
