import DESBase
import DESShard

/// A shard that is on the device, was read back and checked entry by entry, and has its final name in staging.
///
/// There is no other way to make one, so that nothing can be published that was not verified.
struct SealedShard: Sendable {
    let name: String
    /// In bytes.
    let size: UInt64
    let rows: PackedRows

    /// Seals a shard. Blocks.
    ///
    /// - Throws: `ShardError` if it is not what was written, `SystemError`; it has no final name then.
    init(_ shard: WrittenShard, in staging: StagingFolder, decoder: PayloadDecoder) throws {
        let path = staging.openPath(shard.name)
        try shard.file.synchronize()
        try ShardVerification.check(
            try ShardReader(path: path), indexChecksum: shard.indexChecksum, decoder: decoder)
        try staging.files.rename(path, to: staging.sealedPath(shard.name))
        name = shard.name
        size = shard.size
        rows = shard.rows
    }
}
