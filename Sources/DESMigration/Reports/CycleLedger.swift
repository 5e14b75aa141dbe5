import DESBase
import DESCatalog
package import DESTelemetry
package import Logging
import Synchronization

/// Keeps the books of one cycle: every file that was fetched ends here, once, as migrated, failed or skipped.
package final class CycleLedger: Sendable {
    /// Failures kept with their text, and lines of one kind that are logged, so that memory and log stay bounded when
    /// everything fails. The first failure of each reason is kept and logged whatever came before it.
    static let keptErrors = 1000

    /// Who is told of each failure. In an object: a closure that is kept as it is under a lock and called from there is wrapped
    /// once more by each call, until so many calls lie in each other that the stack ends.
    private final class FailureWatch: Sendable {
        let tell: @Sendable (RowKey, FailureReason, String) -> Void

        init(_ tell: @escaping @Sendable (RowKey, FailureReason, String) -> Void) { self.tell = tell }
    }

    private let result: Mutex<CycleResult>
    private let fetchedCount = Atomic<Int>(0)
    private let readBytes = Atomic<Int64>(0)
    private let counter = FileCounter()
    private let recoveryProgress = Mutex<RecoveryProgress?>(nil)
    private let limitingStage = Mutex<PipelineStage?>(nil)
    private let notes = Mutex<Set<ByteString>>([])
    private let warnings = Mutex<[CycleWarning: Int]>([:])
    private let failureWatch = Mutex<FailureWatch?>(nil)
    let metrics: MigrationMetrics
    let logger: Logger

    package init(runID: String, metrics: MigrationMetrics, logger: Logger) {
        result = Mutex(CycleResult(runID: runID))
        self.metrics = metrics
        self.logger = logger
    }

    /// The books as they stand.
    package var snapshot: CycleResult { result.withLock { $0 } }

    /// Files that were taken up so far: read, or about to be.
    package var filesFetched: Int { fetchedCount.load(ordering: .relaxed) }

    /// Bytes that were read from sources so far.
    package var bytesRead: Int64 { readBytes.load(ordering: .relaxed) }

    func fetched(_ count: Int) {
        fetchedCount.add(count, ordering: .relaxed)
    }

    /// Files that count as fetched are left as they are after all, because the cycle is to stop.
    func left(_ count: Int) {
        fetchedCount.subtract(count, ordering: .relaxed)
    }

    /// Files came so far.
    func count(_ files: Int, _ step: FileCounts.Step) { counter.add(files, step) }

    /// How many files came how far.
    package var counts: FileCounts { counter.counts(snapshot) }

    /// The stage that the others wait for; nil while none runs, or nothing waits.
    package internal(set) var limit: PipelineStage? {
        get { limitingStage.withLock { $0 } }
        set { limitingStage.withLock { $0 = newValue } }
    }

    /// How far the recovery of what an interrupted run left is; nil before and after it.
    package internal(set) var recovery: RecoveryProgress? {
        get { recoveryProgress.withLock { $0 } }
        set { recoveryProgress.withLock { $0 = newValue } }
    }

    func read(_ bytes: Int64) {
        readBytes.add(bytes, ordering: .relaxed)
    }

    /// Logs an advice, once however often it is given.
    func advise(_ note: String) {
        guard notes.withLock({ $0.insert(ByteString(note)).inserted }) else { return }
        logger.notice("\(note)")
    }

    /// Logs a warning of a kind of which a cycle may have very many; after the first ones they are only counted.
    func warn(_ kind: CycleWarning, _ message: @autoclosure () -> String, metadata: Logger.Metadata = [:]) {
        let count = warnings.withLock { warnings in
            warnings[kind, default: 0] += 1
            return warnings[kind] ?? 0
        }
        guard count <= Self.keptErrors else { return }
        logger.log(level: kind == .missingBigFile ? .error : .warning, "\(message())", metadata: metadata)
        tellOfOmission(count, "warnings of this kind (\(kind.rawValue))")
    }

    /// Says once that no more lines of a kind follow.
    private func tellOfOmission(_ count: Int, _ what: String) {
        guard count == Self.keptErrors else { return }
        logger.warning("the log has \(count) \(what) of this cycle; further ones are counted, but not logged")
    }

    /// Tells of each failure from now on; nil: nobody.
    func watchFailures(_ watch: (@Sendable (RowKey, FailureReason, String) -> Void)?) {
        failureWatch.withLock { $0 = watch.map { FailureWatch($0) } }
    }

    /// A file cannot be migrated in this cycle.
    func failed(_ key: RowKey, _ reason: FailureReason, _ message: String) {
        metrics.filesFailed(1, reason: reason.rawValue)
        failureWatch.withLock { $0 }?.tell(key, reason, message)
        let omitted = result.withLock { result in
            result.filesProcessed += 1
            result.filesFailed += 1
            let ofReason = (result.failuresByReason[reason.rawValue] ?? 0) + 1
            result.failuresByReason[reason.rawValue] = ofReason
            guard result.errors.count < Self.keptErrors || ofReason == 1 else {
                result.errorsOmitted += 1
                return result.errorsOmitted
            }
            result.errors.append(FileFailure(key, reason, message))
            return 0
        }
        guard omitted == 0 else {
            guard omitted == 1 else { return }
            logger.warning("more than \(Self.keptErrors) files failed; the rest is counted, but not logged one by one")
            return
        }
        logger.warning(
            "file not migrated",
            metadata: [
                "uid": "\(key.uid.display)", "created_at": "\(key.createdAt.display)", "reason": "\(reason.rawValue)",
                "message": "\(message)",
            ]
        )
    }

    /// All files of a shard cannot be migrated in this cycle.
    func failed(_ rows: PackedRows, _ reason: FailureReason, _ message: String) {
        for row in rows { failed(row.key, reason, message) }
    }

    /// Files are in a published shard, and their rows are marked.
    func migrated(_ count: Int, bytes: Int64, recovered: Bool = false) {
        metrics.filesMigrated(count)
        metrics.bytesMigrated(bytes)
        result.withLock { result in
            result.filesProcessed += count
            result.filesMigrated += count
            result.totalSizeBytes += bytes
            if recovered { result.filesRecovered += count }
        }
    }

    /// A file is in a shard, but its row was marked or changed by somebody else meanwhile.
    func skipped(_ key: RowKey, _ message: String) {
        metrics.filesSkipped(1)
        let count = result.withLock { result in
            result.filesProcessed += 1
            result.filesSkipped += 1
            return result.filesSkipped
        }
        guard count <= Self.keptErrors else { return }
        logger.notice("file skipped", metadata: ["uid": "\(key.uid.display)", "message": "\(message)"])
        tellOfOmission(count, "skipped files")
    }

    /// Files that were fetched and are on their way are left to somebody else.
    func abandonInFlight(_ message: String) {
        let fetched = filesFetched
        let count = result.withLock { result in
            let count = max(0, fetched - result.filesProcessed)
            result.filesProcessed += count
            result.filesSkipped += count
            return count
        }
        guard count > 0 else { return }
        metrics.filesSkipped(count)
        logger.warning("files skipped", metadata: ["files": "\(count)", "message": "\(message)"])
    }

    /// So many units of work, or days, were set aside, by whomever.
    func setAside(_ count: Int) {
        result.withLock { $0.unitsSetAside = count }
    }

    /// So many files are set aside behind the watermark.
    func filesSetAside(_ count: Int) {
        metrics.filesSetAside(count)
        result.withLock { $0.filesSetAside = count }
    }

    /// So many rows have no readable time, and nobody works on them.
    func rowsWithoutTime(_ count: Int) {
        result.withLock { $0.rowsWithoutTime = count }
    }

    func published(shards: Int, bytes: Int64, bigFiles: Int) {
        metrics.shardsCreated(shards)
        metrics.storedBytes(bytes)
        result.withLock { result in
            result.shardsCreated += shards
            result.bytesStored += bytes
            result.bigFiles += bigFiles
        }
    }

    /// Sources were deleted.
    func deleted(_ count: Int) {
        result.withLock { $0.filesDeleted += count }
    }

    /// A source that was to be deleted was kept.
    func kept(_ key: RowKey, _ message: String) {
        let count = result.withLock { result in
            result.filesKept += 1
            return result.filesKept
        }
        guard count <= Self.keptErrors else { return }
        logger.warning(
            "source kept",
            metadata: [
                "uid": "\(key.uid.display)", "location": "\(key.location.display)", "message": "\(message)",
            ]
        )
        tellOfOmission(count, "kept sources")
    }

    /// Whether the books add up, at the end of a cycle that nothing cut off: what was on its way then is in no book.
    func violation(endedBy reason: StopReason?) -> InvariantViolation? {
        if case .fatal = reason { return nil }
        let (fetched, books) = (filesFetched, snapshot)
        guard fetched != books.filesProcessed else { return nil }
        return InvariantViolation(
            invariant: .booksAddUp, detail: "\(fetched) files were fetched, and \(books.filesProcessed) ended")
    }

    /// Closes the books.
    func finish(reason: StopReason?, after duration: Duration) -> CycleResult {
        logOmissions()
        return result.withLock { result in
            result.durationSeconds = duration / .seconds(1)
            switch reason {
            case .interrupted: result.interrupted = true
            case .limit(let limit): result.limitReached = limit
            case .fatal(let message): result.fatalError = message
            case nil: break
            }
            return result
        }
    }
}

extension CycleLedger {
    /// What was counted without a line of its own, once, at the end.
    private func logOmissions() {
        let result = snapshot
        guard result.errorsOmitted > 0 else { return }
        let counts = result.failuresByReason.sorted { $0.value > $1.value || $0.value == $1.value && $0.key < $1.key }
        logger.warning(
            "more files failed than the log names",
            metadata: [
                "failed": "\(result.filesFailed)", "named": "\(result.errors.count)",
                "reasons": "\(counts.map { "\($0.key) \($0.value)" }.joined(separator: ", "))",
            ])
    }
}

/// Kinds of warnings of which one cycle may have as many as it has files.
enum CycleWarning: String, Sendable, Hashable {
    case recoveredSourceGone = "a source is gone"
    case missingBigFile = "a big file is not in the store"
}

extension FileFailure {
    fileprivate init(_ key: RowKey, _ reason: FailureReason, _ message: String) {
        self.init(
            uid: key.uid.display, createdAt: key.createdAt.display, location: key.location.display, reason: reason,
            message: message)
    }
}

extension CatalogValue {
    /// The value for messages and results; what is unreasonably long is cut.
    var display: String {
        switch self {
        case .null: "NULL"
        case .integer(let number): String(number)
        case .real(let number): String(number)
        case .text(let text) where text.utf8.count > 4096: "\(text.prefix(256))… (\(text.utf8.count) bytes)"
        case .text(let text): text
        case .time(let time): time.rfc3339
        case .tooLong(let size): "a value of \(size) bytes"
        case .blob(let bytes):
            "x'" + Array(bytes.prefix(64)).hexadecimal + "'"
        }
    }
}
