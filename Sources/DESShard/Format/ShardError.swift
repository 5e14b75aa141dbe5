/// Why a shard, or one entry of it, cannot be read or written.
public struct ShardError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of errors; more may be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The code's name.
        public let description: String

        /// It does not begin or end like a shard.
        public static let notAShard = Code(description: "notAShard")
        /// A version that this library does not know.
        public static let unsupportedVersion = Code(description: "unsupportedVersion")
        /// Header, footer or index break a rule of the format.
        public static let malformed = Code(description: "malformed")
        /// The index can be read as version 1 and as version 2, and the header, which tells the version, is not at hand.
        public static let ambiguousVersion = Code(description: "ambiguousVersion")
        /// Two entries have one uid.
        public static let duplicateUID = Code(description: "duplicateUID")
        /// A codec that this library does not know.
        public static let unsupportedCodec = Code(description: "unsupportedCodec")
        /// The bytes of an entry are not those that were stored.
        public static let corrupt = Code(description: "corrupt")
        /// A big file that an entry names is missing or cannot be read.
        public static let bigFileUnavailable = Code(description: "bigFileUnavailable")
        /// The system refused to read or write.
        public static let inputOutput = Code(description: "inputOutput")
        /// What was to be appended does not fit the format.
        public static let invalidEntry = Code(description: "invalidEntry")
    }

    /// What kind of error it is.
    public let code: Code
    /// The shard, as the caller named it.
    public let file: String
    /// Where in the file, in bytes from its start, if that is known.
    public let offset: UInt64?
    /// The entry it concerns, if it is one entry's error.
    public let uid: String?
    /// What was expected and what was found.
    public let message: String

    package init(_ code: Code, file: String, offset: UInt64? = nil, uid: String? = nil, _ message: String) {
        self.code = code
        self.file = file
        self.offset = offset
        self.uid = uid
        self.message = message
    }

    /// A shard that was just written does not hold what it should.
    package static func verification(of file: String, _ message: String) -> ShardError {
        ShardError(.corrupt, file: file, message)
    }

    /// One line that names file, place and entry.
    public var description: String {
        var text = file
        if let offset { text += " at byte \(offset)" }
        if let uid { text += " (uid \(uid.debugDescription))" }
        return "\(text): \(message)"
    }
}
