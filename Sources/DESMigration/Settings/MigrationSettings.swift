package import DESBase
package import DESRouting
package import DESShard

/// What a migration is told to do, checked and complete.
package struct MigrationSettings: Sendable, Hashable {
    /// Files younger than this stay, counted from the start of the cycle; nil: every file goes.
    package var archiveAge: Duration?
    /// Rows a page and rows a mark transaction.
    package var batchSize = 1000
    package var limits = CycleLimits()
    /// Whether sources are deleted after their rows are marked.
    package var deletesSources = false
    /// Whether a store that is empty is taken although rows are marked, whose shards should be in it.
    package var acceptsNewStore = false
    /// Whether the store's name is remembered from one process to the next; not where each one may name another output.
    package var remembersStore = true
    /// Whether sources of rows are deleted whose time is hardly that of a file.
    package var allowsOddTimes = false
    /// Folders that sources must lie in, links resolved; empty: anywhere.
    package var sourceRoots: [String] = []
    /// Catalog columns to carry into the meta of entries, parallel to the meta values of rows.
    package var metaColumns: [String] = []
    package var shardBits = ShardBits.standard
    /// A shard is sealed before it would grow over this many bytes.
    package var maximumShardSize = UInt64(StoreDefaults.shardSize)
    package var compression = CompressionSettings()
    /// Lower-case extensions, without dot, of files that are stored as they are.
    package var skippedExtensions: Set<String> = []
    /// Files larger than this are stored beside the shards; bytes.
    package var bigFileThreshold = UInt64(StoreDefaults.bigFileThreshold)
    /// Where big files go, relative to the shards.
    package var bigFilesPrefix = StoreDefaults.bigFilesFolder
    /// Bytes in flight.
    package var memoryBudget = 256 << 20
    /// Tasks that read sources; nil: chosen by the number of processors.
    package var readers: Int?
    /// Tasks that compress; nil: chosen by the number of processors.
    package var compressors: Int?
    /// Tasks that publish.
    package var uploads = 2

    package init(archiveAge: Duration? = .seconds(7 * 86_400)) { self.archiveAge = archiveAge }
}

extension MigrationSettings {
    /// Files created before this moment are moved by a cycle that starts at `now`.
    package func cutoff(at now: Timestamp) -> Timestamp {
        guard let archiveAge else { return .latest }
        let (seconds, attoseconds) = archiveAge.components
        let whole = seconds.multipliedReportingOverflow(by: 1_000_000)
        let age = whole.partialValue.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        guard !whole.overflow && !age.overflow else { return .earliest }
        let cutoff = now.microsecondsSinceEpoch.subtractingReportingOverflow(age.partialValue)
        return cutoff.overflow ? .earliest : Timestamp(microsecondsSinceEpoch: cutoff.partialValue)
    }
}

/// When a cycle ends before everything eligible is done. Nil: never.
package struct CycleLimits: Sendable, Hashable {
    /// Files fetched.
    package var files: Int?
    /// Bytes of files fetched, by the catalog's sizes or, without them, by what was read.
    package var bytes: Int64?
    package var duration: Duration?
    /// Sources deleted; what is over stays for a later cycle or for ever.
    package var deletions: Int?

    package init(files: Int? = nil, bytes: Int64? = nil, duration: Duration? = nil, deletions: Int? = nil) {
        self.files = files
        self.bytes = bytes
        self.duration = duration
        self.deletions = deletions
    }
}
