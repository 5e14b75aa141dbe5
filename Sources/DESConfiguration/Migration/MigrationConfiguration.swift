import FoundationEssentials

/// The configuration of `des-migrate`: a YAML or JSON file of sections, each with a default for nearly every key.
///
/// `${VAR}` and `${VAR:default}` are replaced in every value, see `VariableSubstitution`. Keys at the top level that begin
/// with `x-` are ignored, so that they can hold anchors.
package struct MigrationConfiguration: Sendable, Equatable {
    /// Section `database`: the catalog of files.
    package var database: DatabaseConfiguration

    /// Section `migration`: what a cycle takes and does.
    package var migration: CycleConfiguration

    /// Section `packer`: how shards are made.
    package var packer: PackerConfiguration

    /// Section `storage`: where shards are published.
    package var storage: StorageConfiguration

    /// Section `pipeline`: parallelism and memory.
    package var pipeline: PipelineConfiguration

    /// Section `metrics`: the listener for metrics and probes; nil when the section is absent or `null`: no listener.
    package var metrics: MetricsConfiguration?

    /// Section `logging`.
    package var logging: LoggingConfiguration

    /// Section `workers`: many workers share the work; nil when absent: this process works alone.
    package var workers: WorkersConfiguration?

    /// Things that are legal but probably not meant, each a sentence that begins with the key path. Never a secret.
    package var warnings: [String]

    /// Makes a configuration; all sections but the database have the defaults of the file.
    package init(
        database: DatabaseConfiguration, migration: CycleConfiguration = CycleConfiguration(),
        packer: PackerConfiguration = PackerConfiguration(), storage: StorageConfiguration = .local,
        pipeline: PipelineConfiguration = PipelineConfiguration(), metrics: MetricsConfiguration? = nil,
        logging: LoggingConfiguration = LoggingConfiguration(), workers: WorkersConfiguration? = nil,
        warnings: [String] = []
    ) {
        self.database = database
        self.migration = migration
        self.packer = packer
        self.storage = storage
        self.pipeline = pipeline
        self.metrics = metrics
        self.logging = logging
        self.workers = workers
        self.warnings = warnings
    }

    /// Reads the file at `path`.
    ///
    /// - Parameters:
    ///   - path: the file, YAML or JSON whatever its name; relative to the working directory of the process.
    ///   - environment: the environment variables.
    /// - Throws: `ConfigurationError` with everything that is wrong, also when the file cannot be read.
    package static func load(path: String, environment: [String: String]) throws(ConfigurationError) -> Self {
        try parse(text: ConfigurationFile.text(at: path), fileName: path, environment: environment)
    }

    /// Reads the configuration in `text`.
    ///
    /// - Parameters:
    ///   - text: the whole file, YAML or JSON.
    ///   - fileName: the name that errors carry.
    ///   - environment: the environment variables.
    ///   - workingDirectory: what relative paths are relative to when two of them are compared.
    /// - Throws: `ConfigurationError` with everything that is wrong.
    package static func parse(
        text: String, fileName: String, environment: [String: String],
        workingDirectory: String = FileManager.default.currentDirectoryPath
    ) throws(ConfigurationError) -> Self {
        var (configuration, warnings) = try ConfigurationReader.read(
            text: text, fileName: fileName, environment: environment
        ) { root in
            let database = root.section("database")
            let migration = root.section("migration")
            let packer = root.section("packer")
            let packing = PackerConfiguration(packer)
            let configuration = MigrationConfiguration(
                database: DatabaseConfiguration(database),
                migration: CycleConfiguration(migration),
                packer: packing,
                storage: StorageConfiguration(root.section("storage"), bits: packing.bits),
                pipeline: PipelineConfiguration(root.section("pipeline")),
                metrics: MetricsConfiguration.unlessAbsent(root.section("metrics")),
                logging: LoggingConfiguration(root.section("logging")),
                workers: WorkersConfiguration.unlessAbsent(root.section("workers")))
            configuration.checkPaths(packer: packer, workingDirectory: workingDirectory)
            configuration.checkMode(migration)
            return configuration
        }
        configuration.warnings = warnings
        return configuration
    }

    /// Checks the mode against the other sections.
    private func checkMode(_ section: ConfigurationSection) {
        guard migration.mode == .watermark else { return }
        if workers != nil {
            section.report("mode", "watermark is for one process; leave out the section workers, or use mode mark")
        }
        guard migration.watermarkURL == nil else { return }
        switch database.url {
        case .sqlite, .postgresql: break
        default:
            section.report(
                "watermark_url", "is needed: the watermark is kept in PostgreSQL or SQLite, not in this catalog")
        }
    }

    /// Checks the folders against each other.
    private func checkPaths(packer section: ConfigurationSection, workingDirectory: String) {
        let output = LexicalPath(packer.outputDirectory, relativeTo: workingDirectory)
        let staging = LexicalPath(packer.stagingDirectory, relativeTo: workingDirectory)
        if staging == output {
            section.report("staging_dir", "must be another folder than output_dir (such as its subfolder .staging)")
        }
        for root in migration.sourceRoots {
            let sources = LexicalPath(root, relativeTo: workingDirectory)
            let advice = "its shards would be among the files to migrate"
            if sources.contains(output) {
                section.warn("output_dir", "\(packer.outputDirectory) is inside the source root \(root); \(advice)")
            }
            if sources.contains(staging), !output.contains(staging) {
                section.warn("staging_dir", "\(packer.stagingDirectory) is inside the source root \(root); \(advice)")
            }
        }
    }
}
