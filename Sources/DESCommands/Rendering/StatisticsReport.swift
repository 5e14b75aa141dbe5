import DESBase
import DESCatalog
import DESTelemetry

/// What waits in a catalog, as `--dry-run` and `des-stats` show it.
struct StatisticsReport: Encodable {
    let totalFiles: Int64
    let totalSizeBytes: Int64?
    let oldestFile: String?
    let newestFile: String?
    let cutoff: String
    let rowsAfterCutoff: Int64
    let rowsWithoutUID: Int64
    let rowsWithoutTime: Int64
    let rowsWithoutLocation: Int64
    let rowsWithoutSize: Int64
    /// What is probably wrong with the column of times.
    let warnings: [String]

    /// - Parameters:
    ///   - oldest: the oldest time as it is stored, if that tells more.
    ///   - now: what later times are measured by.
    init(_ statistics: CatalogStatistics, cutoff: Timestamp, oldest: CatalogValue? = nil, now: Timestamp) {
        let plausible = PlausibleTimes(now: now)
        let isOldestOdd =
            oldest.map { !plausible.contains($0) } ?? statistics.oldest.map { !plausible.contains($0) } ?? false
        let isNewestOdd = statistics.newest.map { !plausible.contains($0) } ?? false
        warnings = [("oldest", statistics.oldest, isOldestOdd), ("newest", statistics.newest, isNewestOdd)].compactMap {
            name, time, isOdd in
            guard let time, isOdd else { return nil }
            return
                "the \(name) file is of \(time.rfc3339), outside of 1990 (numbers: 2001) to tomorrow: does the column of times count "
                + "from another moment than 1970? Such files are never too young, and their sources are kept unless "
                + "migration.allow_odd_times is true"
        }
        totalFiles = statistics.totalFiles
        totalSizeBytes = statistics.totalSizeInBytes
        oldestFile = statistics.oldest?.rfc3339
        newestFile = statistics.newest?.rfc3339
        self.cutoff = cutoff.rfc3339
        rowsAfterCutoff = statistics.rowsAfterCutoff
        rowsWithoutUID = statistics.rowsWithoutUID
        rowsWithoutTime = statistics.rowsWithoutTime
        rowsWithoutLocation = statistics.rowsWithoutLocation
        rowsWithoutSize = statistics.rowsWithoutSize
    }

    enum CodingKeys: String, CodingKey {
        case totalFiles = "total_files"
        case totalSizeBytes = "total_size_bytes"
        case oldestFile = "oldest_file"
        case newestFile = "newest_file"
        case cutoff
        case rowsAfterCutoff = "rows_after_cutoff"
        case rowsWithoutUID = "rows_without_uid"
        case rowsWithoutTime = "rows_without_time"
        case rowsWithoutLocation = "rows_without_location"
        case rowsWithoutSize = "rows_without_size"
        case warnings
    }

    /// For people.
    var text: String {
        var lines = [
            "files to migrate   \(totalFiles.groupedByThousands)",
            "total size         \(totalSizeBytes.map { "\($0.byteCountText) (\($0.groupedByThousands) bytes)" } ?? "unknown: no size column")",
            "oldest file        \(oldestFile ?? "none")",
            "newest file        \(newestFile ?? "none")",
            "created before     \(cutoff)",
            "younger files      \(rowsAfterCutoff.groupedByThousands)",
        ]
        for (count, what) in [
            (rowsWithoutUID, "uid"), (rowsWithoutTime, "readable time"), (rowsWithoutLocation, "location"),
            (rowsWithoutSize, "readable size"),
        ] where count > 0 {
            lines.append("rows without a \(what): \(count.groupedByThousands)")
        }
        return (lines + warnings.map { "WARNING: \($0)" }).joined(separator: "\n")
    }
}
