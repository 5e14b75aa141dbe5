import DESBase
import DESCatalog
import DESStorage
import DESTelemetry
import Logging

/// Deletes sources whose mark is committed, if that is asked for, and then lets staging forget the shards.
struct CleanupStage: Sendable {
    let context: SliceContext

    private var cycle: CycleContext { context.cycle }
    private var store: any ObjectStore { context.store }

    /// Ends when the input has ended.
    func run(_ input: BoundedStream<MarkedShard>) async throws {
        while let group = try await input.nextGroup(atMost: 256) {
            let start = cycle.elapsed
            var names: [String] = []
            for shard in group {
                guard await isStillPublished(shard) else { continue }
                let isDone = try await context.cleanup.delete(shard.deletable)
                if isDone && shard.isSettled { names.append(shard.name) }
            }
            let settled = names.map(context.staging.sealedPath)
            let ledger = cycle.ledger
            try await context.threads.files.run { [staging = context.staging, settled] in
                for path in settled {
                    do { try staging.files.remove(path) } catch {
                        ledger.logger.warning("\(error); the next start removes it")
                    }
                }
            }
            await forget(names)
            ledger.metrics.stageTime(.cleanup, cycle.elapsed - start)
        }
    }

    /// Tells the slice, so that nobody looks for these shards again.
    private func forget(_ names: [String]) async {
        guard !names.isEmpty else { return }
        do {
            try await context.slice.settle(names)
        } catch is CancellationError {
        } catch {
            cycle.ledger.logger.warning("\(error); whoever has the work next looks at \(names.count) shards again")
        }
    }

    /// Looks once more before the last other copies go: the store may have been emptied or unmounted meanwhile.
    private func isStillPublished(_ shard: MarkedShard) async -> Bool {
        do {
            if try await store.attributes(of: shard.name)?.size == shard.size { return true }
            cycle.control.stop(
                .fatal(
                    "the published shard \(shard.name) is gone from \(store.name); its copy in staging and the sources stay"
                )
            )
        } catch {
            cycle.ledger.logger.error(
                "cannot tell whether a published shard is still there; its copy in staging and the sources stay",
                metadata: ["shard": "\(shard.name)", "error": "\(error)"]
            )
        }
        return false
    }
}
