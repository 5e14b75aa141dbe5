package import DESRouting
package import DESStorage

/// Where a file was found.
package struct StoredPlace: Sendable {
    /// What the shard's name begins with, as a value.
    package let key: ShardKey
    /// The shard in caches.
    package let shardID: String
    /// The shard, ready to be read.
    package let handle: any ObjectHandle
    /// The part of the store that has the shard, and its big files.
    package let store: any ObjectStore

    package init(key: ShardKey, shardID: String, handle: any ObjectHandle, store: any ObjectStore) {
        self.key = key
        self.shardID = shardID
        self.handle = handle
        self.store = store
    }
}
