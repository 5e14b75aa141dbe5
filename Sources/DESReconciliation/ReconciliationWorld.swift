package import DESBase
package import DESCatalog
package import DESMigration
package import DESRouting
import DESShard
package import DESStorage

/// Everything a reconciliation touches.
package struct ReconciliationWorld: Sendable {
    package var catalog: any SourceCatalog
    package var store: any ObjectStore
    package var sources: any SourceFiles
    /// Where shards wait until their rows are marked.
    package var stagingDirectory: String
    package var clock: any Clock<Duration>
    /// The time of day.
    package var now: @Sendable () -> Timestamp
    package var threads = ThreadFactory.system
    package var retryPolicy: RetryPolicy

    package init(
        catalog: any SourceCatalog, store: any ObjectStore, sources: any SourceFiles, stagingDirectory: String,
        clock: any Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Timestamp = { Timestamp.now() },
        retryPolicy: RetryPolicy = RetryPolicy()
    ) {
        self.catalog = catalog
        self.store = store
        self.sources = sources
        self.stagingDirectory = stagingDirectory
        self.clock = clock
        self.now = now
        self.retryPolicy = retryPolicy
    }

    /// The parts of a migration's world.
    package init(_ world: MigrationWorld) {
        self.init(
            catalog: world.catalog, store: world.store, sources: world.sources, stagingDirectory: world.staging.path,
            clock: world.clock, now: world.now, retryPolicy: world.retryPolicy)
        threads = world.threads
    }
}

/// What a reconciliation is told to do.
package struct ReconciliationSettings: Sendable, Hashable {
    /// The first day, in days since 1970; nil: from the beginning.
    package var firstDay: Int64?
    /// The last day; nil: to the end.
    package var lastDay: Int64?
    /// What is younger may belong to a running migration: it is only counted.
    package var minimumAge = Duration.seconds(7 * 86_400)
    /// Whether what is safe to repair is repaired.
    package var repairs = false
    /// Whether big files that no shard names are deleted. Safe only while nobody migrates to the store: a migration takes one
    /// that is there for its own, however old it is.
    package var deletesOrphans = false
    /// How many findings of a kind are kept.
    package var limit = 1000
    /// Whether the migration deletes sources, so that one that is missing is no surprise.
    package var deletesSources = false
    /// Where big files are, relative to the shards.
    package var bigFilesPrefix = StoreDefaults.bigFilesFolder
    package var shardBits = ShardBits.standard

    package init() {}

    /// Whether all days are looked at.
    var isWhole: Bool { firstDay == nil && lastDay == nil }
}
