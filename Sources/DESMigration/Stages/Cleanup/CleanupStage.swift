import DESCatalog
import DESSystem
import DESTelemetry
import Logging

/// Deletes sources whose mark is committed, if that is asked for, and then lets staging forget the shards.
actor CleanupStage {
    private let cleanup: SourceCleanup
    private let staging: StagingFolder
    private let threads: ThreadPool
    private let cycle: CycleContext

    init(cleanup: SourceCleanup, staging: StagingFolder, threads: ThreadPool, cycle: CycleContext) {
        self.cleanup = cleanup
        self.staging = staging
        self.threads = threads
        self.cycle = cycle
    }

    /// Ends when the input has ended.
    func run(_ input: BoundedStream<MarkedShard>) async throws {
        while let group = try await input.nextGroup(atMost: 256) {
            let start = cycle.elapsed
            var settled: [String] = []
            for shard in group {
                let isDone = try await cleanup.delete(shard.deletable)
                if isDone && shard.isSettled { settled.append(staging.sealedPath(shard.name)) }
            }
            let ledger = cycle.ledger
            try await threads.run { [staging, settled] in
                for path in settled {
                    do { try staging.files.remove(path) } catch {
                        ledger.logger.warning("\(error); the next start removes it")
                    }
                }
            }
            ledger.metrics.stageTime(.cleanup, cycle.elapsed - start)
            ledger.metrics.queueDepth(.cleanup, input.count)
        }
    }
}
