/// How far the recovery of an interrupted run is.
package struct RecoveryProgress: Sendable, Hashable {
    /// Counts the shards from 1.
    package let shard: Int
    package let count: Int

    package var text: String { "recovering shard \(shard) of \(count)" }
}
