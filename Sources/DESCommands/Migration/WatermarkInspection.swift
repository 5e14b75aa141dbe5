import DESBase
import DESCatalog
import DESCatalogWatermark
import DESConfiguration
import DESMigration
import DESTelemetry

/// What `--show-watermark`, `--set-watermark` and `--accept-set-aside` do.
struct WatermarkInspection {
    let configuration: MigrationConfiguration
    let printsJSON: Bool

    private static let shownRows = 100

    /// Sets the watermark, wherever it was.
    ///
    /// - Throws: `CommandProblem` for a moment to come: rows up to it would never be packed.
    func set(until: Timestamp, lagDays: Int?) async throws {
        guard until <= Timestamp.now() else {
            throw CommandProblem(
                "--set-watermark \(until) is still to come: rows that come until then would never be packed; nothing was set"
            )
        }
        let store = try store()
        try await store.prepare()
        _ = try await store.setWatermark(until: until, lagDays: lagDays)
        await store.close()
    }

    /// Notes that somebody knows of all files that are set aside, and says how many.
    func acceptSetAside() async throws {
        let store = try store()
        try await store.prepare()
        let count = try await store.acceptSetAside()
        await store.close()
        try Console.out(
            printsJSON
                ? "{\"files\":\(count)}"
                : "\(count.counted("file")) accepted as not migrated: they count no more, and are not tried again")
    }

    /// Prints where the watermark is, what the next cycle would take, and what was set aside.
    func show() async throws {
        let store = try store()
        let config = try await store.config()
        let window = try await WatermarkWork.window(
            store, defaultLagDays: configuration.migration.defaultLagDays, at: Timestamp.now())
        let count = try await store.setAsideCount()
        let accepted = try await store.acceptedCount()
        let rows = try await store.setAside(atMost: Self.shownRows)
        await store.close()
        let report = WatermarkReport(
            archivedUntil: config?.archivedUntil?.rfc3339, lagDays: config?.lagDays, windowEnd: window.end.rfc3339,
            filesSetAside: count, filesAccepted: accepted, setAside: rows.map(WatermarkReport.SetAside.init))
        try Console.out(printsJSON ? try JSONOutput.snakeCaseText(report) : report.text)
    }

    private func store() throws -> any ArchiveStore {
        guard configuration.migration.mode == .watermark else {
            throw CommandProblem("the configuration does not say migration.mode: watermark")
        }
        return try ArchiveStoreFactory.store(configuration)
    }
}

/// Where the watermark is.
struct WatermarkReport: Encodable {
    /// A file that was given up.
    struct SetAside: Encodable {
        let uid: String?
        let createdAt: String
        let fileLocation: String?
        let reason: String
        let message: String

        init(_ row: SetAsideRow) {
            uid = row.uid
            createdAt = row.createdAt.rfc3339
            fileLocation = row.location
            reason = row.reason
            message = row.message
        }
    }

    let archivedUntil: String?
    let lagDays: Int?
    let windowEnd: String
    let filesSetAside: Int
    /// Set aside before, and accepted.
    let filesAccepted: Int
    let setAside: [SetAside]

    /// For people.
    var text: String {
        let lines = [
            "archived until   \(archivedUntil ?? "nothing yet")",
            "lag              \(lagDays.map { $0.counted("day") } ?? "not set: as migration.archive_age_days says")",
            "next cycle       up to \(windowEnd)",
            "set aside        \(filesSetAside.counted("file"))",
            "accepted         \(filesAccepted.counted("file"))",
        ]
        let rows = setAside.map { row in
            "  \(row.reason)  uid \((row.uid ?? "NULL").escapedForOneLine): \(row.message.escapedForOneLine)"
        }
        return (lines + rows).joined(separator: "\n")
    }
}

extension CycleConfiguration {
    /// The lag of a watermark whose table does not name one: whole days, at least the age of the files.
    var defaultLagDays: Int { Int(archiveAgeDays.rounded(.up)) }
}
