import DESConfiguration
import DESMigration
import DESRouting
import DESShard

extension MigrationSettings {
    /// What the configuration file says.
    init(_ configuration: MigrationConfiguration) {
        let migration = configuration.migration
        let packer = configuration.packer
        let pipeline = configuration.pipeline
        self.init(archiveAge: migration.archiveAge)
        batchSize = migration.batchSize
        limits = CycleLimits(
            files: migration.maxFiles, bytes: migration.maxSizeInBytes.map { Int64(clamping: $0) },
            duration: migration.maxDuration, deletions: migration.maxDeletedFiles
        )
        deletesSources = migration.deletesSourceFiles
        allowsOddTimes = migration.allowsOddTimes
        sourceRoots = migration.sourceRoots
        metaColumns = migration.metaColumns
        shardBits = packer.bits
        maximumShardSize = UInt64(packer.maxShardSizeInBytes)
        compression = CompressionSettings(codec: packer.compression.codec, level: packer.compression.level)
        skippedExtensions = packer.compression.skipExtensions
        bigFileThreshold = UInt64(packer.bigFileThresholdInBytes)
        bigFilesPrefix = packer.bigFilesPrefix
        memoryBudget = Int(pipeline.memoryBudgetInBytes)
        // Each read of an object waits for the network, not for this machine.
        readers = pipeline.readers ?? (packer.s3Source.isEnabled ? 32 : nil)
        compressors = pipeline.compressors
        uploads = pipeline.uploads ?? 2
    }
}
