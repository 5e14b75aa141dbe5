/// An error that may pass by itself, so that trying again can help.
package protocol Transient: Error {
    var isTransient: Bool { get }
}
