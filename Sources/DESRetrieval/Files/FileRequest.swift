public import DESBase

/// What a file is asked for by: the two columns of the catalog that lead to its shard.
public struct FileRequest: Sendable, Hashable {
    /// The file's name in the catalog.
    public let uid: String
    /// The file's time in the catalog: its day in UTC chooses the shards, and of several files of one uid that day the one of
    /// exactly this time is meant.
    public let createdAt: Timestamp

    /// Makes a request; nothing is looked up yet.
    public init(uid: String, createdAt: Timestamp) {
        self.uid = uid
        self.createdAt = createdAt
    }

    /// Uids are equal by their bytes: ones that only look alike name two files.
    public static func == (left: FileRequest, right: FileRequest) -> Bool {
        left.createdAt == right.createdAt && left.uid.isByteEqual(to: right.uid)
    }

    /// Hashes the uid by its bytes.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(ByteString(uid))
        hasher.combine(createdAt)
    }
}
