import DESRouting
import DESStorage

/// Where a file was found. An object, because it is handed on for each file, and what it names is shared by all event loops.
package final class StoredPlace: Sendable {
    /// What the shard's name begins with, as a value.
    let key: ShardKey
    /// The shard, ready to be read.
    let shard: OpenedShard
    /// The part of the store that has the shard, and its big files.
    let store: any ObjectStore

    init(key: ShardKey, shard: OpenedShard, store: any ObjectStore) {
        self.key = key
        self.shard = shard
        self.store = store
    }
}
