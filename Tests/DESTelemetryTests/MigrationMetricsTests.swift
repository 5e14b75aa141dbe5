import CoreMetrics
import DESTelemetry
import Testing

@Suite struct MigrationMetricsTests {
    private let registry = PrometheusRegistry()
    private let metrics: MigrationMetrics

    init() throws {
        try MigrationMetrics.registerAll(on: registry)
        metrics = MigrationMetrics(factory: registry, failureReasons: ["missing", "size_mismatch"])
    }

    /// The samples of the page that start like this.
    private func samples(_ prefix: String) -> [Substring] {
        registry.text().split(separator: "\n").filter { $0.hasPrefix(prefix) }
    }

    @Test func `Every series of a closed set of labels is there with 0 before the first event`() {
        #expect(
            samples("des_migration_cycles_total") == [
                "des_migration_cycles_total{status=\"failure\"} 0",
                "des_migration_cycles_total{status=\"interrupted\"} 0",
                "des_migration_cycles_total{status=\"success\"} 0",
            ])
        #expect(samples("des_migration_queue_depth").count == 7)
        #expect(samples("des_migration_failures_total").count == 3)
        #expect(samples("des_migration_last_success") == ["des_migration_last_success_timestamp_seconds 0"])
        #expect(samples("des_s3_source_read_seconds_count").count == 4)
        #expect(registry.conflicts.isEmpty)
    }

    @Test func `A cycle is counted by its end and in the buckets that dashboards know`() {
        metrics.cycleFinished(.success, duration: .milliseconds(7_500))
        #expect(samples("des_migration_cycles_total{status=\"success\"}").first?.hasSuffix(" 1") == true)
        #expect(
            samples("des_migration_duration_seconds") == [
                "des_migration_duration_seconds_bucket{le=\"1.0\"} 0",
                "des_migration_duration_seconds_bucket{le=\"5.0\"} 0",
                "des_migration_duration_seconds_bucket{le=\"10.0\"} 1",
                "des_migration_duration_seconds_bucket{le=\"30.0\"} 1",
                "des_migration_duration_seconds_bucket{le=\"60.0\"} 1",
                "des_migration_duration_seconds_bucket{le=\"120.0\"} 1",
                "des_migration_duration_seconds_bucket{le=\"300.0\"} 1",
                "des_migration_duration_seconds_bucket{le=\"+Inf\"} 1",
                "des_migration_duration_seconds_sum 7.5",
                "des_migration_duration_seconds_count 1",
            ])
    }

    @Test func `Processed files are the sum of migrated, failed and skipped ones`() {
        metrics.filesMigrated(90)
        metrics.filesFailed(6, reason: "missing")
        metrics.filesFailed(1, reason: "a reason nobody has announced")
        metrics.filesSkipped(3)
        #expect(samples("des_migration_files_total") == ["des_migration_files_total 100"])
        #expect(samples("des_migration_files_failed_total") == ["des_migration_files_failed_total 7"])
        #expect(
            samples("des_migration_failures_total") == [
                "des_migration_failures_total{reason=\"missing\"} 6",
                "des_migration_failures_total{reason=\"other\"} 1",
                "des_migration_failures_total{reason=\"size_mismatch\"} 0",
            ])
    }

    @Test func `Each method reaches its metric`() {
        metrics.bytesMigrated(1_000)
        metrics.storedBytes(400)
        metrics.shardsCreated(2)
        metrics.stageTime(.upload, .seconds(2))
        metrics.queueDepth(.mark, 17)
        metrics.pendingFiles(5)
        metrics.batchSize(1_000)
        metrics.lastSuccess(secondsSinceEpoch: 1_767_323_045.25)
        metrics.sourceRead(.error, duration: .milliseconds(20))
        metrics.sourceBytesDownloaded(77)
        let text = registry.text()
        for sample in [
            "des_migration_bytes_total 1000", "des_migration_stored_bytes_total 400", "des_migration_shards_total 2",
            "des_migration_stage_seconds_sum{stage=\"upload\"} 2", "des_migration_queue_depth{stage=\"mark\"} 17",
            "des_migration_pending_files 5", "des_migration_batch_size 1000",
            "des_migration_last_success_timestamp_seconds 1767323045.25",
            "des_s3_source_reads_total{status=\"error\"} 1",
            "des_s3_source_read_seconds_bucket{status=\"error\",le=\"0.025\"} 1",
            "des_s3_source_bytes_downloaded_total 77",
        ] {
            #expect(text.contains("\n\(sample)\n"), "\(sample)")
        }
    }

    @Test func `Durations beyond what nanoseconds can say are held at the end, not a crash`() {
        metrics.stageTime(.pack, .seconds(Int64.max))
        #expect(samples("des_migration_stage_seconds_count{stage=\"pack\"}").first?.hasSuffix(" 1") == true)
    }

    @Test func `Without a registry the metrics go nowhere`() {
        let silent = MigrationMetrics(factory: NOOPMetricsHandler.instance, failureReasons: [])
        silent.filesFailed(1, reason: "missing")
        silent.cycleFinished(.interrupted, duration: .zero)
    }
}
