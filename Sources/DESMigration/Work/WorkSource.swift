package import DESBase
package import DESCatalog
package import DESStorage

/// Where a migration gets its work from, slice by slice: the whole catalog at once, day after day behind a watermark, or
/// units that many workers share.
package protocol WorkSource: Sendable {
    /// Whether staging belongs to this process alone, so that what an earlier run left there is brought to its end. If not,
    /// somebody else may have the work by now: leftovers are thrown away, and what was published is found by
    /// ``WorkSlice/shardsInDoubt()``.
    var recoversStaging: Bool { get }

    /// A cycle begins.
    ///
    /// - Parameters:
    ///   - cutoff: rows of this moment and later are left alone.
    ///   - isRecovered: whether everything that an earlier run left in staging is settled.
    func begin(cutoff: Timestamp, isRecovered: Bool) async throws

    /// What to do next.
    func next() async throws -> WorkStep

    /// How many rows no slice ever has, because they have no readable time; known once a cycle has begun.
    var rowsWithoutTime: Int { get }

    /// How many files are set aside now, by whichever cycle, and not accepted.
    func filesSetAside() async throws -> Int
}

extension WorkSource {
    package func filesSetAside() async throws -> Int { 0 }

    package var rowsWithoutTime: Int { 0 }
}

/// What a worker does next.
package enum WorkStep: Sendable {
    case slice(any WorkSlice)
    /// Others work on what is left, or it is to be tried again later: ask again after this time.
    case wait(Duration)
    /// Nothing is left but what was set aside: so many units, or days.
    case finished(setAside: Int)
}

/// Pending rows that one run of the pipeline takes.
package protocol WorkSlice: Sendable {
    /// For the log.
    var name: String { get }
    /// Where its rows are marked and looked up.
    var catalog: any SourceCatalog { get }
    /// Under what its rows are marked; nil if nobody else works on them.
    var fence: Fence? { get }
    /// Where its shards are published.
    var store: any ObjectStore { get }

    /// Begins to read its rows.
    func scan() async throws -> any PendingRowScan

    /// Shards that somebody published, or was about to, before the slice came here, and whose rows may not be marked yet.
    func shardsInDoubt() async throws -> [String]

    /// All rows of these shards are settled.
    func settle(_ shards: [String]) async throws

    /// A shard in doubt is not in the store; whoever was about to publish it is to take it back if it appears after all.
    func abandon(_ shard: String) async throws

    /// Runs beside the pipeline and is cancelled with it.
    ///
    /// - Returns: true when the slice may no longer be worked on here; false when it was cancelled.
    func hold(_ progress: @escaping @Sendable () -> SliceProgress) async -> Bool

    /// A file of the slice was read, and is what its row says.
    func wasRead(_ location: String)

    /// A file of the slice failed.
    func failed(_ key: RowKey, _ reason: FailureReason, _ message: String)

    /// The pipeline has ended.
    func finish(_ end: SliceEnd, _ progress: SliceProgress) async throws
}

/// How far a slice is.
package struct SliceProgress: Sendable, Hashable {
    package var filesMigrated = 0
    package var filesFailed = 0
    package var filesSkipped = 0
    /// Original bytes of the migrated files.
    package var bytes: Int64 = 0
    /// The first failures, in words.
    package var firstError: String?

    package init() {}
}

/// How the run of a slice ended.
package enum SliceEnd: Sendable, Hashable {
    /// Every row was fetched, and each is migrated, failed or skipped.
    case completed
    /// A signal or a limit ended it early.
    case stopped
    /// It cannot go on: why.
    case failed(String)
    /// Somebody else has it by now.
    case lost
}

extension WorkSlice {
    package var fence: Fence? { nil }

    package func shardsInDoubt() async throws -> [String] { [] }

    package func settle(_ shards: [String]) async throws {}

    package func abandon(_ shard: String) async throws {}

    package func hold(_ progress: @escaping @Sendable () -> SliceProgress) async -> Bool {
        // Nobody takes it away: waits for the cancellation.
        let (never, end) = AsyncStream<Void>.makeStream()
        await withTaskCancellationHandler {
            for await _ in never {}
        } onCancel: {
            end.finish()
        }
        return false
    }

    package func wasRead(_ location: String) {}

    package func failed(_ key: RowKey, _ reason: FailureReason, _ message: String) {}

    package func finish(_ end: SliceEnd, _ progress: SliceProgress) async throws {}
}
