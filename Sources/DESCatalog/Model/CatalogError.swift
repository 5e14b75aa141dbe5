import DESBase

/// Why a catalog could not be read or marked. Holds no secret: catalogs are named by their path or redacted URL.
package struct CatalogError: Transient, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure; the set may grow.
    package struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        package let rawValue: String

        package init(rawValue: String) { self.rawValue = rawValue }

        package var description: String { rawValue }

        /// There is no such catalog, or it cannot be opened.
        package static let cannotOpen = Code(rawValue: "cannotOpen")
        package static let missingTable = Code(rawValue: "missingTable")
        package static let missingColumn = Code(rawValue: "missingColumn")
        /// The rows can be read, but not marked: for example a view without a trigger.
        package static let notMarkable = Code(rawValue: "notMarkable")
        /// Another connection holds a lock, for longer than the busy timeout.
        package static let locked = Code(rawValue: "locked")
        /// The catalog is damaged, or no catalog at all.
        package static let corrupt = Code(rawValue: "corrupt")
        package static let readOnly = Code(rawValue: "readOnly")
        package static let diskFull = Code(rawValue: "diskFull")
        package static let inputOutput = Code(rawValue: "inputOutput")
        package static let queryFailed = Code(rawValue: "queryFailed")
        /// User, password or certificate were refused.
        package static let accessDenied = Code(rawValue: "accessDenied")
        /// The server cannot be reached, restarts, or the connection broke. Of a statement that changes something it is
        /// unknown then whether it was done.
        package static let unreachable = Code(rawValue: "unreachable")
        /// A statement took longer than it may.
        package static let timedOut = Code(rawValue: "timedOut")
        /// Another worker has the unit of work by now; nothing was marked.
        package static let fenced = Code(rawValue: "fenced")
        /// The file of the catalog was replaced or removed since it was opened. The next call opens the one that is there.
        package static let replaced = Code(rawValue: "replaced")
        /// The catalog was closed before.
        package static let closed = Code(rawValue: "closed")
    }

    package var code: Code
    /// What was attempted and failed, as in "cannot mark 1000 rows".
    package var what: String
    /// Which catalog and, where it matters, table.
    package var place: String
    /// The reason, in the words of the database or the system.
    package var reason: String
    /// What happens next, or what the user can do.
    package var advice: String?

    package init(code: Code, what: String, place: String, reason: String, advice: String? = nil) {
        self.code = code
        self.what = what
        self.place = place
        self.reason = reason
        self.advice = advice
    }

    /// Whether the same call may succeed when it is repeated a little later.
    package var isTransient: Bool { code == .locked || code == .unreachable || code == .replaced }

    package var description: String {
        "\(what) (\(place)): \(reason)" + (advice.map { "; \($0)" } ?? "")
    }
}
