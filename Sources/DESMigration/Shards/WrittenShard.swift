import DESShard

/// A shard whose last byte is written, but of which nothing is known yet.
struct WrittenShard: Sendable {
    /// Its final name.
    let name: String
    let file: any StagingFile
    let size: UInt64
    /// Of its INDEX, as it was written.
    let indexChecksum: CRC32
    /// About as many bytes as its INDEX has.
    let indexBytes: Int
    let rows: PackedRows
}
