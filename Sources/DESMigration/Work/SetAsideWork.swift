package import DESBase
package import DESCatalog
package import DESCatalogWatermark
package import DESStorage
package import Logging
import Synchronization

/// Tries the rows once more that were set aside behind a watermark. Those that are packed now are not set aside any more; the
/// watermark stays where it is.
package final class SetAsideWork: WorkSource {
    /// Rows a slice begins with; it ends with the last of them, or with their day.
    private static let rowsALook = 1000

    private let archive: any ArchiveStore
    private let watermark: WatermarkCatalog
    private let catalog: any SourceCatalog
    private let store: any ObjectStore
    private let logger: Logger
    /// Where the next slice begins.
    private let position = Mutex(Timestamp.earliest)

    /// - Parameters:
    ///   - watermark: finds the rows.
    ///   - catalog: where what is packed is noted: the same, but for tests.
    package init(
        archive: any ArchiveStore, watermark: WatermarkCatalog, catalog: any SourceCatalog, store: any ObjectStore,
        logger: Logger
    ) {
        self.archive = archive
        self.watermark = watermark
        self.catalog = catalog
        self.store = store
        self.logger = logger
    }

    package var recoversStaging: Bool { true }

    package func begin(cutoff: Timestamp, isRecovered: Bool) async throws {
        try await archive.prepare()
        position.withLock { $0 = .earliest }
        let count = try await archive.setAsideCount()
        logger.info("files that were set aside are tried again", metadata: ["files": "\(count)"])
    }

    package func filesSetAside() async throws -> Int { try await archive.setAsideCount() }

    package func next() async throws -> WorkStep {
        let rest = PendingRange(from: position.withLock { $0 }, before: .latest, includesUndated: false)
        let rows = try await archive.leftOut(.setAside, in: rest, after: nil, atMost: Self.rowsALook)
        guard let first = rows.first, let last = rows.last(where: { $0.time.dayNumber == first.time.dayNumber }) else {
            return .finished(setAside: 0)
        }
        // A look may end between rows of one moment: the slice has all of them.
        let end = Timestamp(microsecondsSinceEpoch: last.time.microsecondsSinceEpoch + 1)
        position.withLock { $0 = end }
        return .slice(
            SetAsideSlice(
                range: PendingRange(from: first.time, before: end, includesUndated: false), watermark: watermark,
                catalog: catalog, store: store))
    }
}

private struct SetAsideSlice: WorkSlice {
    let range: PendingRange
    let watermark: WatermarkCatalog
    let catalog: any SourceCatalog
    let store: any ObjectStore

    var name: String { "set aside from \(range.from)" }

    func scan() async throws -> any PendingRowScan { try await watermark.setAsideRows(in: range) }
}
