import DESBase
import DESCatalog
import DESRouting
import DESShard
import DESStorage
import DESTelemetry

/// The six stages over the rows of one slice.
struct SlicePipeline: Sendable {
    let slice: any WorkSlice
    let world: MigrationWorld
    let settings: MigrationSettings
    let plan: PipelinePlan
    let threads: MigrationThreads
    let cycle: CycleContext
    let hasSizes: Bool
    let heldBack: HeldBackRows
    let fetchGate: SharedFetchGate
    let cleanup: SourceCleanup

    /// catalog ─▶ fetch ─▶ validate ─▶ pack (compress, append, seal) ─▶ upload ─▶ mark ─▶ cleanup
    ///
    /// - Throws: `CancellationError`, ``SliceLost``. What fails otherwise is in the books.
    func run(_ scan: any PendingRowScan) async throws {
        let buffers = BufferPool(
            keptCount: (plan.readers + plan.compressors) * 3 + 8, keptCapacity: plan.batchBytes * 4
        )
        let gate = ByteGate(capacity: plan.gateBytes)
        let rows = BoundedStream<RowBatch>(limit: plan.rowStreamBytes) { $0.memoryInBytes }
        let contents = BoundedStream<ReadBatch>(limit: plan.streamBytes) { $0.bytes.capacity + $0.rowBytes }
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

        fetchGate.withGate { $0.beginSlice() }
        let permit = ReadPermit(gate: fetchGate, cycle: cycle)
        let fetch = FetchStage(
            scan: scan, heldBack: heldBack, gate: fetchGate, settings: settings, plan: plan, cycle: cycle
        )
        let validate = ValidateStage(
            sources: world.sources, settings: settings, hasSizes: hasSizes, plan: plan, threads: threads.reading,
            buffers: buffers, gate: gate, permit: permit, cycle: cycle, onRead: { [slice] in slice.wasRead($0) }
        )
        let bigFiles = BigFilePublisher(
            sources: world.sources, staging: world.staging, store: slice.store, prefix: settings.bigFilesPrefix,
            shardBits: settings.shardBits, threads: threads.files, cycle: cycle, names: BigFileNames()
        )
        let compress = CompressStage(
            settings: settings, plan: plan, threads: threads.compressing, buffers: buffers, gate: gate,
            bigFiles: bigFiles, permit: permit, cycle: cycle, onRead: { [slice] in slice.wasRead($0) }
        )
        let appenders = threads.appending.enumerated().map { number, thread in
            AppendStage(
                thread: thread, share: (number, plan.appenders), settings: settings, plan: plan,
                staging: world.staging, writeback: writeback, makeName: shardName, cycle: cycle
            )
        }
        let writebackStage = WritebackStage(threads: threads.writeback)
        let seal = SealStage(staging: world.staging, plan: plan, threads: threads.sealing, cycle: cycle)
        let upload = UploadStage(
            staging: world.staging, store: slice.store, plan: plan, threads: threads.files, cycle: cycle
        )
        let mark = MarkStage(catalog: slice.catalog, fence: slice.fence, settings: settings, cycle: cycle)
        let clean = CleanupStage(
            cleanup: cleanup, staging: world.staging, slice: slice, threads: threads.files, cycle: cycle
        )

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await fetch.run(into: rows) }
            group.addTask { try await validate.run(rows, into: contents) }
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

    private var shardName: @Sendable (ShardKey) -> String {
        let world = world
        return { key in
            var random = world.random()
            return key.fileName(suffix: UniqueSuffix(at: world.now(), using: &random))
        }
    }
}
