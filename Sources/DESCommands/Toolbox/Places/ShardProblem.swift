import DESTelemetry
import DESShard
import DESStorage

/// Why a shard of a place, or one entry of it, cannot be had.
struct ShardProblem: Error, CustomStringConvertible {
    enum Kind: Sendable {
        /// It is there, and it is not what it should be.
        case damage
        /// It could not be read, so nobody knows.
        case unreadable
    }

    let kind: Kind
    /// The shard or big file as the user knows it: a path, or `s3://…`.
    let file: String
    let uid: String?
    let message: String
    /// Whether what failed is this machine's disk, so that every further shard would fail alike.
    let isOfLocalDisk: Bool
    private let offset: UInt64?

    init(_ kind: Kind, file: String, uid: String? = nil, isOfLocalDisk: Bool = false, _ message: String) {
        self.isOfLocalDisk = isOfLocalDisk
        self.kind = kind
        self.file = file
        self.uid = uid
        self.message = message
        offset = nil
    }

    /// What was found in a local file.
    init(_ error: ShardError) {
        kind = .damage
        isOfLocalDisk = false
        file = error.file
        uid = error.uid
        message = error.message
        offset = error.offset
    }

    /// What was found in a copy of a remote one, which the user knows by its address only.
    init(_ error: ShardError, copy: String, address: String) {
        // The system's errors are those of the copy, or of where the contents went.
        isOfLocalDisk = false
        kind = error.code == .inputOutput ? .unreadable : .damage
        file = error.file == copy ? address : error.file
        uid = error.uid
        message = error.message.replacing(copy, with: "the copy of \(address)")
        offset = error.offset
    }

    /// One line that names file, place and entry.
    var description: String {
        var text = file
        if let offset { text += " at byte \(offset)" }
        if let uid { text += " (uid \(uid.debugDescription))" }
        return "\(text): \(message)".escapedForOneLine
    }
}
