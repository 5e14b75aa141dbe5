/// Why a file could not be had. That there is no such file is no error.
public struct RetrievalError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of errors; more may be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The code's name.
        public let description: String

        /// The store did not answer, or not as it should; the same request may succeed later.
        public static let unavailable = Code(description: "unavailable")
        /// The store refuses us: credentials, a missing bucket or folder. Somebody has to mend it.
        public static let refused = Code(description: "refused")
        /// A shard or a big file is damaged or gone, and the file asked for is or may be in it.
        public static let damaged = Code(description: "damaged")
        /// Other requests hold all memory that there is for files; the same request may succeed later.
        public static let overloaded = Code(description: "overloaded")
        /// No zone holds the shards of this uid.
        public static let unroutable = Code(description: "unroutable")
    }

    /// What kind of error it is.
    public let code: Code
    /// What was asked for.
    public let uid: String?
    /// What failed, where, and what happens next; without secrets.
    public let message: String

    /// Whether what was listed before is gone or replaced, so that looking again may well find it.
    package let isOutdated: Bool

    package init(_ code: Code, uid: String? = nil, _ message: String) {
        self.init(code, uid: uid, isOutdated: false, message)
    }

    init(_ code: Code, uid: String? = nil, isOutdated: Bool, _ message: String) {
        self.code = code
        self.uid = uid
        self.isOutdated = isOutdated
        self.message = message
    }

    /// One line that names the uid.
    public var description: String { uid.map { "uid \($0.debugDescription): \(message)" } ?? message }
}
