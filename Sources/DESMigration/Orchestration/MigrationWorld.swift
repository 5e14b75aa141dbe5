package import DESBase
package import DESCatalog
package import DESStorage

/// Everything a migration touches. Tests hand in parts that fail on purpose.
package struct MigrationWorld: Sendable {
    package var catalog: any SourceCatalog
    package var store: any ObjectStore
    /// Where work comes from; nil: everything eligible in the catalog, for this process alone.
    package var work: (any WorkSource)?
    package var sources: any SourceFiles
    package var staging: StagingFolder
    /// Measures durations and waits.
    package var clock: any Clock<Duration> = ContinuousClock()
    /// The time of day.
    package var now: @Sendable () -> Timestamp = { Timestamp.now() }
    /// Source of the random part of shard names.
    package var random: @Sendable () -> any RandomNumberGenerator = { SystemRandomNumberGenerator() }
    package var threads = ThreadFactory.system
    package var retryPolicy = RetryPolicy()
    package var processors: Int
    /// Files that the process may have open.
    package var fileDescriptors: Int

    package init(
        catalog: any SourceCatalog, store: any ObjectStore, sources: any SourceFiles, staging: StagingFolder,
        processors: Int, fileDescriptors: Int
    ) {
        self.catalog = catalog
        self.store = store
        self.sources = sources
        self.staging = staging
        self.processors = processors
        self.fileDescriptors = fileDescriptors
    }
}
