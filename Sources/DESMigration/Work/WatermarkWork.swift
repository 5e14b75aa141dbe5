package import DESCatalog
package import DESRouting
package import DESStorage
import DESSystem
package import Logging
import Synchronization

/// Day after day behind a watermark, for a table that is never changed.
///
/// The watermark moves over a day once every file of it is packed or set aside. A day with a file that may succeed later
/// holds it back; days after it are worked on all the same. A missing file holds it back too, unless the folder that
/// should hold it is there: a disk that is not mounted looks like files that are gone.
package final class WatermarkWork: WorkSource {
    private let archive: any ArchiveStore
    private let catalog: any SourceCatalog
    private let store: any ObjectStore
    private let missing: MissingSources
    private let maxSetAside: Int
    /// Used as long as the archive's configuration names no lag.
    private let defaultLagDays: Int
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var window: WatermarkWindow?
        /// Where the archive has the watermark; behind that of the window until the move has succeeded.
        var stored: Timestamp?
        var cycle = ""
        var setAsideLeft = 0
        var isRecovered = true
        var rowsWithoutTime = 0
        /// The day on which they were counted.
        var countedOn: Int64?
    }

    /// - Parameters:
    ///   - catalog: the ``WatermarkCatalog`` over the archive.
    ///   - sources: tells of missing files whether they are gone.
    ///   - maxSetAside: rows set aside in a cycle at most: if a whole disk is missing, the watermark stays where it is.
    ///   - defaultLagDays: used as long as the archive's configuration names no lag.
    package init(
        archive: any ArchiveStore, catalog: any SourceCatalog, store: any ObjectStore, sources: any SourceFiles,
        maxSetAside: Int, defaultLagDays: Int, now: @escaping @Sendable () -> Timestamp, logger: Logger
    ) {
        self.archive = archive
        self.catalog = catalog
        self.store = store
        missing = MissingSources(sources: sources, threads: ThreadPool(name: "des-folders", count: 1), logger: logger)
        self.maxSetAside = maxSetAside
        self.defaultLagDays = defaultLagDays
        self.now = now
        self.logger = logger
    }

    package var recoversStaging: Bool { true }

    /// Where the window of a cycle that starts now begins and ends.
    package static func window(
        _ archive: any ArchiveStore, defaultLagDays: Int, at now: Timestamp
    ) async throws -> WatermarkWindow {
        let config = try await archive.config()
        return WatermarkWindow(
            archivedUntil: config?.archivedUntil, lagDays: config?.lagDays ?? defaultLagDays, now: now)
    }

    package func begin(cutoff: Timestamp, isRecovered: Bool) async throws {
        try await archive.prepare()
        let now = now()
        let window = try await Self.window(archive, defaultLagDays: defaultLagDays, at: now)
        if window.start == nil {
            logger.notice("there is no watermark yet: everything up to \(window.end) is migrated")
        }
        if !isRecovered {
            logger.warning(
                "files of an interrupted run could not be settled; the watermark stays where it is in this cycle")
        }
        state.withLock {
            $0 = State(
                window: window, stored: window.start, cycle: "\(now)", setAsideLeft: maxSetAside,
                isRecovered: isRecovered, rowsWithoutTime: $0.rowsWithoutTime, countedOn: $0.countedOn)
        }
        try await countRowsWithoutTime(today: now.dayNumber)
    }

    package var rowsWithoutTime: Int { state.withLock { $0.rowsWithoutTime } }

    /// Once a day, since it may take a pass over the table.
    private func countRowsWithoutTime(today: Int64) async throws {
        do {
            if state.withLock({ $0.countedOn }) != today {
                let count = try await catalog.rowsWithoutTime()
                state.withLock {
                    $0.rowsWithoutTime = count
                    $0.countedOn = today
                }
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            logger.warning("the rows without a readable time are not counted: \(error)")
        }
        guard rowsWithoutTime > 0 else { return }
        logger.warning(
            "rows have no readable time (NULL, infinite, before the year 1 or after 9999): no day is theirs, so they are never migrated",
            metadata: ["rows": "\(rowsWithoutTime)"])
    }

    package func next() async throws -> WorkStep {
        try await advance()
        guard let rest = state.withLock({ $0.window?.rest }) else { return .finished(setAside: 0) }
        let first = try await firstRow(in: rest)
        if let slice = state.withLock({ $0.window?.nextSlice(firstRow: first) }) {
            return .slice(WatermarkSliceWork(slice: slice, work: self, catalog: catalog, store: store))
        }
        try await advance()
        return .finished(setAside: 0)
    }

    private func firstRow(in range: PendingRange) async throws -> Timestamp? {
        let scan = try await catalog.pendingRows(in: range)
        do {
            let row = try await scan.nextPage(atMost: 1).first
            await scan.close()
            return row?.key.createdAt.timestamp
        } catch {
            await scan.close()
            throw error
        }
    }

    /// Notes what failed in a slice. Can be repeated until it succeeds.
    fileprivate func settle(_ slice: WatermarkSlice, failures: [ArchiveFailure], isComplete: Bool) async throws {
        let (cycle, limit, isRecovered) = state.withLock { ($0.cycle, $0.setAsideLeft, $0.isRecovered) }
        let blamed = try await missing.removingDoubtful(from: failures)
        let setAside = try await archive.failed(blamed, cycle: cycle, limit: limit)
        let count = setAside.count(where: { $0 })
        let isSettled = isComplete && isRecovered && count == failures.count
        state.withLock { state in
            state.setAsideLeft = max(0, state.setAsideLeft - count)
            state.window?.finish(slice, isSettled: isSettled)
        }
        if count > 0 {
            logger.warning(
                "files are set aside; the table des_archive_set_aside names them", metadata: ["files": "\(count)"])
        }
        if !isSettled {
            logger.warning(
                "a day holds the watermark back",
                metadata: [
                    "after": "\(slice.after.map(\.description) ?? "the beginning")", "through": "\(slice.through)",
                ])
        }
    }

    /// Moves the archive's watermark to where the window's is. Can be repeated until it succeeds.
    fileprivate func advance() async throws {
        let (from, to) = state.withLock { ($0.stored, $0.window?.watermark) }
        guard let to, from != to else { return }
        try await archive.advance(from: from, to: to)
        state.withLock { $0.stored = to }
        logger.info("the watermark moved", metadata: ["archived_until": "\(to)"])
    }
}

/// The rows up to a midnight.
private final class WatermarkSliceWork: WorkSlice {
    /// More failures than this of one day are never set aside.
    private static let keptFailures = 1_000_000

    private let slice: WatermarkSlice
    private let work: WatermarkWork
    private let failures = Mutex((kept: [ArchiveFailure](), isComplete: true))
    /// Whether the failures are noted, in case that only what follows has to be repeated.
    private let isNoted = Mutex(false)
    let catalog: any SourceCatalog
    let store: any ObjectStore

    init(slice: WatermarkSlice, work: WatermarkWork, catalog: any SourceCatalog, store: any ObjectStore) {
        self.slice = slice
        self.work = work
        self.catalog = catalog
        self.store = store
    }

    var name: String { "through \(slice.through)" }

    func scan() async throws -> any PendingRowScan { try await catalog.pendingRows(in: slice.range) }

    func failed(_ key: RowKey, _ reason: FailureReason, _ message: String) {
        failures.withLock { failures in
            guard let isPermanent = reason.isPermanent, failures.kept.count < Self.keptFailures else {
                failures.isComplete = false
                return
            }
            failures.kept.append(
                ArchiveFailure(key: key, reason: reason.rawValue, message: message, isPermanent: isPermanent))
        }
    }

    func finish(_ end: SliceEnd, _ progress: SliceProgress) async throws {
        guard end == .completed else { return }
        let (kept, isComplete) = failures.withLock { $0 }
        if !isNoted.withLock({ $0 }) {
            try await work.settle(slice, failures: kept, isComplete: isComplete)
            isNoted.withLock { $0 = true }
        }
        try await work.advance()
    }
}

extension SourceCatalog {
    /// Counts the rows without a readable time, by reading them.
    fileprivate func rowsWithoutTime() async throws -> Int {
        let scan = try await pendingRows(in: PendingRange(before: .earliest))
        var count = 0
        do {
            while case let page = try await scan.nextPage(atMost: 10_000), !page.isEmpty {
                count += page.count { $0.key.createdAt.timestamp == nil }
            }
        } catch {
            await scan.close()
            throw error
        }
        await scan.close()
        return count
    }
}

extension FailureReason {
    /// Whether another try cannot succeed; nil if the file is not to blame at all, so that it is never given up.
    fileprivate var isPermanent: Bool? {
        switch self {
        case .invalidRow, .uidTooLong, .unsupportedLocation, .outsideRoots, .missing, .notRegular, .sizeMismatch: true
        case .unreadable, .changed: false
        case .staging, .verification, .publishing, .marking: nil
        }
    }
}
