package import ArgumentParser
import CoreMetrics
import DESBase
import DESCatalog
import DESConfiguration
import DESCoordinationPostgres
import DESMigration
import DESServer
import DESTelemetry
import Foundation
import Logging

/// `des-migrate`: the migration.
package struct MigrateCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: ProgramName.command("migrate"),
        abstract: "Move the files that a catalog lists into shards.",
        discussion: """
            One cycle takes every file older than migration.archive_age_days: it is read, checked, packed into a shard, \
            published, read back, and only then marked in the catalog and, if so configured, deleted.

            EXAMPLES
              des-migrate --config migration.yaml --dry-run
              des-migrate --config migration.yaml
              des-migrate --config migration.yaml --continuous --interval 600 --log-format json
              des-migrate --config migration.yaml --status                      # with many workers
              des-migrate --config migration.yaml --set-watermark 2026-01-01    # with mode watermark

            EXIT CODES
              0 all done   1 fatal   3 some files failed or are set aside   64 usage   78 configuration
              130/143 stopped by SIGINT/SIGTERM after finishing what was begun
            """,
        version: Release.version
    )

    @Option(name: .long, help: "The configuration file, YAML or JSON.")
    var config: String

    @Flag(name: .long, help: "Only tell what waits; nothing is moved or changed.")
    var dryRun = false

    @Flag(name: .long, help: "Run a cycle every interval until stopped.")
    var continuous = false

    @Option(name: .long, help: "Seconds from the start of a cycle to the start of the next one.")
    var interval: Double = 3600

    @Flag(name: .long, help: "Only check the configuration.")
    var checkConfig = false

    @Option(name: .long, help: "What the status calls this worker; default: host name and process number.")
    var workerId: String?

    @Flag(name: .long, help: "Only show the units of work, the workers, their rates and what is left.")
    var status = false

    @Flag(
        name: .long,
        help:
            "Only let the units that were set aside be tried again; with mode watermark, only pack the files that were."
    )
    var retrySetAside = false

    @Flag(
        name: .long,
        help: "Take an output that is empty although rows are marked: their shards are elsewhere on purpose."
    )
    var newStore = false

    @Flag(
        name: .long,
        help: "Only accept that the files which are set aside are not migrated: they count no more. Mode watermark.")
    var acceptSetAside = false

    @Flag(name: .long, help: "Only show the watermark.")
    var showWatermark = false

    @Option(name: .long, help: "Only set the watermark: everything up to this moment counts as migrated.")
    var setWatermark: String?

    @Option(name: .long, help: "With --set-watermark: files of the last so many days stay.")
    var lagDays: Int?

    @Flag(name: .long, help: "Print the result as one JSON object.")
    var json = false

    @Flag(name: .long, help: "Print progress as lines of JSON on standard output, one a second; implies --json.")
    var jsonProgress = false

    @OptionGroup var logging: LoggingOptions

    private static let longestInterval = 1e9

    package init() {}

    package func validate() throws {
        guard interval > 0, interval <= Self.longestInterval else {
            throw ValidationError("--interval is \(interval), expected more than 0 and at most 1,000,000,000 seconds")
        }
        let only = [
            ("--dry-run", dryRun), ("--check-config", checkConfig), ("--status", status),
            ("--retry-set-aside", retrySetAside), ("--accept-set-aside", acceptSetAside),
            ("--show-watermark", showWatermark),
            ("--set-watermark", setWatermark != nil), ("--continuous", continuous),
        ].filter(\.1).map(\.0)
        guard only.count < 2 else {
            throw ValidationError("\(only.joined(separator: " and ")) cannot be used together")
        }
        if let setWatermark, Timestamp(parsing: setWatermark) == nil {
            throw ValidationError("--set-watermark is \(setWatermark), expected a moment such as 2026-01-31T00:00:00Z")
        }
        if let lagDays, setWatermark == nil || !(0...365_000).contains(lagDays) {
            throw ValidationError("--lag-days goes with --set-watermark, from 0 to 365,000")
        }
        if let workerId, workerId.isEmpty || workerId.utf8.count > 200 {
            throw ValidationError("--worker-id is to have 1 to 200 bytes")
        }
    }

    package func run() async throws {
        let configuration = try loadConfiguration()
        try checkMemory(configuration)
        guard !checkConfig else {
            for warning in configuration.warnings { Console.error("warning: \(warning)") }
            try Console.out("\(config): the configuration is valid")
            return
        }
        let console = ConsoleSink()
        let logger = logging.logger(
            label: "des-migrate",
            level: configuration.logging.level,
            format: configuration.logging.format,
            sink: console
        )
        for warning in configuration.warnings { logger.warning("\(warning)") }
        do {
            let code = try await act(configuration, console, logger)
            guard code == .success else { throw code }
        } catch let code as ExitCode {
            throw code
        } catch {
            logger.critical("\(error)")
            throw ExitStatus.fatal
        }
    }

    private func act(
        _ configuration: MigrationConfiguration, _ console: ConsoleSink, _ logger: Logger
    ) async throws -> ExitCode {
        if status || (retrySetAside && configuration.migration.mode != .watermark) {
            let inspection = WorkInspection(configuration: configuration, printsJSON: json)
            try await status ? inspection.printStatus() : inspection.retrySetAside()
            return .success
        }
        if showWatermark || setWatermark != nil || acceptSetAside {
            let inspection = WatermarkInspection(configuration: configuration, printsJSON: json)
            guard !acceptSetAside else {
                try await inspection.acceptSetAside()
                return .success
            }
            if let setWatermark, let moment = Timestamp(parsing: setWatermark) {
                try await inspection.set(until: moment, lagDays: lagDays)
            }
            try await inspection.show()
            return .success
        }
        let assembly = MigrationAssembly(
            configuration: configuration, logger: logger, acceptsNewStore: newStore)
        guard !dryRun else {
            try await report(assembly)
            return .success
        }
        return try await migrate(assembly, console, logger)
    }

    private func report(_ assembly: MigrationAssembly) async throws {
        let parts = try assembly.parts(access: .readOnly)
        let cutoff = try await parts.cutoff(at: Timestamp.now(), assembly.settings)
        try await parts.catalog.checkSchema()
        for warning in try await parts.catalog.findings().warnings { assembly.logger.warning("\(warning)") }
        let statistics = try await parts.catalog.statistics(olderThan: cutoff)
        let report = StatisticsReport(
            statistics, cutoff: cutoff,
            oldest: try await parts.catalog.oldestStoredTime(statistics.oldest, before: cutoff), now: Timestamp.now())
        await parts.close()
        try Console.out(json ? try JSONOutput.text(report) : report.text)
    }

    private func loadConfiguration() throws -> MigrationConfiguration {
        do {
            return try MigrationConfiguration.load(path: config, environment: ProcessInfo.processInfo.environment)
        } catch {
            Console.error("\(error)")
            throw ExitStatus.configuration
        }
    }

    /// Settings that only together do not fit.
    private func checkMemory(_ configuration: MigrationConfiguration) throws {
        do {
            _ = try PipelinePlan(
                MigrationSettings(configuration), processors: ProcessLimits.processors,
                fileDescriptors: OpenFilesError.leastForMigration)
        } catch {
            Console.error("\(config): \(error)")
            throw ExitStatus.configuration
        }
    }

    private func migrate(
        _ assembly: MigrationAssembly, _ console: ConsoleSink, _ logger: Logger
    ) async throws -> ExitCode {
        ProcessLimits.returnLongBlocks()
        let configuration = assembly.configuration
        let parts = try assembly.parts(access: .readWrite, workerID: workerId)
        try await parts.catalog.checkSchema()
        let registry = PrometheusRegistry()
        try MigrationMetrics.registerAll(on: registry)
        let metrics = MigrationMetrics(factory: registry, failureReasons: FailureReason.allCases.map(\.rawValue))
        let health = HealthState()
        let migrator = try Migrator(
            world: try await assembly.world(parts, metrics: metrics, retriesSetAside: retrySetAside),
            settings: assembly.settings,
            metrics: metrics, logger: logger
        )
        let server = configuration.metrics.map {
            MetricsListener($0, registry: registry, health: health, logger: logger)
        }
        let run = MigrationRun(
            migrator: migrator, catalog: parts.catalog, settings: assembly.settings, console: console, logger: logger,
            metrics: metrics, health: health, signals: StopSignals(logger: logger), server: server,
            interval: continuous ? .seconds(interval) : nil, printsJSON: json || jsonProgress,
            printsProgress: jsonProgress,
            // Each worker counting the whole catalog would cost more than it tells.
            countsPending: configuration.workers == nil && configuration.migration.mode == .mark
        )
        let code = try await run.run()
        // Only for the status: a worker that cannot sign off is shown as silent.
        try? await parts.board?.end()
        await parts.close()
        return code
    }
}
