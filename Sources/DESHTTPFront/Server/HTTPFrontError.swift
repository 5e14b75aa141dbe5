/// A port could not be opened.
package struct HTTPFrontError: Error, Equatable, CustomStringConvertible {
    /// What the system, or TLS, says.
    package let description: String
}
