import DESCatalog
import DESConfiguration
import DESCoordination
import DESMigration
import DESRouting
import DESStorage
import DESSystem
import Foundation
import Logging

/// Puts together what a configuration asks for.
struct MigrationAssembly {
    let configuration: MigrationConfiguration
    let logger: Logger

    var settings: MigrationSettings { MigrationSettings(configuration) }

    /// The parts that have connections.
    struct Parts {
        let catalog: any SourceCatalog
        /// Nil unless the mode is watermark.
        let archive: (any ArchiveStore)?
        /// Nil unless many workers share the work.
        let board: UnitBoard?
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
        return Parts(
            catalog: archive.map {
                WatermarkCatalog(base: base, store: $0, hasSizes: database.sizeBytesColumn != nil)
            } ?? base,
            archive: archive, board: configuration.workers.map { UnitBoard($0, of: configuration, workerID: workerID) },
            defaultLagDays: configuration.migration.defaultLagDays)
    }

    /// The real world: local sources, a local directory as store.
    func world(_ parts: Parts) throws -> MigrationWorld {
        let packer = configuration.packer
        let settings = settings
        var world = try MigrationWorld(
            catalog: parts.catalog, outputDirectory: packer.outputDirectory,
            stagingDirectory: packer.stagingDirectory, sourceRoots: settings.sourceRoots,
            catalogFiles: [configuration.database.url, configuration.migration.watermarkURL].compactMap { $0 }
                .flatMap(CatalogFactory.files)
        )
        if let board = parts.board, let workers = configuration.workers {
            world.work = ClaimedWork(
                board: board, catalog: world.catalog, store: world.store, bits: settings.shardBits,
                rowsPerUnit: workers.unitRows, staging: world.staging, clock: world.clock, random: world.random,
                logger: logger)
        } else if let archive = parts.archive {
            world.work = WatermarkWork(
                archive: archive, catalog: world.catalog, store: world.store,
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
