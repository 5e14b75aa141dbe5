import DESBase

/// Why a store did not do what it was asked.
package struct StorageError: Transient, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of errors; more may be added.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let description: String

        /// There is no such object.
        package static let notFound = Code(description: "notFound")
        /// Something else is there under that key; it was left as it is.
        package static let conflict = Code(description: "conflict")
        /// The store is full.
        package static let outOfSpace = Code(description: "outOfSpace")
        /// The store does not let us write.
        package static let unwritable = Code(description: "unwritable")
        /// What was written is not what is there.
        package static let damaged = Code(description: "damaged")
        /// The key cannot be used in this store.
        package static let invalidKey = Code(description: "invalidKey")
        /// Something else is there under that key than was listed before.
        package static let changed = Code(description: "changed")
        /// The work is somebody else's by now; it was not published.
        package static let superseded = Code(description: "superseded")
        /// Anything else; whether it was done is unknown.
        package static let failed = Code(description: "failed")
    }

    package let code: Code
    package let key: String
    package let message: String
    /// Whether the same request may well succeed a little later.
    package let isTransient: Bool

    package init(_ code: Code, key: String, isTransient: Bool = false, _ message: String) {
        self.code = code
        self.key = key
        self.isTransient = isTransient
        self.message = message
    }

    /// Whether nothing else can be written either, so that there is no use in going on.
    package var isStoreUnwritable: Bool { code == .outOfSpace || code == .unwritable }

    package var description: String { message }
}
