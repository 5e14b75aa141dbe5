package import ArgumentParser
import CoreMetrics
import DESCatalog
import DESConfiguration
import DESMigration
import DESStorage
import DESSystem
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

            EXIT CODES
              0 all done   1 fatal   3 some files failed   64 usage   78 configuration
              130/143 stopped by SIGINT/SIGTERM after finishing what was begun
            """,
        version: ProgramName.version
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

    @Flag(name: .long, help: "Print the result as one JSON object.")
    var json = false

    @OptionGroup var logging: LoggingOptions

    private static let longestInterval = 1e9

    package init() {}

    package func validate() throws {
        guard interval > 0, interval <= Self.longestInterval else {
            throw ValidationError("--interval is \(interval), expected more than 0 and at most 1,000,000,000 seconds")
        }
    }

    package func run() async throws {
        let configuration = try loadConfiguration()
        guard !checkConfig else {
            try Console.out("\(config): the configuration is valid")
            return
        }
        let console = ConsoleSink()
        let logger = logging.logger(
            label: "des-migrate",
            level: Logger.Level(parsing: configuration.logging.level.rawValue) ?? .info,
            format: LoggingFormat(rawValue: configuration.logging.format.rawValue) ?? .text,
            sink: console
        )
        for warning in configuration.warnings { logger.warning("\(warning)") }
        do {
            let code = try await migrate(configuration, console, logger)
            guard code == .success else { throw code }
        } catch let code as ExitCode {
            throw code
        } catch {
            logger.critical("\(error)")
            throw ExitStatus.fatal
        }
    }

    private func loadConfiguration() throws -> MigrationConfiguration {
        do {
            let configuration = try MigrationConfiguration.load(
                path: config, environment: ProcessInfo.processInfo.environment
            )
            let problems = UnsupportedFeatures.problems(in: configuration)
            guard problems.isEmpty else {
                Console.error(([config + ":"] + problems).joined(separator: "\n  "))
                throw ExitStatus.configuration
            }
            return configuration
        } catch let error as ConfigurationError {
            Console.error("\(error)")
            throw ExitStatus.configuration
        }
    }

    private func migrate(
        _ configuration: MigrationConfiguration, _ console: ConsoleSink, _ logger: Logger
    ) async throws -> ExitCode {
        guard case .sqlite(let path) = configuration.database.url else { return ExitStatus.configuration }
        let settings = MigrationSettings(configuration)
        let catalog = SQLiteCatalog(
            path: path, schema: CatalogSchema(configuration), access: dryRun ? .readOnly : .readWrite
        )
        try await catalog.checkSchema()
        if dryRun {
            let cutoff = settings.cutoff(at: SystemTime.now())
            let report = StatisticsReport(try await catalog.statistics(olderThan: cutoff), cutoff: cutoff)
            try Console.out(json ? try JSONOutput.text(report) : report.text)
            return .success
        }

        let registry = PrometheusRegistry()
        try MigrationMetrics.registerAll(on: registry)
        let metrics = MigrationMetrics(factory: registry, failureReasons: FailureReason.allCases.map(\.rawValue))
        let health = HealthState()
        let world = try MigrationWorld(
            catalog: catalog, outputDirectory: configuration.packer.outputDirectory,
            stagingDirectory: configuration.packer.stagingDirectory, sourceRoots: settings.sourceRoots,
            catalogFiles: ["", "-wal", "-shm", "-journal"].map { path + $0 }
        )
        let migrator = try Migrator(
            world: world, settings: settings, hasSizes: configuration.database.sizeBytesColumn != nil, metrics: metrics,
            logger: logger
        )
        let server = configuration.metrics.map {
            MetricsListener($0, registry: registry, health: health, logger: logger)
        }
        let run = MigrationRun(
            migrator: migrator, catalog: catalog, settings: settings, console: console, logger: logger,
            metrics: metrics, health: health, signals: StopSignals(logger: logger), server: server,
            interval: continuous ? .seconds(interval) : nil, printsJSON: json
        )
        let code = try await run.run()
        await catalog.close()
        return code
    }
}

extension CatalogSchema {
    init(_ configuration: MigrationConfiguration) {
        let database = configuration.database
        self.init(
            table: database.tableName, uidColumn: database.uidColumn, createdAtColumn: database.createdAtColumn,
            locationColumn: database.fileLocationColumn, sizeColumn: database.sizeBytesColumn,
            archivedColumn: database.archivedColumn, metaColumns: configuration.migration.metaColumns
        )
    }
}

extension MigrationWorld {
    /// The real one: local sources, a local directory as store.
    init(
        catalog: any SourceCatalog, outputDirectory: String, stagingDirectory: String, sourceRoots: [String],
        catalogFiles: [String] = []
    ) throws {
        try FileSystem.createDirectory(outputDirectory)
        try FileSystem.createDirectory(stagingDirectory)
        let storeThreads = ThreadPool(name: "des-store", count: 4)
        self.init(
            catalog: catalog,
            store: DirectoryStore(root: outputDirectory, threads: storeThreads),
            sources: try LocalSourceFiles(
                roots: sourceRoots, keeping: [outputDirectory, stagingDirectory] + catalogFiles),
            staging: StagingFolder(path: stagingDirectory),
            processors: ProcessLimits.processors,
            fileDescriptors: ProcessLimits.raiseOpenFiles()
        )
    }
}
