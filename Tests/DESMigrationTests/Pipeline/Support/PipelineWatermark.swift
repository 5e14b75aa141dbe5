import DESBase
import DESCatalog
import DESCatalogSQLite
import DESCatalogWatermark
import DESMigration
import DESTestSupport
import Foundation
import Logging

/// A migration behind a watermark, of a table that is never changed.
struct PipelineWatermark {
    let fixture: PipelineFixture
    private let path: String
    private let cycles = PipelineLocked(Int64(0))

    /// Another one each time: a run closes its own.
    var archive: SQLiteArchiveStore { SQLiteArchiveStore(path: path) }

    init() throws {
        fixture = try PipelineFixture()
        path = fixture.folder.path + "/watermark.db"
        try Data().write(to: URL(filePath: path))
    }

    /// Day 3, so that with a lag of one day those before day 2 are old enough.
    var now: Timestamp { PipelineFile.time(day: 3, second: 100) }

    static func midnight(_ day: Int) -> Timestamp {
        let time = PipelineFile.time(day: day, second: 0)
        return Timestamp(microsecondsSinceEpoch: time.dayNumber * 86_400_000_000)
    }

    /// - Parameters:
    ///   - retriesSetAside: whether only what was set aside is tried again.
    ///   - sources: takes the place of the real ones.
    func world(
        faults: PipelineFaults? = nil, maxSetAside: Int = 1000, retriesSetAside: Bool = false,
        sources: ((any SourceFiles) -> any SourceFiles)? = nil, log: PipelineLog = PipelineLog()
    ) throws -> MigrationWorld {
        var schema = fixture.schema
        schema.archivedColumn = nil
        var world = try fixture.world(faults: faults)
        if let sources { world.sources = sources(world.sources) }
        let archive = archive
        // Each cycle has a time of its own.
        let cycle = cycles.change { count -> Int64 in
            count += 1
            return count
        }
        let now = Timestamp(microsecondsSinceEpoch: now.microsecondsSinceEpoch + cycle)
        let base = SQLiteCatalog(path: fixture.table.path, schema: schema)
        let watermark = WatermarkCatalog(base: base, store: archive)
        world.catalog = watermark
        if let faults { world.catalog = PipelineFaultyCatalog(real: world.catalog, faults: faults) }
        world.work =
            retriesSetAside
            ? SetAsideWork(
                archive: archive, watermark: watermark, catalog: world.catalog, store: world.store, logger: log.logger)
            : WatermarkWork(
                archive: archive, catalog: world.catalog, store: world.store, sources: world.sources,
                threads: world.threads.pool("des-folders", count: 1), maxSetAside: maxSetAside, defaultLagDays: 1,
                now: { now }, logger: log.logger)
        return world
    }

    func run(
        maxSetAside: Int = 1000, retriesSetAside: Bool = false,
        sources: ((any SourceFiles) -> any SourceFiles)? = nil
    ) async throws -> PipelineOutcome {
        let log = PipelineLog()
        return try await fixture.run(
            in: world(maxSetAside: maxSetAside, retriesSetAside: retriesSetAside, sources: sources, log: log), log: log)
    }

    /// One cycle in which files cannot be read that are named here.
    func run(failing: @escaping @Sendable (String) -> SourceError?) async throws -> PipelineOutcome {
        try await run { real in
            PipelineHookedSources(
                real: real,
                beforeRead: { location throws(SourceError) in if let error = failing(location) { throw error } })
        }
    }

    /// Whether the watermark has not moved over any day of the files.
    func isWaiting() async throws -> Bool { (try await watermark()).map { $0 <= Self.midnight(0) } ?? true }

    func watermark() async throws -> Timestamp? { try await archive.config()?.archivedUntil }

    func setAside() async throws -> [String] { try await archive.setAside(atMost: 1000).compactMap(\.uid).sorted() }

    func entries() throws -> Int { try PipelineArchive(fixture.output).entries.count }
}

extension PipelineWatermark {
    /// The rows of files, as the catalog has them.
    func keys(of files: [PipelineFile]) -> [RowKey] {
        files.map {
            RowKey(
                rowID: $0.id, uid: .text($0.uid), createdAt: .text($0.createdAt.rfc3339), location: .text($0.path))
        }
    }
}
