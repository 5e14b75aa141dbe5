import DESStorage

/// A sealed shard that the store has whole, under its final name.
struct PublishedShard: Sendable {
    let name: String
    /// In bytes.
    let size: UInt64
    let rows: PackedRows

    /// - Parameter outcome: what the store said of it.
    init(_ shard: SealedShard, _ outcome: PublishOutcome) {
        name = shard.name
        size = shard.size
        rows = shard.rows
    }
}
