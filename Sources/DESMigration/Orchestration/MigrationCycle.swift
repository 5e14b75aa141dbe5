import DESBase
import DESCatalog
import DESStorage
import DESTelemetry
import Logging

/// One pass over everything eligible: what is left in staging, then slice after slice.
struct MigrationCycle: Sendable {
    let cycle: CycleContext
    let knownStore: KnownStore

    private var world: MigrationWorld { cycle.world }
    private var settings: MigrationSettings { cycle.settings }
    private var threads: MigrationThreads { cycle.threads }

    /// The longest time that a request to stop waits for an answer while nothing can be done.
    private static let longestPause = Duration.milliseconds(200)

    /// - Throws: `CancellationError` when the process gives up at once. What fails otherwise is in the books.
    func run() async throws {
        let work = world.work ?? WholeCatalogWork(catalog: world.catalog, store: world.store)
        let cleanup = SourceCleanup(cycle)
        let heldBack = HeldBackRows()
        do {
            try await StagingUse(staging: world.staging, threads: threads.files).begin(recovers: work.recoversStaging)
            guard try await prepareStore() else { return }
            try await countSetAside(work)
            // Before the store is judged by the rows that are marked: it tells which marks are none.
            try await CatalogCheck(cycle: cycle, cutoff: settings.cutoff(at: world.now())).run()
            let mark = try await cycle.retrying { try await storeCheck.run() }
            if work.recoversStaging {
                try await recover(cleanup, heldBack)
            } else {
                try await StagingDiscard(cycle: cycle).run()
            }
            guard cycle.control.reason == nil else { return }
            let cutoff = settings.cutoff(at: world.now())
            let isRecovered = heldBack.isEmpty
            try await cycle.retrying { try await work.begin(cutoff: cutoff, isRecovered: isRecovered) }
            cycle.ledger.rowsWithoutTime(work.rowsWithoutTime)
            try await cycle.retrying { try await remember(mark) }
            try await run(work, cleanup, heldBack)
            try await countSetAside(work)
        } catch let error as CancellationError {
            throw error
        } catch {
            cycle.control.stop(.fatal("\(error)"))
        }
    }

    private func run(_ work: any WorkSource, _ cleanup: SourceCleanup, _ heldBack: HeldBackRows) async throws {
        let fetchGate = SharedFetchGate(settings.limits)
        do {
            while cycle.control.reason == nil {
                switch try await cycle.retrying({ try await work.next() }) {
                case .slice(let slice):
                    let context = SliceContext(
                        slice: slice, cycle: cycle, heldBack: heldBack, fetchGate: fetchGate, cleanup: cleanup)
                    try await SliceRun(context: context).run()
                case .wait(let duration): try await pause(duration)
                case .finished(let setAside):
                    cycle.ledger.setAside(setAside)
                    return
                }
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            cycle.control.stop(.fatal("\(error)"))
        }
    }

    private func remember(_ mark: StoreMark) async throws {
        guard let memory = storeMemory else { return }
        if let name = try await memory.storeName(), name.isByteEqual(to: mark.name) { return }
        try await memory.remember(storeName: mark.name)
    }

    private var storeCheck: StoreCheck {
        StoreCheck(
            store: world.store, catalog: world.catalog, staging: world.staging, bits: settings.shardBits,
            acceptsEmpty: settings.acceptsNewStore, known: knownStore, memory: storeMemory, threads: threads.files,
            random: world.random)
    }

    /// Workers keep the name where they meet.
    private var storeMemory: (any StoreMemory)? {
        if let memory = world.catalog.storeMemory { return memory }
        guard settings.remembersStore, world.work?.recoversStaging ?? true else { return nil }
        return StagedStoreName(staging: world.staging, threads: threads.files)
    }

    /// At the begin and at the end of every cycle, also of one that could not go on, as far as it can be told then.
    private func countSetAside(_ work: any WorkSource) async throws {
        do {
            cycle.ledger.filesSetAside(try await work.filesSetAside())
        } catch let error as CancellationError {
            throw error
        } catch {
            cycle.ledger.logger.warning("the files that are set aside are not counted: \(error)")
        }
    }

    /// Waits, in short pieces, so that a request to stop is noticed at once.
    private func pause(_ duration: Duration) async throws {
        let end = cycle.elapsed + duration
        while cycle.control.reason == nil, case let rest = end - cycle.elapsed, rest > .zero {
            try await world.clock.sleep(for: min(rest, Self.longestPause))
        }
    }

    /// False if a request to stop came first: a store that cannot be reached is tried for minutes.
    private func prepareStore() async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { [world] in
                try await world.store.prepare()
                return true
            }
            group.addTask { [cycle, world] in
                while cycle.control.reason == nil { try await world.clock.sleep(for: Self.longestPause) }
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }

    private func recover(_ cleanup: SourceCleanup, _ heldBack: HeldBackRows) async throws {
        let marking = RecoveryMarking(
            catalog: world.catalog, fence: nil, store: world.store, cleanup: cleanup, heldBack: heldBack, cycle: cycle)
        try await StagingRecovery(marking: marking, cycle: cycle).run()
    }
}
