import DESBase
import DESCatalog
import DESStorage
import Synchronization

/// Everything eligible as one slice, for a process that works alone.
final class WholeCatalogWork: WorkSource {
    private let catalog: any SourceCatalog
    private let store: any ObjectStore
    private let slice = Mutex<WholeCatalogSlice?>(nil)

    init(catalog: any SourceCatalog, store: any ObjectStore) {
        self.catalog = catalog
        self.store = store
    }

    var recoversStaging: Bool { true }

    func begin(cutoff: Timestamp, isRecovered: Bool) {
        slice.withLock { $0 = WholeCatalogSlice(catalog: catalog, store: store, cutoff: cutoff) }
    }

    func next() -> WorkStep {
        slice.withLock { slice in
            defer { slice = nil }
            return slice.map { .slice($0) } ?? .finished(setAside: 0)
        }
    }
}

private struct WholeCatalogSlice: WorkSlice {
    let name = "all"
    let catalog: any SourceCatalog
    let store: any ObjectStore
    let cutoff: Timestamp

    func scan() async throws -> any PendingRowScan { try await catalog.pendingRows(olderThan: cutoff) }
}
