package import DESRouting
package import DESShard
package import DESStorage

/// Where the bytes of a file are. An object, so that a file that was found is cheap to hand on.
package final class StoredPlace: Sendable {
    /// As it stands in the shard's index.
    package let entry: ShardEntry
    /// What the shard's name begins with, as a value.
    package let key: ShardKey
    /// The shard in caches.
    package let shardID: String
    /// The shard, ready to be read.
    package let handle: any ObjectHandle
    /// The part of the store that has the shard, and its big files.
    package let store: any ObjectStore

    package init(
        entry: ShardEntry, key: ShardKey, shardID: String, handle: any ObjectHandle, store: any ObjectStore
    ) {
        self.entry = entry
        self.key = key
        self.shardID = shardID
        self.handle = handle
        self.store = store
    }
}
