import DESBase
import DESCatalog
import DESRouting
import DESShard
import DESStorage
import DESTelemetry

/// The six stages over the rows of one slice.
struct SlicePipeline: Sendable {
    let context: SliceContext

    private var plan: PipelinePlan { context.plan }

    /// catalog ─▶ fetch ─▶ validate ─▶ pack (compress, append, seal) ─▶ upload ─▶ mark ─▶ cleanup; what has big files passes
    /// a stage of their own between validate and pack.
    ///
    /// - Throws: `CancellationError`, ``SliceLost``. What fails otherwise is in the books.
    func run(_ scan: any PendingRowScan) async throws {
        let rows = BoundedStream<RowBatch>(limit: plan.rowStreamBytes) { $0.memoryInBytes }
        let contents = BoundedStream<ReadBatch>(limit: plan.streamBytes) { $0.bytes.capacity + $0.rowBytes }
        // Whoever hands on waits for a batch to be taken.
        let withBigFiles = BoundedStream<ReadBatch>(limit: 1) { _ in 1 }
        let compressed = (0..<plan.appenders).map { _ in
            // Each batch waits in all of them, but is there only once.
            BoundedStream<CompressedBatch>(limit: plan.streamBytes / plan.appenders) { [count = plan.appenders] in
                ($0.contents.capacity + $0.payloads.capacity + $0.metas.capacity + $0.rowBytes) / count
            }
        }
        // These and the shards below still have their files open, so their number is bounded too.
        let writeback = BoundedStream<any StagingFile>(limit: plan.waitingShards) { _ in 1 }
        let leastWeight = plan.rowStreamBytes / plan.waitingShards
        let written = BoundedStream<WrittenShard>(limit: plan.rowStreamBytes) {
            max($0.rows.memoryInBytes, leastWeight)
        }
        let sealed = BoundedStream<SealedShard>(limit: plan.rowStreamBytes) {
            max($0.rows.memoryInBytes, leastWeight)
        }
        let published = BoundedStream<PublishedShard>(limit: plan.rowStreamBytes) { $0.rows.memoryInBytes }
        let marked = BoundedStream<MarkedShard>(limit: plan.rowStreamBytes) { $0.deletable.memoryInBytes }

        context.fetchGate.withGate { $0.beginSlice() }
        let fetch = FetchStage(scan: scan, context: context)
        let validate = ValidateStage(context: context)
        let bigFiles = BigFileStage(context: context)
        let compress = CompressStage(context: context)
        let appenders = (0..<plan.appenders).map { number in
            AppendStage(number: number, context: context, writeback: writeback, makeName: shardName)
        }
        let writebackStage = WritebackStage(threads: context.threads.writeback)
        let seal = SealStage(context: context)
        let upload = UploadStage(context: context)
        let mark = MarkStage(context: context)
        let clean = CleanupStage(context: context)

        // Ends with the stages.
        async let _ = sample {
            let appended = compressed.map { $0.queue(before: .pack) }.max { $0.count < $1.count }
            let pack = contents.queue(before: .pack).followed(by: written.queue(before: .pack))
            let queues = [
                rows.queue(before: .validate), withBigFiles.queue(before: .bigFiles),
                appended.map(pack.followed(by:)) ?? pack, sealed.queue(before: .upload),
                published.queue(before: .mark), marked.queue(before: .cleanup),
            ]
            return (queues, QueueState.limit(queues, isFetching: !rows.isFinished))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await fetch.run(into: rows) }
            group.addTask {
                defer { contents.finish() }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await validate.run(rows, into: contents, bigFiles: withBigFiles) }
                    group.addTask { try await bigFiles.run(withBigFiles, into: contents) }
                    try await group.waitForAll()
                }
            }
            group.addTask { try await compress.run(contents, into: compressed) }
            group.addTask {
                defer {
                    written.finish()
                    writeback.finish()
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (append, input) in zip(appenders, compressed) {
                        group.addTask { try await append.run(input, into: written) }
                    }
                    try await group.waitForAll()
                }
            }
            group.addTask { try await writebackStage.run(writeback) }
            group.addTask { try await seal.run(written, into: sealed) }
            group.addTask { try await upload.run(sealed, into: published) }
            group.addTask { try await mark.run(published, into: marked) }
            group.addTask { try await clean.run(marked) }
            try await group.waitForAll()
        }
    }

    /// Tells again and again how much waits and for which stage, also while a stage stands still.
    private func sample(_ look: @Sendable () -> (queues: [QueueState], limit: PipelineStage?)) async {
        let ledger = context.ledger
        repeat {
            let (queues, limit) = look()
            for queue in queues { ledger.metrics.queueDepth(queue.stage, queue.count) }
            ledger.limit = limit
        } while (try? await context.cycle.world.clock.sleep(for: Self.samplingInterval)) != nil
        for queue in look().queues { ledger.metrics.queueDepth(queue.stage, 0) }
        ledger.limit = nil
    }

    private static let samplingInterval = Duration.seconds(1)

    private var shardName: @Sendable (ShardKey) -> String {
        let world = context.cycle.world
        return { key in
            var random = world.random()
            return key.fileName(suffix: UniqueSuffix(at: world.now(), using: &random))
        }
    }
}
