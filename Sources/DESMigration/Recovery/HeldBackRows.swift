import DESCatalog
import Synchronization

/// Rows that recovery could not settle: their files are in a published shard that waits in staging, so packing them in the
/// same cycle would put each into a second one. They are in the books already.
final class HeldBackRows: Sendable {
    /// Hashes only, because there may be very many. Rows that share one are held back for a cycle, no more.
    private let hashes = Mutex<Set<Int>>([])

    /// False if the row is held back already.
    func insert(_ key: RowKey) -> Bool {
        hashes.withLock { $0.insert(key.hashValue).inserted }
    }

    /// Whether recovery settled everything.
    var isEmpty: Bool { hashes.withLock { $0.isEmpty } }

    /// The rows without those that are held back.
    func removed(from rows: [CatalogRow]) -> [CatalogRow] {
        hashes.withLock { hashes in
            hashes.isEmpty ? rows : rows.filter { !hashes.contains($0.key.hashValue) }
        }
    }
}
