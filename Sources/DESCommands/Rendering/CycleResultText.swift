import DESMigration
import DESTelemetry

/// The result of a cycle for people.
enum CycleResultText {
    private static let shownErrors = 20

    static func text(_ result: CycleResult) -> String {
        let seconds = Duration.seconds(result.durationSeconds)
        var lines = [
            "\(result.filesMigrated.counted("file")) (\(result.totalSizeBytes.byteCountText)) migrated into "
                + "\(result.shardsCreated.counted("shard")) (\(result.bytesStored.byteCountText) stored) "
                + "in \(seconds.humanReadable)"
        ]
        if result.durationSeconds > 0, result.filesMigrated > 0 {
            let rate = Int(Double(result.filesMigrated) / result.durationSeconds)
            lines[0] += ", \(rate.groupedByThousands) files/s"
        }
        func add(_ count: Int, _ text: String) {
            if count > 0 { lines.append("\(count.groupedByThousands) \(text)") }
        }
        add(result.filesRecovered, "of them recovered from an interrupted run")
        add(result.bigFiles, "big files stored beside the shards")
        add(result.filesDeleted, "sources deleted")
        add(result.filesKept, "sources kept although they were to be deleted; the log says why")
        add(
            result.filesWithOddTimes,
            "have a time outside of 1990 to tomorrow: does the column count from another moment than 1970?")
        add(
            result.filesSkipped,
            "skipped: their rows were marked or changed by somebody else meanwhile"
                + (result.hasOnlySkipped
                    ? "; NOT ONE row could be marked, and what is still pending is packed again by the next cycle" : "")
        )
        add(result.unitsSetAside, "units of work are set aside; --status names them")
        add(
            result.filesSetAside,
            "set aside behind the watermark; --show-watermark names them, --retry-set-aside tries them again, "
                + "--accept-set-aside ends this notice")
        add(result.rowsWithoutTime, "rows have no readable time: they are never migrated in mode watermark")
        add(result.filesFailed, "FAILED and left unmarked:")
        for failure in result.errors.prefix(shownErrors) {
            let uid = failure.uid.escapedForOneLine
            lines.append("  \(failure.reason.rawValue)  uid \(uid): \(failure.message.escapedForOneLine)")
        }
        let hidden = result.filesFailed - min(result.errors.count, shownErrors)
        if hidden > 0 { lines.append("  and \(hidden.groupedByThousands) more; --json lists up to 1,000") }
        if let limit = result.limitReached { lines.append("stopped at \(limit); the rest is for the next cycle") }
        if result.interrupted {
            lines.append("interrupted; everything that was begun is finished, the rest is for the next cycle")
        }
        if let error = result.fatalError { lines.append("stopped: \(error)") }
        return lines.joined(separator: "\n")
    }
}
