import DESTelemetry

/// What one cycle did. Coded keys are those of the documented result.
///
/// Always `filesProcessed = filesMigrated + filesFailed + filesSkipped`.
package struct CycleResult: Sendable, Hashable, Codable {
    package var runID: String
    package var filesProcessed = 0
    /// Packed, published, verified and marked.
    package var filesMigrated = 0
    package var filesFailed = 0
    /// How many of the failed ones failed for each reason (the `rawValue` of a ``FailureReason``).
    package var failuresByReason: [String: Int] = [:]
    /// Left alone without failing, because their row was marked or changed by somebody else meanwhile.
    package var filesSkipped = 0
    /// Of the migrated ones: those whose shard an interrupted run had left in staging.
    package var filesRecovered = 0
    package var shardsCreated = 0
    /// Original bytes of the migrated files.
    package var totalSizeBytes: Int64 = 0
    /// Bytes of the shards and big files as stored.
    package var bytesStored: Int64 = 0
    package var bigFiles = 0
    /// Sources deleted after their rows were marked.
    package var filesDeleted = 0
    /// Sources that were to be deleted and were kept; the log says why.
    package var filesKept = 0
    /// Units of work, or days, that are set aside after they failed too often.
    package var unitsSetAside = 0
    /// Files that are set aside behind the watermark, by this cycle or an earlier one, until they are packed after all or
    /// somebody accepts that they are not.
    package var filesSetAside = 0
    /// Rows that the cycle did not look at, because they have no readable time; only with a watermark.
    package var rowsWithoutTime = 0
    /// Rows whose time is hardly that of a file, among those whose files were read.
    package var filesWithOddTimes = 0
    package var durationSeconds: Double = 0
    /// Whether a signal ended it before everything eligible was done.
    package var interrupted = false
    /// The configuration key of the limit that ended it, if one did, for example `migration.max_files`.
    package var limitReached: String?
    /// What ended the cycle before everything eligible was done.
    package var fatalError: String?
    /// The first failures; the rest is counted in `errorsOmitted`.
    package var errors: [FileFailure] = []
    package var errorsOmitted = 0

    package init(runID: String) { self.runID = runID }

    enum CodingKeys: String, CodingKey {
        case runID = "run_id"
        case filesProcessed = "files_processed"
        case filesMigrated = "files_migrated"
        case filesFailed = "files_failed"
        case failuresByReason = "failures_by_reason"
        case filesSkipped = "files_skipped"
        case filesRecovered = "files_recovered"
        case shardsCreated = "shards_created"
        case totalSizeBytes = "total_size_bytes"
        case bytesStored = "bytes_stored"
        case bigFiles = "bigfiles"
        case filesDeleted = "files_deleted"
        case filesKept = "files_kept"
        case unitsSetAside = "units_set_aside"
        case filesSetAside = "files_set_aside"
        case rowsWithoutTime = "rows_without_time"
        case filesWithOddTimes = "files_with_odd_times"
        case durationSeconds = "duration_seconds"
        case interrupted
        case limitReached = "limit_reached"
        case fatalError = "fatal_error"
        case errors
        case errorsOmitted = "errors_omitted"
    }
}

extension CycleResult {
    /// Whether files were published and not one row could be marked, since each was marked or changed by somebody else: two
    /// processes worked on the same rows, or the rows are never what they were read as.
    package var hasOnlySkipped: Bool {
        filesMigrated == 0 && filesSkipped > 0 && (shardsCreated > 0 || bigFiles > 0)
    }

    /// How the cycle counts in the metrics.
    var status: CycleStatus {
        if fatalError != nil { return .failure }
        return interrupted ? .interrupted : .success
    }
}
