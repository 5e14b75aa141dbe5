import DESBase
import DESCatalog
import DESCoordination
import DESRouting
import DESStorage
import Logging
import Synchronization

/// A claimed unit of work.
final class ClaimedSlice: WorkSlice {
    private let claim: Claim
    private let unit: WorkUnit
    private let board: any UnitBoard
    private let base: any ObjectStore
    private let bits: ShardBits
    private let keeper: LeaseKeeper
    private let logger: Logger
    private let witness: MarkWitness
    /// Shards that this claim noted and has not settled.
    private let noted = Mutex<Set<ByteString>>([])
    /// Ends when the board has refused the claim.
    private let refusals = AsyncStream<Void>.makeStream()

    init(
        claim: Claim, unit: WorkUnit, board: any UnitBoard, catalog: any SourceCatalog, base: any ObjectStore,
        bits: ShardBits, keeper: LeaseKeeper, logger: Logger
    ) {
        self.claim = claim
        self.unit = unit
        self.board = board
        witness = MarkWitness(catalog)
        self.base = base
        self.bits = bits
        self.keeper = keeper
        self.logger = logger
    }

    var name: String { claim.name }
    var catalog: any SourceCatalog { witness }
    var fence: Fence? { claim.fence }

    var store: any ObjectStore {
        JournaledStore(base: base) { [self] shards throws(StorageError) in try await note(shards) }
    }

    func scan() async throws -> any PendingRowScan {
        let scan = try await catalog.pendingRows(in: unit.range)
        return unit.isWhole ? scan : ShardRangeScan(base: scan, shards: unit.shards, bits: bits)
    }

    func shardsInDoubt() async throws -> [String] { try await board.shardsInDoubt(claim) }

    func settle(_ shards: [String]) async throws {
        try await board.forget(claim, shards: shards)
        noted.withLock { $0.subtract(shards.map { ByteString($0) }) }
    }

    func abandon(_ shard: String) async throws { try await board.abandon(claim, shard: shard) }

    func hold(_ progress: @escaping @Sendable () -> SliceProgress) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { [self] in
                await keeper.run(
                    { try await self.board.renew(self.claim, ClaimProgress(progress())) },
                    onFailure: { self.logger.warning("\($0)", metadata: ["unit": "\(self.name)"]) })
            }
            group.addTask { [refusals] in
                for await _ in refusals.stream {}
                return !Task.isCancelled
            }
            let isLost = await group.next() ?? false
            group.cancelAll()
            return isLost
        }
    }

    func finish(_ end: SliceEnd, _ progress: SliceProgress) async throws {
        do {
            let progress = ClaimProgress(progress)
            switch end {
            case .completed: try await board.complete(claim, progress)
            case .stopped: try await board.release(claim, progress)
            case .failed(let error): try await board.fail(claim, progress, error: error)
            case .lost: try await withdraw()
            }
        } catch let error as CoordinationError where error.code == .lost {
            try await withdraw()
            throw SliceLost(description: "\(error)")
        }
    }

    private func note(_ shards: [String]) async throws(StorageError) {
        noted.withLock { $0.formUnion(shards.map { ByteString($0) }) }
        do {
            try await board.intend(claim, shards: shards)
        } catch let error as CoordinationError {
            if error.code == .lost { refusals.continuation.finish() }
            throw StorageError(
                error.code == .lost ? .superseded : .failed, key: shards.first ?? "", isTransient: error.isTransient,
                "not published: \(error)")
        } catch {
            throw StorageError(.failed, key: shards.first ?? "", "not published: \(error)")
        }
    }

    /// Takes back the shards that appeared in the store after the next holder of the unit had looked for them and given them
    /// up: their files are in its shards. One for which a mark was ever asked for stays, whatever anybody says of it.
    private func withdraw() async throws {
        let mine = noted.withLock { $0.map(\.text) }
        guard !mine.isEmpty else { return }
        let abandoned = try await board.abandoned(among: mine)
        let marked = witness.shards
        for shard in abandoned {
            guard !marked.contains(ByteString(shard)) else {
                logger.error(
                    "another worker did not find a published shard in its store; it stays, and files may be in two shards",
                    metadata: ["shard": "\(shard)", "unit": "\(name)", "store": "\(base.name)"])
                continue
            }
            try await base.delete(shard)
            logger.notice(
                "took back a shard that was published after its unit of work had been taken over",
                metadata: ["shard": "\(shard)", "unit": "\(name)"])
        }
        try await board.forget(claim, shards: abandoned)
    }
}

extension ClaimProgress {
    fileprivate init(_ progress: SliceProgress) {
        self.init()
        filesMigrated = progress.filesMigrated
        filesFailed = progress.filesFailed
        filesSkipped = progress.filesSkipped
        bytes = progress.bytes
        firstError = progress.firstError
    }
}
