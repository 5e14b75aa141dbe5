package import DESBase
package import DESCatalog
package import DESCatalogWatermark
package import DESStorage
package import Logging
import Synchronization

/// Day after day behind a watermark, for a table that is never changed.
///
/// The watermark moves over a day once every file of it is packed or set aside. A day with a file that may succeed later
/// holds it back; days after it are worked on all the same. Only what is the fault of a file or row sets it aside, as
/// ``FailureJudge`` finds: after an outage of a service, a bucket or a folder the next cycle goes on as if nothing had been.
package final class WatermarkWork: WorkSource {
    private let archive: any ArchiveStore
    private let catalog: any SourceCatalog
    private let store: any ObjectStore
    private let judge: FailureJudge
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
        var lines = 0
    }

    /// Lines that a cycle logs on days which hold the watermark and what is set aside: there may be thousands of days.
    private static let mostLines = 200
    /// Failures that are noted in one transaction.
    private static let failuresANote = 1000

    /// - Parameters:
    ///   - catalog: the ``WatermarkCatalog`` over the archive.
    ///   - sources: tells of missing files whether they are gone.
    ///   - threads: for looks at the folders of missing files.
    ///   - maxSetAside: rows set aside in a cycle at most: if a whole disk is missing, the watermark stays where it is.
    ///   - defaultLagDays: used as long as the archive's configuration names no lag.
    package init(
        archive: any ArchiveStore, catalog: any SourceCatalog, store: any ObjectStore, sources: any SourceFiles,
        threads: ThreadPool, maxSetAside: Int, defaultLagDays: Int, now: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) {
        self.archive = archive
        self.catalog = catalog
        self.store = store
        judge = FailureJudge(sources: sources, archive: archive, threads: threads)
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
            logger.notice(
                "there is no watermark yet: all rows up to \(window.end) are packed now, whatever columns say of them")
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

    package func filesSetAside() async throws -> Int { try await archive.setAsideCount() }

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
            // Not many more than may be set aside: they take part in the later cycles.
            return .slice(
                WatermarkSliceWork(
                    slice: slice, work: self, catalog: catalog, store: store, mostFailures: maxSetAside + 1000))
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
    func settle(_ slice: WatermarkSlice, failures: FailureShelf, tally: PlaceTally) async throws {
        let judgement = try await judge.judge(failures.failures, .init(range: slice.range, tally: tally))
        let count = try await note(judgement.blamed.map(\.noted))
        let isSettled =
            state.withLock(\.isRecovered) && count == failures.failures.count && failures.omitted == 0
            && failures.surroundings.count == 0
        state.withLock { state in
            state.setAsideLeft = max(0, state.setAsideLeft - count)
            state.window?.finish(slice, isSettled: isSettled)
        }
        if count > 0 {
            warn("files are set aside; the table des_archive_set_aside names them", ["files": "\(count)"])
        }
        tell(of: judgement, failures)
        if !isSettled {
            warn(
                "a day holds the watermark back",
                ["after": "\(slice.after.map(\.description) ?? "the beginning")", "through": "\(slice.through)"])
        }
    }

    /// - Returns: how many of them are set aside now.
    private func note(_ failures: [ArchiveFailure]) async throws -> Int {
        let (cycle, limit) = state.withLock { ($0.cycle, $0.setAsideLeft) }
        var (count, position) = (0, 0)
        while position < failures.count {
            let batch = Array(failures[position..<min(position + Self.failuresANote, failures.count)])
            position += batch.count
            count += try await archive.failed(batch, cycle: cycle, limit: max(0, limit - count)).count { $0 }
        }
        return count
    }

    private func tell(of judgement: Judgement, _ failures: FailureShelf) {
        for doubt in judgement.doubts {
            warn("\(doubt.what); the watermark waits", ["files": "\(doubt.count)"])
        }
        if judgement.others > 0 {
            warn("files of more places could not be read; the watermark waits", ["files": "\(judgement.others)"])
        }
        if failures.surroundings.count > 0 {
            warn(
                "files could not be had through no fault of theirs; the watermark waits",
                ["files": "\(failures.surroundings.count)", "first": "\(failures.surroundings.first)"])
        }
        if failures.omitted > 0 {
            warn(
                "more files of a day failed than are looked at in one cycle; the watermark waits",
                ["files": "\(failures.omitted)"])
        }
    }

    private func warn(_ message: String, _ metadata: Logger.Metadata) {
        let line = state.withLock { state in
            state.lines += 1
            return state.lines
        }
        guard line <= Self.mostLines else { return }
        logger.warning("\(message)", metadata: metadata)
        if line == Self.mostLines { logger.warning("further days of this cycle are not logged one by one") }
    }

    /// Moves the archive's watermark to where the window's is. Can be repeated until it succeeds.
    func advance() async throws {
        let (from, to) = state.withLock { ($0.stored, $0.window?.watermark) }
        guard let to, from != to else { return }
        try await archive.advance(from: from, to: to)
        state.withLock { $0.stored = to }
        logger.info("the watermark moved", metadata: ["archived_until": "\(to)"])
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
