import DESBase
import DESCatalog
import DESCatalogWatermark
import DESConfiguration
import DESCoordinationPostgres
import DESMigration
import DESRouting
import DESStorage
import DESTelemetry
import Foundation
import Glibc
import Logging

/// Puts together what a configuration asks for.
struct MigrationAssembly {
    let configuration: MigrationConfiguration
    let logger: Logger
    /// Whether a store that is empty is taken although rows are marked.
    var acceptsNewStore = false

    var settings: MigrationSettings {
        var settings = MigrationSettings(configuration)
        settings.acceptsNewStore = acceptsNewStore
        return settings
    }

    /// The parts that have connections.
    struct Parts {
        let catalog: any SourceCatalog
        /// Nil unless the mode is watermark; then the catalog too.
        let archive: (any ArchiveStore)?
        let watermark: WatermarkCatalog?
        /// Nil unless many workers share the work.
        let board: PostgresUnitBoard?
        let defaultLagDays: Int

        func close() async {
            await catalog.close()
            await archive?.close()
            await board?.close()
        }

        /// Files from this moment on stay.
        func cutoff(at now: Timestamp, _ settings: MigrationSettings) async throws -> Timestamp {
            guard let archive else { return settings.cutoff(at: now) }
            let end = try await WatermarkWork.window(archive, defaultLagDays: defaultLagDays, at: now).end
            // The window has its end, a cutoff is after the last moment.
            return Timestamp(microsecondsSinceEpoch: end.microsecondsSinceEpoch + 1)
        }
    }

    /// Makes the parts; nothing is connected yet.
    func parts(access: CatalogAccess, workerID: String? = nil) throws -> Parts {
        let database = configuration.database
        let factory = CatalogFactory(
            schema: CatalogSchema(configuration), access: access, statementTimeout: database.statementTimeout,
            lockWait: database.lockWait)
        let base = try factory.catalog(at: database.url)
        let archive = try configuration.migration.mode == .watermark ? ArchiveStoreFactory.store(configuration) : nil
        let watermark = archive.map { WatermarkCatalog(base: base, store: $0) }
        return Parts(
            catalog: watermark ?? base, archive: archive, watermark: watermark,
            board: configuration.workers.map { PostgresUnitBoard($0, of: configuration, workerID: workerID) },
            defaultLagDays: configuration.migration.defaultLagDays)
    }

    /// Whether the output, or staging in an output that holds nothing, would be made: its disk may not be mounted.
    private static func isUntouched(_ output: String, staging: String) throws(SystemError) -> Bool {
        guard try FileSystem.status(output) != nil else { return true }
        guard staging.hasBytePrefix(output + "/"), try FileSystem.status(staging) == nil else { return false }
        // A file system of its own has this folder when it is new.
        return try FileSystem.names(in: output).allSatisfy { $0.isByteEqual(to: "lost+found") }
    }

    /// The real world.
    ///
    /// - Parameters:
    ///   - metrics: where reads of sources in S3 are counted.
    ///   - retriesSetAside: whether the files that were set aside behind the watermark are the work, and nothing else.
    /// - Throws: ``S3AccessError``, `SourceSettingsError`, `SystemError`.
    func world(
        _ parts: Parts, metrics: MigrationMetrics? = nil, retriesSetAside: Bool = false
    ) async throws -> MigrationWorld {
        let packer = configuration.packer
        let settings = settings
        var output = OutputPlace.folder(packer.outputDirectory)
        if case .s3(let storage) = configuration.storage {
            output = .s3(storage)
            // The folder is only that of staging then, if nothing else is said.
            if packer.stagingDirectory.hasBytePrefix(packer.outputDirectory + "/") {
                try MigrationWorld.createFolder(packer.outputDirectory, key: "packer.output_dir")
            }
        }
        if case .folder(let folder) = output, !acceptsNewStore,
            try Self.isUntouched(folder, staging: packer.stagingDirectory)
        {
            // Before anything is made there: its disk may not be mounted.
            do {
                try await StoreCheck.refuseMarkedRows(
                    of: parts.catalog, place: folder, staging: StagingFolder(path: packer.stagingDirectory))
            } catch let error as StoreMismatch {
                // Perhaps these marks are none.
                for warning in try await parts.catalog.findings().warnings { logger.warning("\(warning)") }
                throw error
            }
        }
        let access = S3Access(logger: logger)
        var sources = SourcePlaces(roots: settings.sourceRoots)
        sources.base = configuration.migration.sourceBase
        sources.areDeleted = settings.deletesSources
        sources.s3 = packer.s3Source.isEnabled ? packer.s3Source : nil
        sources.catalogFiles = [configuration.database.url, configuration.migration.watermarkURL].compactMap { $0 }
            .flatMap(CatalogFactory.files)
        var world = try await MigrationWorld(
            catalog: parts.catalog, output: output, staging: packer.stagingDirectory, settings: settings,
            sources: sources, access: access, metrics: metrics)
        if parts.archive != nil, configuration.migration.sourceBase == nil {
            world.sources = AbsoluteSourceFiles(world.sources)
        }
        if let board = parts.board, let workers = configuration.workers {
            world.work = ClaimedWork(
                board: board, catalog: world.catalog, store: world.store, bits: settings.shardBits,
                rowsPerUnit: workers.unitRows, staging: world.staging,
                threads: world.threads.pool("des-identity", count: 1), clock: world.clock, random: world.random,
                logger: logger)
        } else if let archive = parts.archive, let watermark = parts.watermark, retriesSetAside {
            world.work = SetAsideWork(
                archive: archive, watermark: watermark, catalog: world.catalog, store: world.store, logger: logger)
        } else if let archive = parts.archive {
            world.work = WatermarkWork(
                archive: archive, catalog: world.catalog, store: world.store, sources: world.sources,
                threads: world.threads.pool("des-folders", count: 1),
                maxSetAside: configuration.migration.maxSetAside, defaultLagDays: parts.defaultLagDays, now: world.now,
                logger: logger)
        }
        return world
    }
}

extension CatalogSchema {
    init(_ configuration: MigrationConfiguration) {
        let database = configuration.database
        let isMarked = configuration.migration.mode == .mark
        self.init(
            table: database.tableName, uidColumn: database.uidColumn, createdAtColumn: database.createdAtColumn,
            locationColumn: database.fileLocationColumn, sizeColumn: database.sizeBytesColumn,
            archivedColumn: isMarked ? database.archivedColumn : nil, metaColumns: configuration.migration.metaColumns,
            archivedAtColumn: isMarked ? database.archivedAtColumn : nil,
            shardKeyColumn: isMarked ? database.shardKeyColumn : nil, whereClause: database.whereClause
        )
        allowsRowSecurity = database.allowsRowSecurity
    }
}

/// Where shards are published.
enum OutputPlace {
    case folder(String)
    case s3(S3StorageConfiguration)

    /// What a command line says. Everything else about the service comes from the standard `AWS_*` variables and files.
    init(_ place: Place) {
        self =
            switch place {
            case .folder(let folder): .folder(folder)
            case .s3(let bucket, let prefix): .s3(S3StorageConfiguration(bucket: bucket, prefix: prefix))
            }
    }
}

/// Where sources may lie, and what is none.
struct SourcePlaces {
    /// Empty: anywhere.
    let roots: [String]
    /// What relative locations begin at; nil: the working directory.
    var base: String?
    var areDeleted = false
    /// Nil: no sources in S3.
    var s3: S3SourceConfiguration?
    /// Files of the catalog itself.
    var catalogFiles: [String] = []
}

extension S3StorageConfiguration {
    /// Where objects are written to.
    fileprivate var folders: [(bucket: String, prefix: String)] {
        guard zones.isEmpty else { return zones.map { ($0.bucket, $0.prefix ?? "") } }
        return [(bucket ?? "", prefix ?? "")]
    }
}

extension MigrationWorld {
    /// Makes a folder in one that is there.
    fileprivate static func createFolder(_ folder: String, key: String) throws(SystemError) {
        do throws(SystemError) { try FileSystem.createFolder(folder) } catch {
            guard error.code == ENOENT else { throw error }
            throw SystemError(
                code: ENOENT,
                operation:
                    "make \(key) in a folder that is not there (is its disk mounted? if it is to be new, make it first):",
                subject: FileSystem.parentDirectory(of: folder))
        }
    }

    /// The real one.
    init(
        catalog: any SourceCatalog, output: OutputPlace, staging stagingDirectory: String, settings: MigrationSettings,
        sources: SourcePlaces, access: S3Access, metrics: MigrationMetrics? = nil
    ) async throws {
        let bigFilesPrefix = settings.bigFilesPrefix
        let store: any ObjectStore
        var kept = [stagingDirectory] + sources.catalogFiles
        var keptInS3: [S3KeptFolder] = []
        switch output {
        case .folder(let folder):
            try Self.createFolder(folder, key: "packer.output_dir")
            try Self.createFolder(stagingDirectory, key: "packer.staging_dir")
            let copies = try FileSystem.device(of: folder) != FileSystem.device(of: stagingDirectory)
            store = DirectoryStore(
                root: folder, threads: ThreadPool(name: "des-store", count: 4),
                foldersOfCopies: copies ? [bigFilesPrefix] : [])
            kept += [folder, "\(folder)/\(bigFilesPrefix)"]
        case .s3(let storage):
            try Self.createFolder(stagingDirectory, key: "packer.staging_dir")
            store = try await access.store(storage, bits: settings.shardBits, staging: stagingDirectory)
            keptInS3 = storage.folders.map {
                S3KeptFolder(bucket: $0.bucket, prefix: $0.prefix, bigFilesPrefix: bigFilesPrefix)
            }
        }
        let roots = try SourceRoots(sources.roots)
        var remote: S3SourceFiles?
        if let s3Source = sources.s3 {
            let retries = S3SourceRetries(count: s3Source.maxRetries, delay: s3Source.retryDelay)
            remote = S3SourceFiles(
                client: try await access.client(s3Source.connection, retry: retries.policy), roots: roots.s3,
                keeping: keptInS3, meter: S3SourceMeter(metrics))
        }
        let openFiles = ProcessLimits.raiseOpenFiles()
        guard openFiles >= OpenFilesError.leastForMigration else { throw OpenFilesError(limit: openFiles) }
        self.init(
            catalog: catalog, store: store,
            sources: try RoutedSourceFiles(
                roots: roots, base: sources.base, keeping: kept, deletes: sources.areDeleted, s3: remote),
            staging: StagingFolder(path: stagingDirectory),
            processors: ProcessLimits.processors,
            fileDescriptors: openFiles
        )
    }
}

/// A process that may open too few files: one after the other of its files would fail for that.
struct OpenFilesError: Error, CustomStringConvertible {
    /// Shards that are being written, half of all, and as many for all else.
    static let leastForMigration = 256

    /// Of open files of this process.
    let limit: Int

    var description: String {
        """
        DES needs at least \(Self.leastForMigration) open files for a migration and may have \(limit): raise the limit \
        (ulimit -n, or LimitNOFILE of systemd); nothing was begun
        """
    }
}
