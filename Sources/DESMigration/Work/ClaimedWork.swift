package import DESBase
package import DESCatalog
package import DESCoordination
package import DESRouting
package import DESStorage
package import Logging
import Synchronization

/// Units of work that many workers share.
///
/// A worker claims a unit, raises its fence in the catalog's database, brings to its end what an earlier holder published,
/// and runs the pipeline over the rest. Whatever it was when it died or was paused, the next holder goes on from there.
package final class ClaimedWork: WorkSource {
    private let board: any UnitBoard
    private let catalog: any SourceCatalog
    private let store: any ObjectStore
    private let bits: ShardBits
    private let rowsPerUnit: Int
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let marking: StoreMarking
    private let cutoff = Mutex(Timestamp.earliest)

    /// - Parameters:
    ///   - bits: must be the same for all workers of a job.
    ///   - rowsPerUnit: days with more rows are split.
    ///   - staging: of this worker alone.
    ///   - threads: for the store's mark.
    ///   - clock: measures leases; must run on while the process is stopped.
    package init(
        board: any UnitBoard, catalog: any SourceCatalog, store: any ObjectStore, bits: ShardBits, rowsPerUnit: Int,
        staging: StagingFolder, threads: ThreadPool, clock: any Clock<Duration>,
        random: @escaping @Sendable () -> any RandomNumberGenerator, logger: Logger
    ) {
        marking = StoreMarking(
            store: store, staging: staging, bits: bits, threads: threads, random: random)
        self.board = board
        self.catalog = catalog
        self.store = store
        self.bits = bits
        self.rowsPerUnit = rowsPerUnit
        self.clock = clock
        self.logger = logger
    }

    package var recoversStaging: Bool { false }

    package func begin(cutoff: Timestamp, isRecovered: Bool) async throws {
        self.cutoff.withLock { $0 = cutoff }
        try await board.begin()
        let agreed = try await board.agree(onBits: bits)
        guard agreed == bits.count else {
            throw CoordinationError(
                .mismatch,
                "packer.n_bits is \(bits.count) here, but \(agreed) for the other workers of the job \(board.job); all of them "
                    + "need the same, or their shards cannot be read together; to begin anew with another number give the "
                    + "job another name (workers.job) and another output")
        }
        guard try await board.agree(onStore: marking.mark().name) else {
            throw CoordinationError(
                .mismatch,
                "\(store.name) is not the place that the other workers of the job \(board.job) publish to; all of them need the "
                    + "same output, mounted where the configuration says; if it was moved on purpose, give the job another "
                    + "name (workers.job)")
        }
    }

    package func next() async throws -> WorkStep {
        while true {
            switch try await board.next() {
            case .plan(let claim): try await plan(claim)
            case .unit(let claim, let unit):
                if let slice = try await slice(claim, unit) { return .slice(slice) }
            case .wait(let duration): return .wait(duration)
            case .finished(let setAside):
                try await board.end()
                if setAside > 0 {
                    logger.warning(
                        "units of work are set aside; --status names them", metadata: ["units": "\(setAside)"])
                }
                return .finished(setAside: setAside)
            }
        }
    }

    /// Counts the pending rows by day while the claim is renewed.
    private func plan(_ claim: Claim) async throws {
        let cutoff = cutoff.withLock { $0 }
        logger.info("counting the pending rows by day")
        do {
            let days = try await withThrowingTaskGroup(of: [PendingDay]?.self) { group in
                group.addTask { [catalog] in try await catalog.pendingDays(olderThan: cutoff) }
                group.addTask { [self] in
                    _ = await keeper.run({ try await self.board.renew(claim, ClaimProgress()) }, onFailure: warn)
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
            // Without them the claim was lost: somebody else makes the plan.
            guard let days else { return }
            let open = try await board.finishPlan(
                claim, days: days, bits: bits, cutoff: cutoff, rowsPerUnit: rowsPerUnit)
            logger.info(
                "planned",
                metadata: ["units": "\(open)", "rows": "\(days.reduce(0) { $0 + $1.rows })", "days": "\(days.count)"])
        } catch let error as CoordinationError where error.code == .lost {
            logger.notice("\(error)")
        } catch let error as CancellationError {
            throw error
        } catch {
            try? await board.fail(claim, ClaimProgress(), error: "\(error)")
            throw error
        }
    }

    /// Nil if somebody else has the unit by now.
    private func slice(_ claim: Claim, _ unit: WorkUnit) async throws -> ClaimedSlice? {
        do {
            // A whole one of an older plan is taken as it is; but others may have emptied the tables and begun anew since.
            var isOurs = unit.bits == bits
            if !isOurs, unit.isWhole { isOurs = try await board.agree(onBits: bits) == bits.count }
            guard isOurs else {
                throw CoordinationError(
                    .mismatch,
                    "the units of \(claim.job) were planned with packer.n_bits \(unit.bits), this worker has \(bits); "
                        + "all workers of a job need the same")
            }
            try await catalog.raise(claim.fence)
        } catch let error as CancellationError {
            throw error
        } catch let error as CatalogError where error.code == .fenced {
            guard try await board.renew(claim, ClaimProgress()) else {
                logger.notice("\(error)")
                return nil
            }
            try? await board.release(claim, ClaimProgress())
            throw CoordinationError(
                .mismatch,
                "\(error); but nobody has claimed \(claim.name) of the job \(claim.job) since: the coordination database is older "
                    + "than the catalog (restored from a backup?); give the job another name (workers.job)")
        } catch {
            // Perhaps the earlier holder still marks, or the catalog's server is away: then the caller tries again after a pause.
            try? await board.release(claim, ClaimProgress())
            throw error
        }
        logger.info(
            "unit of work begun",
            metadata: ["unit": "\(claim.name)", "attempt": "\(claim.attempt)", "token": "\(claim.token)"])
        return ClaimedSlice(
            claim: claim, unit: unit, board: board, catalog: catalog, base: store, bits: bits, keeper: keeper,
            logger: logger)
    }

    private var keeper: LeaseKeeper { LeaseKeeper(length: board.lease, clock: clock) }

    private var warn: @Sendable (any Error) -> Void {
        let logger = logger
        return { logger.warning("\($0)") }
    }
}
