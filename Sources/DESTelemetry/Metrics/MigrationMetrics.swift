package import CoreMetrics

/// The metrics of the migration and of its reads from S3, typed, so that no label can take an unbounded value.
///
/// All handles are made here, once: an event is an atomic addition, with no look-up by name. Every series of a closed set
/// of labels is there with 0 from the start, so that `rate()` and alerts see the first event.
///
/// Failures by reason have a name of their own, `des_migration_failures_total{reason}`, beside the plain
/// `des_migration_files_failed_total` that existing dashboards read. One name with and without the label would count each
/// failure twice in `sum()`, and with the label only, `files_failed_total / files_total` would find no matching labels.
package struct MigrationMetrics: Sendable {
    private let cycles: [CycleStatus: Counter]
    private let cycleDuration: Timer
    private let files: Counter
    private let failedFiles: Counter
    private let failures: [String: Counter]
    private let otherFailures: Counter
    private let bytes: Counter
    private let stored: Counter
    private let shards: Counter
    private let pending: Meter
    private let setAside: Meter
    private let batch: Meter
    private let success: Meter
    private let stageTimers: [PipelineStage: Timer]
    private let queueDepths: [PipelineStage: Meter]
    private let sourceReads: [SourceReadStatus: Counter]
    private let sourceReadTimers: [SourceReadStatus: Timer]
    private let sourceBytes: Counter

    /// Makes the handles.
    ///
    /// - Parameters:
    ///   - factory: where events are counted: a ``PrometheusRegistry`` on which ``registerAll(on:)`` was called before, or
    ///     `NOOPMetricsHandler.instance` when nobody looks.
    ///   - failureReasons: all values that ``filesFailed(_:reason:)`` will be given; others are counted as `other`.
    package init(factory: any MetricsFactory, failureReasons: [String]) {
        func counter(_ name: MigrationMetricName, _ label: (String, String)? = nil) -> Counter {
            Counter(label: name.rawValue, dimensions: label.map { [$0] } ?? [], factory: factory)
        }
        func meter(_ name: MigrationMetricName, _ label: (String, String)? = nil) -> Meter {
            Meter(label: name.rawValue, dimensions: label.map { [$0] } ?? [], factory: factory)
        }
        func timer(_ name: MigrationMetricName, _ label: (String, String)? = nil) -> Timer {
            Timer(label: name.rawValue, dimensions: label.map { [$0] } ?? [], factory: factory)
        }
        cycles = .forEachCase { counter(.cycles, ("status", $0.rawValue)) }
        cycleDuration = timer(.cycleDuration)
        files = counter(.files)
        failedFiles = counter(.failedFiles)
        failures = Dictionary(
            failureReasons.map { ($0, counter(.failures, ("reason", $0))) }, uniquingKeysWith: { first, _ in first })
        otherFailures = failures["other"] ?? counter(.failures, ("reason", "other"))
        bytes = counter(.bytes)
        stored = counter(.storedBytes)
        shards = counter(.shards)
        pending = meter(.pendingFiles)
        setAside = meter(.setAsideFiles)
        batch = meter(.batchSize)
        success = meter(.lastSuccess)
        stageTimers = .forEachCase { timer(.stageTime, ("stage", $0.rawValue)) }
        queueDepths = .forEachCase { meter(.queueDepth, ("stage", $0.rawValue)) }
        sourceReads = .forEachCase { counter(.sourceReads, ("status", $0.rawValue)) }
        sourceReadTimers = .forEachCase { timer(.sourceReadTime, ("status", $0.rawValue)) }
        sourceBytes = counter(.sourceBytes)
    }

    /// A cycle has ended after this time.
    package func cycleFinished(_ status: CycleStatus, duration: Duration) {
        cycles[status]?.increment()
        cycleDuration.recordNanoseconds(duration.saturatedNanoseconds)
    }

    /// Files were packed, published and marked. Counts them in `des_migration_files_total` too, which holds all files that
    /// were processed: migrated, failed and skipped.
    package func filesMigrated(_ count: Int) {
        files.increment(by: count)
    }

    /// Files were not migrated, for a reason of the closed set given to ``init(factory:failureReasons:)``.
    package func filesFailed(_ count: Int, reason: String) {
        files.increment(by: count)
        failedFiles.increment(by: count)
        (failures[reason] ?? otherFailures).increment(by: count)
    }

    /// Files were left for a later cycle without a failure, for example because of a limit.
    package func filesSkipped(_ count: Int) {
        files.increment(by: count)
    }

    /// Bytes of migrated files, uncompressed.
    package func bytesMigrated(_ count: Int64) {
        bytes.increment(by: count)
    }

    /// Bytes of published shards and big files, as stored.
    package func storedBytes(_ count: Int64) {
        stored.increment(by: count)
    }

    /// Shards were published.
    package func shardsCreated(_ count: Int) {
        shards.increment(by: count)
    }

    /// A stage has worked this long on one page, batch, file or shard.
    package func stageTime(_ stage: PipelineStage, _ duration: Duration) {
        stageTimers[stage]?.recordNanoseconds(duration.saturatedNanoseconds)
    }

    /// Items that wait before a stage.
    package func queueDepth(_ stage: PipelineStage, _ count: Int) {
        queueDepths[stage]?.set(count)
    }

    /// Files that the catalog says are still to be migrated.
    package func pendingFiles(_ count: Int) {
        pending.set(count)
    }

    /// Files that are set aside behind the watermark and not accepted.
    package func filesSetAside(_ count: Int) {
        setAside.set(count)
    }

    /// Rows a page, as configured.
    package func batchSize(_ count: Int) {
        batch.set(count)
    }

    /// When a cycle last ended with success, in seconds since 1970.
    package func lastSuccess(secondsSinceEpoch: Double) {
        success.set(secondsSinceEpoch)
    }

    /// A source was read from S3, or given up, after this time.
    package func sourceRead(_ status: SourceReadStatus, duration: Duration) {
        sourceReads[status]?.increment()
        sourceReadTimers[status]?.recordNanoseconds(duration.saturatedNanoseconds)
    }

    /// Bytes of sources that came from S3.
    package func sourceBytesDownloaded(_ count: Int64) {
        sourceBytes.increment(by: count)
    }
}

extension Dictionary where Key: CaseIterable {
    /// A value for each case of an enumeration.
    static func forEachCase(_ make: (Key) -> Value) -> Self {
        Dictionary(uniqueKeysWithValues: Key.allCases.map { ($0, make($0)) })
    }
}

extension Duration {
    /// Whole nanoseconds, held at the ends of what 64 bits can say: 292 years.
    var saturatedNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, multiplied) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, added) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        if multiplied || added { return seconds < 0 ? .min : .max }
        return sum
    }
}
