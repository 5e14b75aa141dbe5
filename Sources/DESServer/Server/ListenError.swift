import DESHTTPFront

/// A port could not be opened.
package struct ListenError: Error, Equatable, CustomStringConvertible {
    /// One line for the log: what was to be served, where, and what the system says.
    package let description: String

    init(serving what: String, host: String, port: Int, _ error: HTTPFrontError) {
        description = "cannot serve \(what) on \(host) port \(port): \(error); nothing was started"
    }
}
