import DESRouting
import DESStorage

/// Where a file was found.
package struct StoredPlace: Sendable {
    /// What the shard's name begins with, as a value.
    let key: ShardKey
    /// The shard, ready to be read.
    let shard: OpenedShard
    /// The part of the store that has the shard, and its big files.
    let store: any ObjectStore
}
