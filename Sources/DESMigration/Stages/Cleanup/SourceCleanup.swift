import DESBase
import DESCatalog
import Synchronization

/// Deletes sources: only those it is given, which are *marked ∩ verified*, only while they are the files that were packed, and
/// only when no row that is still pending needs them.
final class SourceCleanup: Sendable {
    /// Rows whose locations are looked up in the catalog together.
    private static let chunkSize = 10_000

    private let cycle: CycleContext
    private let deletedCount = Mutex(0)

    init(_ cycle: CycleContext) { self.cycle = cycle }

    /// - Returns: false if the catalog did not say which sources may go, or one may go only once its bytes were compared, so that
    ///   a later start should ask again.
    /// - Throws: ``InvariantViolation``, `CancellationError`; what cannot be deleted is kept and in the books.
    func delete(_ rows: some Sequence<PackedRow>) async throws -> Bool {
        var isSettled = true
        var chunk: [PackedRow] = []
        for row in rows {
            chunk.append(row)
            guard chunk.count >= Self.chunkSize else { continue }
            if try await !delete(chunk: chunk) { isSettled = false }
            chunk.removeAll()
        }
        guard !chunk.isEmpty else { return isSettled }
        return try await delete(chunk: chunk) && isSettled
    }

    private func delete(chunk rows: [PackedRow]) async throws -> Bool {
        let needed: Set<ByteString>
        do {
            needed = try await cycle.retrying { [catalog = cycle.world.catalog] in
                try await catalog.locationsStillPending(rows.compactMap(\.key.location.uidText))
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            for row in rows {
                cycle.ledger.kept(
                    row.key, "cannot find out whether another row needs it: \(error); the next start tries again"
                )
            }
            return false
        }
        let allowed = rows.compactMap { row in isAllowed(row, needed) ? row : nil }
        guard !allowed.isEmpty else { return true }
        let deletions = await withTaskExecutorPreference(cycle.threads.files) { [sources = cycle.world.sources] in
            await sources.delete(
                allowed.map { PackedSource(location: $0.key.location.uidText ?? "", identity: $0.identity) })
        }
        var isSettled = true
        for (row, deletion) in try InvariantViolation.paired(allowed, deletions, .deletedIsMarked, "deleting sources") {
            switch deletion {
            case .deleted: cycle.ledger.deleted(1)
            case .alreadyGone: break
            case .kept(let why): cycle.ledger.kept(row.key, why)
            case .postponed(let why):
                isSettled = false
                cycle.ledger.kept(row.key, "\(why); a later cycle compares it with what was packed")
            }
        }
        return isSettled
    }

    private func isAllowed(_ row: PackedRow, _ needed: Set<ByteString>) -> Bool {
        guard let location = row.key.location.uidText else { return false }
        guard cycle.settings.allowsOddTimes || cycle.oddTimes.isPlausible(row.key) else {
            cycle.ledger.kept(
                row.key,
                "its time \(row.key.createdAt.display) is hardly that of a file, and migration.allow_odd_times is false"
            )
            return false
        }
        guard !needed.contains(ByteString(location)) else {
            cycle.ledger.kept(row.key, "another row that is still pending names it")
            return false
        }
        let isAllowed = deletedCount.withLock { count in
            guard count < cycle.settings.limits.deletions ?? .max else { return false }
            count += 1
            return true
        }
        if !isAllowed { cycle.ledger.kept(row.key, "migration.max_delete is reached") }
        return isAllowed
    }
}
