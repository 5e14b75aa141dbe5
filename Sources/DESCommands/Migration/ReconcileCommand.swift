package import ArgumentParser
import DESBase
import DESCatalog
import DESConfiguration
import DESCoordinationPostgres
import DESMigration
import DESReconciliation
import DESTelemetry
import Foundation
import Logging
import UnixSignals

/// `des reconcile`: whether catalog and storage agree.
package struct ReconcileCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Compare the catalog with the shards and big files that are stored.",
        discussion: """
            Names rows that are marked but in no shard, files in shards whose row is not marked, files that no row names or that \
            several shards have, big files that are missing or that no shard names, and what interrupted runs left. Reads \
            the index of each shard, never its files; memory stays the same however many there are.

            Nothing is changed without --repair. With it, rows are marked whose file was read back from the one shard that has \
            it and is whole, and uploads that were never completed are aborted, if they are older than --min-age. Run it where \
            des-migrate runs: it holds the same lock, so that the two never work at once. With --delete-orphans big files \
            that no shard names are deleted as well, if they are older; only while nobody migrates to the same place from \
            another machine either, because a migration uses what is there. Everything else is left to the operator.

            EXAMPLES
              des reconcile --config migration.yaml
              des reconcile --config migration.yaml --from 2026-01-01 --to 2026-01-31 --json
              des reconcile --config migration.yaml --repair --delete-orphans --min-age 30d

            EXIT CODES
              0 nothing found, or everything repaired   1 fatal   3 something found   64 usage   78 configuration
            """
    )

    @Option(name: .long, help: "The configuration file of des-migrate, YAML or JSON.")
    var config: String

    @Flag(name: .long, help: "Repair what is safe to repair.")
    var repair = false

    @Flag(name: .long, help: "With --repair: delete big files that no shard names. Only while nobody migrates.")
    var deleteOrphans = false

    @Option(
        name: .long,
        help: "What is younger may belong to a running migration and is only counted: such as 7d, 12h, 30m, 0s.")
    var minAge = "7d"

    @Option(name: .long, help: "The first day (UTC) to look at.")
    var from: String?

    @Option(name: .long, help: "The last day (UTC) to look at.")
    var to: String?

    @Option(name: .long, help: "How many findings of a kind are named; the counts are complete.")
    var limit = 1000

    @Flag(name: .long, help: "Print the result as one JSON object.")
    var json = false

    @OptionGroup var logging: LoggingOptions

    package init() {}

    package func validate() throws {
        guard Self.duration(minAge) != nil else {
            throw ValidationError("--min-age is \(minAge), expected a number and d, h, m or s, such as 7d")
        }
        guard repair || !deleteOrphans else { throw ValidationError("--delete-orphans goes with --repair") }
        for (name, text) in [("--from", from), ("--to", to)] {
            if let text, Self.day(text) == nil {
                throw ValidationError("\(name) is \(text), expected a day such as 2026-01-31")
            }
        }
        if let first = from.flatMap(Self.day), let last = to.flatMap(Self.day), first > last {
            throw ValidationError("--from is after --to")
        }
        guard (0...1_000_000).contains(limit) else {
            throw ValidationError("--limit is \(limit), expected 0 to 1,000,000")
        }
    }

    package func run() async throws {
        let configuration = try loadConfiguration()
        let console = ConsoleSink()
        let logger = logging.logger(
            label: "des-reconcile", level: configuration.logging.level,
            format: configuration.logging.format, sink: console)
        let observer = ReconciliationObserver(line: ProgressLine(sink: console) { logger.info("\($0)") })
        for warning in configuration.warnings { logger.warning("\(warning)") }
        do {
            guard let report = try await reconcileUntilSignal(configuration, observer, logger) else {
                throw ExitStatus.stopped(by: SIGINT)
            }
            observer.finish()
            try Console.out(json ? try JSONOutput.snakeCaseText(report) : report.text)
            if !report.isClean { throw ExitStatus.incomplete }
        } catch let code as ExitCode {
            observer.finish()
            throw code
        } catch {
            observer.finish()
            logger.critical("\(error)")
            throw ExitStatus.fatal
        }
    }

    private func loadConfiguration() throws -> MigrationConfiguration {
        do {
            let configuration = try MigrationConfiguration.load(
                path: config, environment: ProcessInfo.processInfo.environment)
            return configuration
        } catch {
            Console.error("\(error)")
            throw ExitStatus.configuration
        }
    }

    /// - Returns: nil if a signal ended it.
    private func reconcileUntilSignal(
        _ configuration: MigrationConfiguration, _ observer: ReconciliationObserver, _ logger: Logger
    ) async throws -> ReconciliationReport? {
        try await withThrowingTaskGroup(of: ReconciliationReport?.self) { group in
            group.addTask { try await reconcile(configuration, observer, logger) }
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .stopping) { break }
                return nil
            }
            group.addTask {
                try await observer.run()
                return nil
            }
            let first = try await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    private func reconcile(
        _ configuration: MigrationConfiguration, _ observer: ReconciliationObserver, _ logger: Logger
    ) async throws -> ReconciliationReport {
        let assembly = MigrationAssembly(configuration: configuration, logger: logger)
        let parts = try assembly.parts(access: repair ? .readWrite : .readOnly)
        try await parts.catalog.checkSchema()
        for warning in try await parts.catalog.findings().warnings { logger.warning("\(warning)") }
        let world = try await assembly.world(parts)
        let lock = repair ? try StagingLock(folder: world.staging) : nil
        defer { withExtendedLifetime(lock) {} }
        if repair, let board = parts.board, try await board.status().unitsLeased > 0 {
            throw CommandProblem(
                "workers have units of work: what they are doing could be taken for left over. Stop them, or run without --repair"
            )
        }
        let migration = assembly.settings
        var settings = ReconciliationSettings()
        settings.firstDay = from.flatMap(Self.day)
        settings.lastDay = to.flatMap(Self.day)
        settings.minimumAge = Self.duration(minAge) ?? settings.minimumAge
        settings.repairs = repair
        settings.deletesOrphans = deleteOrphans
        settings.limit = limit
        settings.deletesSources = configuration.migration.deletesSourceFiles
        settings.bigFilesPrefix = migration.bigFilesPrefix
        settings.shardBits = migration.shardBits
        let report = try await Reconciliation(world: ReconciliationWorld(world), settings: settings, logger: logger)
            .run { observer.begin($0) }
        await parts.close()
        return report
    }

    /// Days since 1970.
    private static func day(_ text: String) -> Int64? { Timestamp(parsing: text)?.dayNumber }

    /// `7d`, `12h`, `30m`, `45s`, up to 100 years.
    static func duration(_ text: String) -> Duration? {
        let units: [Character: Int64] = ["d": 86_400, "h": 3600, "m": 60, "s": 1]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
            (0...3_153_600_000 / unit).contains(count)
        else { return nil }
        return .seconds(count * unit)
    }
}
