package import ArgumentParser
import CoreMetrics
import DESBase
import DESCatalog
import DESConfiguration
import DESMigration
import DESRouting
import DESShard
import DESServer
import DESStorage
import DESTelemetry
import Logging

/// `des-pack`: pack the files of a JSON manifest.
package struct PackCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: ProgramName.command("pack"),
        abstract: "Pack the files that a JSON manifest lists into shards.",
        discussion: """
            The manifest is a JSON list of {"uid", "created_at", "size_bytes", "source_path"}, or has one of them on each line; it \
            may be a pipe, such as /dev/stdin. A source_path may be s3://bucket/key. \
            What S3 needs is taken from the standard AWS_* variables and files. Sources are never deleted. Each \
            run makes new shards; what an interrupted run had sealed is not packed again.

            EXAMPLES
              des-pack --input-json manifest.json --output-dir ./shards
              des-pack --input-json manifest.json --output-dir s3://my-shards/archive
            """,
        version: Release.version
    )

    @Option(name: .customLong("input-json"), help: "The manifest.")
    var inputJSON: String

    @Option(name: .long, help: "Where the shards go: a folder, or s3://bucket/prefix.")
    var outputDir: String

    @Option(
        name: .long,
        help: "Where shards grow and wait. Default: .staging in the output folder; for S3 des-pack-staging here.")
    var stagingDir: String?

    @Option(name: .long, help: "A shard is closed before it grows over this many bytes.")
    var maxShardSize = UInt64(StoreDefaults.shardSize)

    @Option(name: .customLong("n-bits"), help: "Bits of the uid that choose the shard, 4 to 16.")
    var bits = ShardBits.standard.count

    @Flag(name: .long, help: "Print the result as one JSON object.")
    var json = false

    @Flag(name: .long, help: "Print progress as lines of JSON on standard output, one a second; implies --json.")
    var jsonProgress = false

    @OptionGroup var logging: LoggingOptions

    package init() {}

    package func validate() throws {
        guard ShardBits(bits) != nil else { throw ValidationError("--n-bits is \(bits), expected 4 to 16") }
        guard let output = Place(outputDir) else {
            throw ValidationError("--output-dir is \(outputDir), expected a folder, or s3://bucket/prefix")
        }
        try check(output, "--output-dir")
        if let stagingDir {
            guard case .folder = Place(stagingDir) else {
                throw ValidationError("--staging-dir is \(stagingDir), expected a local folder")
            }
            try check(.folder(stagingDir), "--staging-dir")
        }
        guard maxShardSize > 0 else { throw ValidationError("--max-shard-size must be more than 0") }
    }

    private func check(_ place: Place, _ option: String) throws {
        guard case .folder(let path) = place, case .refused(let why) = WrittenPath(path).asPath else { return }
        throw ValidationError("\(option): \(why)")
    }

    package func run() async throws {
        let console = ConsoleSink()
        let logger = logging.logger(label: "des-pack", level: .notice, format: .text, sink: console)
        do {
            let code = try await pack(console, logger)
            guard code == .success else { throw code }
        } catch let code as ExitCode {
            throw code
        } catch {
            logger.critical("\(error)")
            throw ExitStatus.fatal
        }
    }

    private func staging(of output: OutputPlace) -> String {
        if let stagingDir { return stagingDir }
        return switch output {
        case .folder(let folder): folder + "/.staging"
        case .s3: "des-pack-staging"
        }
    }

    private func pack(_ console: ConsoleSink, _ logger: Logger) async throws -> ExitCode {
        let catalog = try await ManifestCatalog.load(path: inputJSON)
        for problem in catalog.problems { logger.warning("\(inputJSON): \(problem)") }
        var settings = MigrationSettings(archiveAge: nil)
        settings.remembersStore = false
        let environment = try EnvironmentSettings()
        settings.bigFileThreshold = environment.bigFileThreshold
        settings.bigFilesPrefix = environment.bigFilesPrefix
        settings.skippedExtensions = CompressionConfiguration.defaultSkipExtensions
        settings.maximumShardSize = maxShardSize
        guard let bits = ShardBits(bits), let place = Place(outputDir) else { throw ExitStatus.fatal }
        settings.shardBits = bits
        let metrics = MigrationMetrics(factory: NOOPMetricsHandler.instance, failureReasons: [])
        let output = OutputPlace(place)
        var sources = SourcePlaces(roots: [])
        sources.s3 = S3SourceConfiguration(isEnabled: true)
        let world = try await MigrationWorld(
            catalog: catalog, output: output, staging: staging(of: output), settings: settings, sources: sources,
            access: S3Access(logger: logger))
        let run = MigrationRun(
            migrator: try Migrator(world: world, settings: settings, metrics: metrics, logger: logger),
            catalog: catalog, settings: settings, console: console, logger: logger, metrics: metrics,
            health: HealthState(), signals: StopSignals(logger: logger), server: nil, interval: nil,
            printsJSON: json || jsonProgress, printsProgress: jsonProgress
        )
        return try await run.run()
    }
}
