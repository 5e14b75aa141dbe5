package import DESBase

/// Something that is not as it should be between catalog and storage.
package struct Finding: Sendable, Hashable, Encodable {
    /// What can be wrong.
    package enum Kind: String, Sendable, Hashable, CaseIterable, Encodable {
        /// A row is marked, but no shard has its file.
        case markedInNoShard = "marked_in_no_shard"
        /// A row is marked, but has no uid or no readable time, so that no shard can have its file.
        case markedWithoutKey = "marked_without_key"
        /// A shard has the file of a row that is not marked.
        case inShardNotMarked = "in_shard_not_marked"
        /// A shard has a file that no row names.
        case inShardNoRow = "in_shard_no_row"
        /// More shards have a file than there are rows of it.
        case inSeveralShards = "in_several_shards"
        /// A shard cannot be read, or an entry of it cannot.
        case unreadableShard = "unreadable_shard"
        /// An object that ends like a shard, but has no name of one.
        case unknownShard = "unknown_shard"
        /// An entry names a big file that is not there, or has another size.
        case missingBigFile = "missing_big_file"
        /// A big file that no entry names.
        case orphanedBigFile = "orphaned_big_file"
        /// What an interrupted run left in the staging folder.
        case stagingLeftover = "staging_leftover"
        /// An upload in parts that was never completed.
        case unfinishedUpload = "unfinished_upload"
    }

    package let kind: Kind
    package var uid: String?
    /// RFC 3339.
    package var createdAt: String?
    /// Of the source, as the row says.
    package var location: String?
    /// The key of a shard that has the file.
    package var shard: String?
    /// The key of an object, or the name of a file in staging.
    package var key: String?
    /// What is known besides, why it was not repaired, or what the operator can do.
    package var message: String?
    package var isRepaired = false

    package init(
        _ kind: Kind, uid: String? = nil, createdAt: Timestamp? = nil, location: String? = nil, shard: String? = nil,
        key: String? = nil, message: String? = nil, isRepaired: Bool = false
    ) {
        self.kind = kind
        self.uid = uid
        self.createdAt = createdAt?.rfc3339
        self.location = location
        self.shard = shard
        self.key = key
        self.message = message
        self.isRepaired = isRepaired
    }

    private enum CodingKeys: String, CodingKey {
        case uid, createdAt, location, shard, key, message
        case isRepaired = "repaired"
    }
}
