import DESBase
import DESStorage

/// What every stage of one slice shares.
struct SliceContext: Sendable {
    let slice: any WorkSlice
    let cycle: CycleContext
    let heldBack: HeldBackRows
    let fetchGate: SharedFetchGate
    let cleanup: SourceCleanup
    /// Buffers that batches are read and compressed into.
    let buffers: BufferPool
    /// For files that are too large for a batch.
    let gate: ByteGate

    init(
        slice: any WorkSlice, cycle: CycleContext, heldBack: HeldBackRows, fetchGate: SharedFetchGate,
        cleanup: SourceCleanup
    ) {
        let plan = cycle.plan
        self.slice = slice
        self.cycle = cycle
        self.heldBack = heldBack
        self.fetchGate = fetchGate
        self.cleanup = cleanup
        buffers = BufferPool(
            keptCount: (plan.readers + plan.compressors) * 3 + 8, keptCapacity: plan.batchBytes * 4)
        gate = ByteGate(capacity: plan.gateBytes)
    }

    var settings: MigrationSettings { cycle.settings }
    var plan: PipelinePlan { cycle.plan }
    var threads: MigrationThreads { cycle.threads }
    var ledger: CycleLedger { cycle.ledger }
    var sources: any SourceFiles { cycle.world.sources }
    var staging: StagingFolder { cycle.staging }
    var store: any ObjectStore { slice.store }
    /// Whether a file is still to be read.
    var permit: ReadPermit { ReadPermit(gate: fetchGate, cycle: cycle) }
}
