import DESBase
import DESCatalog
import DESRouting
import DESStorage
package import DESTelemetry
package import Logging

/// Runs cycles of a migration in one staging folder.
package struct Migrator: Sendable {
    private let world: MigrationWorld
    private let settings: MigrationSettings
    private let plan: PipelinePlan
    private let threads: MigrationThreads
    private let metrics: MigrationMetrics
    private let logger: Logger
    private let knownStore = KnownStore()
    /// Held as long as this migrator lives.
    private let lock: StagingLock

    /// Takes the staging folder for itself.
    ///
    /// - Throws: `PlanError`, or `StagingLockError` when another process works there.
    package init(
        world: MigrationWorld, settings: MigrationSettings, metrics: MigrationMetrics, logger: Logger
    ) throws {
        plan = try PipelinePlan(
            settings, processors: world.processors, fileDescriptors: world.fileDescriptors
        )
        try Self.checkFolders(world)
        lock = try StagingLock(folder: world.staging)
        threads = MigrationThreads(plan, from: world.threads)
        self.world = world
        self.settings = settings
        self.metrics = metrics
        self.logger = logger
    }

    /// Staging gives up its shards once they are marked; that must never be the published ones.
    private static func checkFolders(_ world: MigrationWorld) throws {
        guard let output = world.store.localFolder, let published = try FileSystem.status(output),
            let staging = try FileSystem.status(world.staging.path),
            published.identity.device == staging.identity.device, published.identity.inode == staging.identity.inode
        else { return }
        throw StagingLockError(
            message: "packer.staging_dir \(world.staging.path) is the output folder \(output) under another name; "
                + "staging needs a folder of its own"
        )
    }

    /// One cycle. A stop requested at the control lets everything that was fetched come to its end.
    ///
    /// - Parameter onStart: gets the books of the cycle, for whoever shows its progress.
    /// - Throws: `CancellationError`; staged shards stay for recovery then.
    package func runCycle(
        control: CycleControl, onStart: @Sendable (CycleLedger) -> Void = { _ in }
    ) async throws -> CycleResult {
        var random = world.random()
        let runID = UniqueSuffix(at: world.now(), using: &random).description
        var logger = logger
        logger[metadataKey: "run_id"] = "\(runID)"
        let ledger = CycleLedger(runID: runID, metrics: metrics, logger: logger)
        let cycle = CycleContext(
            world: world, settings: settings, plan: plan, threads: threads, control: control,
            ledger: ledger)
        onStart(ledger)
        metrics.batchSize(settings.batchSize)
        logger.info("cycle started")
        try await MigrationCycle(cycle: cycle, knownStore: knownStore).run()
        if let violation = ledger.violation(endedBy: control.reason) { control.stop(.fatal("\(violation)")) }
        var result = ledger.finish(reason: control.reason, after: cycle.elapsed)
        result.filesWithOddTimes = cycle.oddTimes.count
        cycle.oddTimes.warn(logger, deletesSources: settings.deletesSources)
        metrics.cycleFinished(result.status, duration: cycle.elapsed)
        if result.fatalError == nil && !result.interrupted {
            metrics.lastSuccess(secondsSinceEpoch: Double(world.now().microsecondsSinceEpoch) / 1e6)
        }
        if result.hasOnlySkipped {
            logger.error(
                """
                files were published, and not one row could be marked: each was marked or changed by somebody else meanwhile. \
                Either another process migrates the same rows, or the catalog shows other values at each look (a view with \
                now()); rows that are still pending are packed again by the next cycle
                """,
                metadata: ["files": "\(result.filesSkipped)"])
        }
        if result.filesSetAside > 0 {
            logger.warning(
                """
                files are set aside behind the watermark; --show-watermark names them, --retry-set-aside tries them again, \
                --accept-set-aside ends this notice
                """,
                metadata: ["files": "\(result.filesSetAside)"])
        }
        if let error = result.fatalError {
            logger.error(
                "the cycle ended early; everything that was begun is finished", metadata: ["error": "\(error)"])
        }
        logger.info(
            "cycle finished",
            metadata: [
                "files_migrated": "\(result.filesMigrated)", "files_failed": "\(result.filesFailed)",
                "files_skipped": "\(result.filesSkipped)", "shards_created": "\(result.shardsCreated)",
                "duration_seconds": "\(result.durationSeconds)",
            ]
        )
        return result
    }
}
