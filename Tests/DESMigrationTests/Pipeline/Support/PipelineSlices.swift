import DESBase
import DESCatalog
import DESMigration
import DESStorage

/// Work in slices that a test makes up.
final class PipelineSlices: WorkSource {
    let recoversStaging: Bool
    private let slices: PipelineLocked<[PipelineSlice]>
    private let setAside: Int

    init(_ slices: [PipelineSlice], recoversStaging: Bool = false, setAside: Int = 0) {
        self.slices = PipelineLocked(slices)
        self.recoversStaging = recoversStaging
        self.setAside = setAside
    }

    func begin(cutoff: Timestamp, isRecovered: Bool) {}

    func next() -> WorkStep {
        let slice = slices.change { slices in slices.isEmpty ? nil : slices.removeFirst() }
        return slice.map { .slice($0) } ?? .finished(setAside: setAside)
    }
}

/// A slice that remembers what it was told.
final class PipelineSlice: WorkSlice {
    let name: String
    let catalog: any SourceCatalog
    let store: any ObjectStore
    let fence: Fence?
    let range: PendingRange
    let inDoubt: [String]
    /// Returns when the slice is lost; nil: never.
    let loss: (@Sendable () async -> Void)?

    let settled = PipelineLocked<[String: Bool]>([:])
    let end = PipelineLocked<SliceEnd?>(nil)
    let progress = PipelineLocked(SliceProgress())
    let failures = PipelineLocked<[String]>([])

    init(
        _ name: String, of world: MigrationWorld, fence: Fence? = nil,
        range: PendingRange = PendingRange(before: .latest),
        inDoubt: [String] = [], loss: (@Sendable () async -> Void)? = nil
    ) {
        self.name = name
        catalog = world.catalog
        store = world.store
        self.fence = fence
        self.range = range
        self.inDoubt = inDoubt
        self.loss = loss
    }

    func scan() async throws -> any PendingRowScan { try await catalog.pendingRows(in: range) }

    func shardsInDoubt() -> [String] { inDoubt }

    func settle(_ shards: [String]) {
        settled.change { settled in for shard in shards { settled[shard] = true } }
    }

    func abandon(_ shard: String) { settled.change { $0[shard] = false } }

    func hold(_ progress: @escaping @Sendable () -> SliceProgress) async -> Bool {
        guard let loss else {
            let (never, end) = AsyncStream<Void>.makeStream()
            await withTaskCancellationHandler {
                for await _ in never {}
            } onCancel: {
                end.finish()
            }
            return false
        }
        await loss()
        return !Task.isCancelled
    }

    func failed(_ key: RowKey, _ reason: FailureReason, _ message: String) {
        failures.change { $0.append(reason.rawValue) }
    }

    func finish(_ end: SliceEnd, _ progress: SliceProgress) {
        self.end.value = end
        self.progress.value = progress
    }
}
