/// The names under which existing dashboards know the migration, and what each means.
enum MigrationMetricName: String, CaseIterable {
    case cycles = "des_migration_cycles_total"
    case cycleDuration = "des_migration_duration_seconds"
    case files = "des_migration_files_total"
    case failedFiles = "des_migration_files_failed_total"
    case failures = "des_migration_failures_total"
    case bytes = "des_migration_bytes_total"
    case storedBytes = "des_migration_stored_bytes_total"
    case shards = "des_migration_shards_total"
    case pendingFiles = "des_migration_pending_files"
    case setAsideFiles = "des_migration_set_aside_files"
    case batchSize = "des_migration_batch_size"
    case lastSuccess = "des_migration_last_success_timestamp_seconds"
    case stageTime = "des_migration_stage_seconds"
    case queueDepth = "des_migration_queue_depth"
    case sourceReads = "des_s3_source_reads_total"
    case sourceReadTime = "des_s3_source_read_seconds"
    case sourceBytes = "des_s3_source_bytes_downloaded_total"

    var help: String {
        switch self {
        case .cycles: "Migration cycles by how they ended."
        case .cycleDuration: "Duration of a migration cycle in seconds."
        case .files: "Files processed: migrated, failed or skipped."
        case .failedFiles: "Files that could not be migrated."
        case .failures: "Files that could not be migrated, by reason."
        case .bytes: "Bytes of migrated files, uncompressed."
        case .storedBytes: "Bytes written to the store: shards with their indexes, and big files."
        case .shards: "Shards published."
        case .pendingFiles: "Files that the catalog lists as still to be migrated."
        case .setAsideFiles: "Files set aside behind the watermark that nobody has accepted."
        case .batchSize: "Configured number of rows a page and a mark transaction."
        case .lastSuccess: "When a cycle last ended with success, in seconds since 1970; 0 before the first."
        case .stageTime: "Time a stage worked on one item, in seconds."
        case .queueDepth: "Items waiting before a stage."
        case .sourceReads: "Reads of sources from S3 by how they ended."
        case .sourceReadTime: "Duration of one read of a source from S3, in seconds."
        case .sourceBytes: "Bytes of sources downloaded from S3."
        }
    }

    var kind: MetricKind {
        switch self {
        case .cycleDuration, .stageTime, .sourceReadTime: .histogram
        case .pendingFiles, .setAsideFiles, .batchSize, .lastSuccess, .queueDepth: .gauge
        case .cycles, .files, .failedFiles, .failures, .bytes, .storedBytes, .shards, .sourceReads, .sourceBytes:
            .counter
        }
    }

    /// Upper bounds of the buckets in seconds; nil for the default ones.
    var buckets: [Double]? {
        switch self {
        case .cycleDuration: [1, 5, 10, 30, 60, 120, 300]
        case .stageTime: [0.0001, 0.001, 0.01, 0.05, 0.1, 0.5, 1, 5, 30]
        default: nil
        }
    }

    var isLabelled: Bool {
        switch self {
        case .cycles, .failures, .stageTime, .queueDepth, .sourceReads, .sourceReadTime: true
        default: false
        }
    }
}

extension MigrationMetrics {
    /// Tells the registry what the metrics of the migration mean; call it before ``init(factory:failureReasons:)``.
    ///
    /// - Throws: `MetricRegistrationError` when one of the names has another meaning there already.
    package static func registerAll(on registry: PrometheusRegistry) throws(MetricRegistrationError) {
        for metric in MigrationMetricName.allCases {
            try registry.register(
                name: metric.rawValue, help: metric.help, kind: metric.kind, buckets: metric.buckets,
                isLabelled: metric.isLabelled)
        }
    }
}
