/// The six stages of the migration, in their order; values of the label `stage`.
package enum PipelineStage: String, Sendable, CaseIterable {
    /// Reads pages of rows from the catalog.
    case fetch
    /// Opens, checks and reads the sources.
    case validate
    /// Copies, hashes and publishes big files.
    case bigFiles = "bigfiles"
    /// Compresses, appends, seals and verifies.
    case pack
    /// Publishes sealed shards and confirms them.
    case upload
    /// Marks rows in the catalog.
    case mark
    /// Deletes sources, if asked.
    case cleanup
}

/// How a cycle ended; values of the label `status` of `des_migration_cycles_total`.
package enum CycleStatus: String, Sendable, CaseIterable {
    /// It ran to its end. Single files may have failed; they have a counter of their own.
    case success
    /// An error stopped it.
    case failure
    /// It was asked to stop, and drained.
    case interrupted
}

/// How a read of a source in S3 ended; values of the label `status` of `des_s3_source_reads_total`.
package enum SourceReadStatus: String, Sendable, CaseIterable {
    /// All bytes came.
    case success
    /// There is no such object, as S3 said.
    case missing
    /// The object was replaced before or while it was read.
    case changed
    /// It was given up for another reason.
    case error
}
