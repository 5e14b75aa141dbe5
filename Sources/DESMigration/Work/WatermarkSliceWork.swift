import DESBase
import DESCatalog
import DESCatalogWatermark
import DESStorage
import Synchronization

/// The rows up to a midnight.
final class WatermarkSliceWork: WorkSlice {
    private let slice: WatermarkSlice
    private let work: WatermarkWork
    private let failures: Mutex<FailureShelf>
    private let tally = Mutex(PlaceTally())
    /// Whether the failures are noted, in case that only what follows has to be repeated.
    private let isNoted = Mutex(false)
    let catalog: any SourceCatalog
    let store: any ObjectStore

    /// - Parameter mostFailures: how many are kept until the end, at most 100,000.
    init(
        slice: WatermarkSlice, work: WatermarkWork, catalog: any SourceCatalog, store: any ObjectStore,
        mostFailures: Int
    ) {
        failures = Mutex(FailureShelf(mostRows: min(mostFailures, 100_000)))
        self.slice = slice
        self.work = work
        self.catalog = catalog
        self.store = store
    }

    var name: String { "through \(slice.through)" }

    func scan() async throws -> any PendingRowScan { try await catalog.pendingRows(in: slice.range) }

    func wasRead(_ location: String) {
        tally.withLock { $0.read(location) }
    }

    func failed(_ key: RowKey, _ reason: FailureReason, _ message: String) {
        failures.withLock { $0.add(key, reason, message) }
        guard reason.subject == .file, let location = key.location.uidText else { return }
        tally.withLock { $0.failed(location) }
    }

    func finish(_ end: SliceEnd, _ progress: SliceProgress) async throws {
        guard end == .completed else { return }
        if !isNoted.withLock({ $0 }) {
            try await work.settle(slice, failures: failures.withLock { $0 }, tally: tally.withLock { $0 })
            isNoted.withLock { $0 = true }
        }
        try await work.advance()
    }
}
