import DESBase

/// Why the work of many workers could not be shared out. Holds no secret.
package struct CoordinationError: Transient, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: Sendable, Hashable {
        /// The unit of work is another worker's by now; nothing was changed.
        case lost
        /// The job is not in the coordination database any more.
        case vanished
        /// This worker is configured otherwise than the one that made the plan.
        case mismatch
        /// The database with the units failed.
        case database
    }

    package let code: Code
    package let message: String
    /// Whether the same call may succeed when it is repeated a little later.
    package let isTransient: Bool

    package init(_ code: Code, _ message: String, isTransient: Bool = false) {
        self.code = code
        self.message = message
        self.isTransient = isTransient
    }

    package var description: String { message }
}
