import DESBase
import DESStorage
import DESTelemetry

/// Publishes sealed shards, as many together as there are.
struct UploadStage: Sendable {
    /// Shards published together at most.
    static let groupSize = 64

    let context: SliceContext

    private var cycle: CycleContext { context.cycle }
    private var staging: StagingFolder { context.staging }
    private var store: any ObjectStore { context.store }

    /// Ends when the input has ended and everything is handed on.
    func run(_ input: BoundedStream<SealedShard>, into output: BoundedStream<PublishedShard>) async throws {
        defer { output.finish() }
        try await runWorkers(context.plan.uploads) { try await self.work(input, output) }
    }

    private func work(
        _ input: BoundedStream<SealedShard>, _ output: BoundedStream<PublishedShard>
    ) async throws {
        while let group = try await input.nextGroup(atMost: Self.groupSize) {
            let start = cycle.elapsed
            let published = try await publish(group)
            cycle.ledger.metrics.stageTime(.upload, cycle.elapsed - start)
            for shard in published { try await output.send(shard) }
        }
    }

    private func publish(_ group: [SealedShard]) async throws -> [PublishedShard] {
        do {
            // The final names must be durable before anything is published under them: else a crash could leave a
            // published shard whose staged file looks unfinished.
            try await context.threads.files.run { [staging] in try staging.files.synchronizeDirectory(staging.path) }
        } catch let error as CancellationError {
            throw error
        } catch {
            for shard in group { fail(shard, "cannot make the staging folder durable: \(error)") }
            return []
        }
        let files = group.map {
            StagedFile(path: staging.sealedPath($0.name), key: $0.name, size: $0.size)
        }
        let outcomes = try await Publishing(store: store, cycle: cycle).publish(files)
        // Who is told to give up at once counts nothing as failed.
        if outcomes.contains(where: { (try? $0.get()) == nil }) { try Task.checkCancellation() }
        var published: [PublishedShard] = []
        let pairs = try InvariantViolation.paired(group, outcomes, .markedIsPublished, "publishing shards")
        for (shard, outcome) in pairs {
            switch outcome {
            case .success(let outcome):
                cycle.ledger.published(shards: 1, bytes: Int64(shard.size), bigFiles: 0)
                cycle.ledger.count(shard.rows.count, .published)
                published.append(PublishedShard(shard, outcome))
            case .failure(let error) where error.code == .superseded:
                // Nothing of it has failed: whoever has the work now does it.
                throw SliceLost(description: "\(error)")
            case .failure(let error):
                fail(shard, "cannot publish the shard \(shard.name): \(error)")
                if error.isStoreUnwritable {
                    cycle.control.stop(.fatal("cannot write to \(store.name): \(error)"))
                }
            }
        }
        return published
    }

    private func fail(_ shard: SealedShard, _ message: String) {
        cycle.ledger.failed(
            shard.rows, .publishing,
            "\(message); left unmarked, the shard stays in staging and is published at the next start"
        )
    }
}

/// Publishing with another try for what failed in passing.
struct Publishing: Sendable {
    let store: any ObjectStore
    let cycle: CycleContext

    /// - Throws: ``InvariantViolation``, `CancellationError`.
    func publish(_ files: [StagedFile]) async throws -> [Result<PublishOutcome, StorageError>] {
        var outcomes: [Result<PublishOutcome, StorageError>] = []
        let pairs = try InvariantViolation.paired(
            files, await store.publish(files), .markedIsPublished, "publishing files")
        for (file, outcome) in pairs {
            guard case .failure(let error) = outcome, error.isTransient else {
                outcomes.append(outcome)
                continue
            }
            do {
                let settled = try await cycle.retrying { [store] in
                    let outcome = await store.publish([file]).first ?? .failure(error)
                    return try outcome.get()
                }
                outcomes.append(.success(settled))
            } catch let error as StorageError {
                outcomes.append(.failure(error))
            }
        }
        return outcomes
    }
}
