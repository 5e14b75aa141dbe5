import DESBase
import DESCatalog
import Synchronization

/// A catalog that remembers for which shards marks were ever asked for, whatever became of them.
final class MarkWitness: SourceCatalog {
    private let base: any SourceCatalog
    private let names = Mutex<Set<ByteString>>([])

    init(_ base: any SourceCatalog) { self.base = base }

    /// The names of the shards.
    var shards: Set<ByteString> { names.withLock { $0 } }

    func mark(_ rows: [RowMark], within fence: Fence?) async throws -> [MarkOutcome] {
        // Before the call: one whose answer is lost may have marked.
        let added = names.withLock { names in
            let added = Set(rows.map { ByteString($0.shard) }).subtracting(names)
            names.formUnion(added)
            return added
        }
        do {
            return try await base.mark(rows, within: fence)
        } catch let error as CatalogError where error.code == .fenced {
            // A shard that was given up was not published when the fence was raised, so none of its rows can be marked.
            names.withLock { $0.subtract(added) }
            throw error
        }
    }

    var hasSizes: Bool { base.hasSizes }

    func refresh() async { await base.refresh() }

    func checkSchema() async throws { try await base.checkSchema() }

    func pendingRows(in range: PendingRange) async throws -> any PendingRowScan {
        try await base.pendingRows(in: range)
    }

    func pendingDays(olderThan cutoff: Timestamp) async throws -> [PendingDay] {
        try await base.pendingDays(olderThan: cutoff)
    }

    func statistics(olderThan cutoff: Timestamp) async throws -> CatalogStatistics {
        try await base.statistics(olderThan: cutoff)
    }

    func raise(_ fence: Fence) async throws { try await base.raise(fence) }

    func recoveredRows(for keys: [(uid: String, createdAt: Timestamp)]) async throws -> [[RecoveredRow]] {
        try await base.recoveredRows(for: keys)
    }

    func locationsStillPending(_ locations: [String]) async throws -> Set<ByteString> {
        try await base.locationsStillPending(locations)
    }

    func close() async { await base.close() }
}
