import DESBase
import DESCatalog
import DESShard
import DESStorage
import Logging
import Synchronization

/// Marks the rows of a recovered shard from its own index, and cleans up their sources.
struct RecoveryMarking: Sendable {
    let catalog: any SourceCatalog
    /// Under what rows are marked; nil if nobody else works on them.
    let fence: Fence?
    let store: any ObjectStore
    let cleanup: SourceCleanup
    let heldBack: HeldBackRows
    let cycle: CycleContext

    private var settings: MigrationSettings { cycle.settings }

    /// Marks what belongs to the entries of a published shard, some at a time.
    ///
    /// - Returns: whether everything is settled, so that staging may forget the shard.
    func mark(_ reader: ShardReader, shard: String) async throws -> Bool {
        var isSettled = true
        var cursor = 0
        while true {
            do {
                let chunk = try reader.index.entries(from: &cursor, atMost: settings.batchSize)
                guard !chunk.isEmpty else { return isSettled }
                if try await !mark(chunk: chunk, of: reader, shard: shard) { isSettled = false }
            } catch let error as CancellationError {
                throw error
            } catch let error as CatalogError where error.code == .fenced {
                throw SliceLost(description: "\(error)")
            } catch {
                // The rows are pending: going on would pack their files a second time.
                cycle.control.stop(
                    .fatal(
                        "cannot mark the rows of the shard \(shard), which waits to be marked: \(error); "
                            + "nothing more was migrated"
                    )
                )
                return false
            }
        }
    }

    /// A row whose file is in the shard, and what is at its source now.
    private struct Candidate: Sendable {
        let row: RecoveredRow
        let size: Int64
        let match: SourceMatcher.Match
    }

    private func mark(
        chunk: [ShardEntry], of reader: ShardReader, shard: String
    ) async throws -> Bool {
        let readable = chunk.compactMap { entry -> (entry: ShardEntry, time: Timestamp)? in
            entry.meta.createdAt.flatMap { Timestamp(parsing: $0) }.map { (entry, $0) }
        }
        let rows = try await cycle.retrying { [catalog] in
            try await catalog.recoveredRows(for: readable.map { (uid: $0.entry.uid, createdAt: $0.time) })
        }
        let matcher = SourceMatcher(sources: cycle.world.sources)
        var isSettled = true
        var candidates: [Candidate] = []
        let pairs = try InvariantViolation.paired(readable, rows, .markedIsPublished, "looking recovered rows up")
        for (item, found) in pairs {
            guard try await isStored(item.entry, beside: shard) else {
                cycle.ledger.warn(
                    .missingBigFile,
                    "a recovered entry names a big file that the store does not have; its row stays unmarked",
                    metadata: ["shard": "\(shard)", "uid": "\(item.entry.uid)"]
                )
                continue
            }
            let compared = await withTaskExecutorPreference(cycle.threads.files) {
                var compared: [Candidate] = []
                for row in found {
                    let match = await matcher.compare(row.row, with: item.entry) {
                        try EntryContent(item.entry, of: reader)
                    }
                    compared.append(Candidate(row: row, size: Int64(item.entry.size), match: match))
                }
                return compared
            }
            candidates += Self.chosen(compared, deletesSources: settings.deletesSources)
            for candidate in compared where candidate.match == .sourceGone && !candidate.row.isArchived {
                cycle.ledger.warn(
                    .recoveredSourceGone,
                    "nothing is at the location of a row whose file an interrupted run may have packed; it stays unmarked",
                    metadata: ["shard": "\(shard)", "uid": "\(item.entry.uid)"]
                )
            }
            for candidate in compared {
                guard case .unknown(let why) = candidate.match else { continue }
                if candidate.row.isArchived {
                    guard settings.deletesSources else { continue }
                    isSettled = false
                    cycle.ledger.kept(
                        candidate.row.row.key,
                        "cannot tell whether it is the file in the published shard \(shard): \(why); "
                            + "the next start tries again"
                    )
                    continue
                }
                isSettled = false
                giveUp(
                    candidate.row.row.key, .unreadable,
                    "cannot tell whether it is the file in the published shard \(shard): \(why); "
                        + "the next start tries again"
                )
            }
        }
        return try await settle(candidates, shard: shard) && isSettled
    }

    /// Of the rows that one entry may belong to: at most one that is pending, the one whose file is the same; and the
    /// marked ones whose source is the same, if sources are to be deleted.
    private static func chosen(_ candidates: [Candidate], deletesSources: Bool) -> [Candidate] {
        let pending = candidates.filter { !$0.row.isArchived }
        var chosen: [Candidate] = []
        if let same = pending.first(where: { if case .same = $0.match { true } else { false } }) {
            chosen.append(same)
        }
        if deletesSources {
            chosen += candidates.filter { candidate in
                if candidate.row.isArchived, case .same = candidate.match { true } else { false }
            }
        }
        return chosen
    }

    /// The row fails in this cycle, and is not packed in it.
    private func giveUp(_ key: RowKey, _ reason: FailureReason, _ message: String) {
        guard heldBack.insert(key) else { return }
        cycle.ledger.fetched(1)
        cycle.ledger.failed(key, reason, message)
    }

    /// - Returns: whether every row is settled.
    private func settle(_ candidates: [Candidate], shard: String) async throws -> Bool {
        var isSettled = true
        let pending = candidates.filter { !$0.row.isArchived }
        var deletable = candidates.filter(\.row.isArchived)
        if !pending.isEmpty {
            let tries = Atomic(0)
            let marks = pending.map { RowMark(key: $0.row.row.key, shard: shard) }
            let outcomes = try await cycle.retrying { [catalog, fence] in
                tries.add(1, ordering: .relaxed)
                return try await catalog.mark(marks, within: fence)
            }
            let pairs = try InvariantViolation.paired(pending, outcomes, .markedIsPublished, "marking recovered rows")
            for (candidate, outcome) in pairs {
                let key = candidate.row.row.key
                switch outcome {
                // After another try it was this process: only the answer was lost.
                case .marked,
                    .alreadyMarked where tries.load(ordering: .relaxed) > 1:
                    cycle.ledger.fetched(1)
                    cycle.ledger.migrated(1, bytes: candidate.size, recovered: true)
                    deletable.append(candidate)
                case .alreadyMarked, .changed:
                    cycle.ledger.fetched(1)
                    cycle.ledger.skipped(key, "its row was marked or changed by somebody else meanwhile")
                case .refused(let reason):
                    isSettled = false
                    giveUp(
                        key, .marking,
                        "in the published shard \(shard), but the catalog refused the mark: \(reason); "
                            + "the next start tries again"
                    )
                }
            }
        }
        guard settings.deletesSources else { return isSettled }
        let isCleanedUp = try await cleanup.delete(
            deletable.compactMap { candidate in
                guard case .same(let identity) = candidate.match else { return nil }
                return PackedRow(key: candidate.row.row.key, identity: identity)
            }
        )
        return isSettled && isCleanedUp
    }

    /// An inline entry is in the shard; a big file has to be in the store.
    private func isStored(_ entry: ShardEntry, beside shard: String) async throws -> Bool {
        guard case .bigFile(let sha256, let size) = entry.content else { return true }
        let key = "\(settings.bigFilesPrefix)/\(sha256)"
        let store = store.part(of: shard)
        guard try await store.attributes(of: key)?.size == size else { return false }
        // Its source may be deleted on the strength of it, so its bytes count, not its size.
        return try await BigFileProof.problem(sha256: sha256, size: size) { range in
            try await store.read(key, range: range)
        } == nil
    }
}
