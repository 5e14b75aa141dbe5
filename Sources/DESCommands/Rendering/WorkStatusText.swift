import DESCoordinationPostgres
import DESTelemetry

/// The status of the workers for people.
enum WorkStatusText {
    static func text(_ status: BoardStatus) -> String {
        guard status.planState != nil else {
            return "job \(status.job): nothing is planned yet; the first worker does that"
        }
        let units = status.unitsPending + status.unitsLeased + status.unitsDone + status.unitsSetAside
        var lines = [
            "job \(status.job), \(plan(status))",
            "units   \(units.groupedByThousands): \(status.unitsDone.groupedByThousands) done, "
                + "\(status.unitsLeased.groupedByThousands) in work, \(status.unitsPending.groupedByThousands) waiting, "
                + "\(status.unitsSetAside.groupedByThousands) set aside",
            "files   \(status.filesMigrated.groupedByThousands) migrated (\(status.bytes.byteCountText)), "
                + "\(status.filesFailed.groupedByThousands) failed, about \(status.rowsLeft.groupedByThousands) left",
        ]
        if let seconds = status.secondsLeft, status.rowsLeft > 0 {
            lines.append(
                "rate    \(Int(status.filesPerSecond).groupedByThousands) files/s, about "
                    + "\(Duration.seconds(seconds).humanReadable) left")
        }
        lines += status.workers.map(worker)
        lines += status.setAside.map { unit in
            "SET ASIDE \(unit.unit.escapedForOneLine) after \(unit.attempts.counted("attempt")): "
                + (unit.error ?? "").escapedForOneLine
        }
        return lines.joined(separator: "\n")
    }

    private static func plan(_ status: BoardStatus) -> String {
        switch (status.planState, status.plannedAt) {
        case ("done", let moment?): "planned at \(moment): \(status.rowsPlanned.counted("row"))"
        case ("leased", _): "the pending rows are being counted"
        default: "to be planned by the next worker"
        }
    }

    private static func worker(_ worker: BoardStatus.Worker) -> String {
        var line = "worker  \(worker.worker.escapedForOneLine)  \(worker.state)"
        if let unit = worker.unit { line += " on \(unit.escapedForOneLine)" }
        line +=
            ", \(worker.filesMigrated.counted("file")) (\(worker.bytes.byteCountText)) at "
            + "\(Int(worker.filesPerSecond).groupedByThousands) files/s"
        if worker.filesFailed > 0 { line += ", \(worker.filesFailed.groupedByThousands) failed" }
        if worker.state == "silent" {
            line += ", last heard of \(Duration.seconds(worker.silentSeconds).humanReadable) ago"
        }
        return line
    }
}
