import CoreMetrics
import DESBase
import DESCatalog
import DESCatalogSQLite
import DESMigration
import DESRouting
import DESShard
import DESStorage
import DESTelemetry
import DESTestSupport
import Foundation
import Testing

/// A whole migration in a throw-away folder: sources, catalog, staging folder and output.
final class PipelineFixture {
    let folder: TemporaryFolder
    private let elsewhere: TemporaryFolder?
    let table: PipelineTable
    let sources: String
    let output: String
    let staging: String
    var settings: MigrationSettings
    /// Whether the catalog has a size column.
    var hasSizes = true
    var fileDescriptors = 256
    var busyTimeout = Duration.seconds(10)
    var retryPolicy = RetryPolicy(
        firstDelay: .milliseconds(1), longestDelay: .milliseconds(1), deadline: .milliseconds(20)
    )
    /// The files that were added.
    private(set) var files: [PipelineFile] = []
    private let storeThreads = ThreadPool(name: "test-store", count: 1)

    /// - Parameters:
    ///   - isMarked: whether the store has its mark already, so that no run begins with making it.
    ///   - stagesElsewhere: whether staging is on another file system than the output.
    init(
        definition: String = PipelineTable.definition, isMarked: Bool = true, stagesElsewhere: Bool = false
    ) throws {
        elsewhere = stagesElsewhere ? try TemporaryFolder() : nil
        folder = try TemporaryFolder(in: .memory)
        sources = try folder.folder("sources")
        output = try folder.folder("output")
        if isMarked { try PipelineDisk.write(Array("fixture".utf8), to: "\(output)/\(StoreMark.key)") }
        staging = (elsewhere ?? folder).path + "/staging"
        table = try PipelineTable(path: folder.path + "/catalog.db", definition: definition)
        settings = MigrationSettings(archiveAge: nil)
        settings.shardBits = ShardBits(4) ?? .standard
        settings.bigFileThreshold = 1024
        settings.readers = 2
        settings.compressors = 2
    }

    /// Adds a real file and a row that names it.
    ///
    /// - Parameters:
    ///   - day: of its time, from 0; each file has a second of its own, or the one given.
    ///   - name: of the source; `<number>.bin` unless given.
    @discardableResult func add(
        uid: String? = nil, day: Int = 0, second: Int? = nil, bytes: [UInt8]? = nil, name: String? = nil,
        meta: [CatalogValue] = []
    ) throws -> PipelineFile {
        let number = files.count + 1
        let bytes = bytes ?? PipelineFile.bytes(100 + number * 7, seed: number)
        let path = "\(sources)/\(name ?? "\(number).bin")"
        try PipelineDisk.write(bytes, to: path)
        return try addRow(uid: uid ?? "file-\(number)", day: day, second: second, path: path, bytes: bytes, meta: meta)
    }

    /// Adds a row that names a file which is there already.
    @discardableResult func addRow(
        uid: String, day: Int = 0, second: Int? = nil, path: String, bytes: [UInt8], meta: [CatalogValue] = []
    ) throws -> PipelineFile {
        let time = PipelineFile.time(day: day, second: second ?? files.count + 1)
        let id = try table.insert(
            uid: .text(uid), createdAt: .text(time.rfc3339), location: .text(path), size: .integer(Int64(bytes.count)),
            meta: meta
        )
        let file = PipelineFile(id: id, uid: uid, createdAt: time, path: path, bytes: bytes)
        files.append(file)
        return file
    }

    /// Adds that many files, spread over days.
    func addFiles(_ count: Int, days: Int = 1) throws {
        for number in 0..<count { try add(day: number * days / count) }
    }

    var schema: CatalogSchema {
        CatalogSchema(table: "files", sizeColumn: hasSizes ? "size_bytes" : nil, metaColumns: settings.metaColumns)
    }

    var audit: PipelineAudit { PipelineAudit(files: files, output: output, table: table) }

    var realStore: DirectoryStore { store(at: output) }

    func store(at root: String) -> DirectoryStore {
        DirectoryStore(root: root, threads: storeThreads, foldersOfCopies: elsewhere == nil ? [] : ["_bigFiles"])
    }

    /// Whether this machine has two file systems to work on.
    static let hasTwoFileSystems: Bool = {
        let places = ["/dev/shm", FileManager.default.temporaryDirectory.path]
        return Set(places.compactMap { try? FileSystem.device(of: $0) }).count == 2
    }()

    /// The real world, or one with faults in all its parts.
    func world(faults: PipelineFaults? = nil) throws -> MigrationWorld {
        let catalog = SQLiteCatalog(path: table.path, schema: schema, busyTimeout: busyTimeout)
        // A second later, so that no file that was just made may have changed unseen.
        let later = ChangeWatch { FileClock.now() + 1_000_000_000 }
        let files = try LocalSourceFiles(roots: settings.sourceRoots, watch: later)
        guard let faults else { return world(catalog, realStore, files, LocalStagingFileSystem()) }
        return world(
            PipelineFaultyCatalog(real: catalog, faults: faults), PipelineFaultyStore(real: realStore, faults: faults),
            PipelineFaultySources(real: files, faults: faults), PipelineFaultyStaging(faults: faults)
        )
    }

    private func world(
        _ catalog: any SourceCatalog, _ store: any ObjectStore, _ sources: any SourceFiles,
        _ files: any StagingFileSystem
    ) -> MigrationWorld {
        var world = MigrationWorld(
            catalog: catalog, store: store, sources: sources, staging: StagingFolder(path: staging, files: files),
            processors: 2, fileDescriptors: fileDescriptors)
        world.retryPolicy = retryPolicy
        return world
    }

    /// One cycle of a new process in the given world.
    func run(
        in world: MigrationWorld? = nil, control: CycleControl = CycleControl(), log: PipelineLog = PipelineLog()
    ) async throws -> PipelineOutcome {
        let world = try world ?? self.world()
        let outcome = try await Self.run(in: world, settings, control, log)
        await world.catalog.close()
        return outcome
    }

    private static func run(
        in world: MigrationWorld, _ settings: MigrationSettings, _ control: CycleControl,
        _ log: PipelineLog
    ) async throws -> PipelineOutcome {
        let metrics = MigrationMetrics(
            factory: NOOPMetricsHandler.instance, failureReasons: FailureReason.allCases.map(\.rawValue)
        )
        let migrator = try Migrator(
            world: world, settings: settings, metrics: metrics, logger: log.logger
        )
        let ledger = PipelineLocked<CycleLedger?>(nil)
        let result = try await migrator.runCycle(control: control) { ledger.value = $0 }
        return PipelineOutcome(result: result, fetched: ledger.value?.filesFetched ?? -1, log: log.lines)
    }

    /// One cycle with faults; if the process dies or is to give up at once, the task is cancelled.
    ///
    /// - Returns: nil if it died or gave up.
    func run(with faults: PipelineFaults, in world: MigrationWorld? = nil) async throws -> PipelineOutcome? {
        let world = try world ?? self.world(faults: faults)
        let settings = settings
        let outcome = try await withThrowingTaskGroup(of: PipelineOutcome?.self) { group in
            group.addTask {
                do {
                    defer { faults.finish() }
                    return try await Self.run(in: world, settings, CycleControl(), PipelineLog())
                } catch is CancellationError where faults.endsRun {
                    return nil
                }
            }
            group.addTask {
                for await _ in faults.deaths {}
                return nil
            }
            var outcome: PipelineOutcome?
            while let ended = try await group.next() {
                outcome = ended ?? outcome
                if faults.endsRun { group.cancelAll() }
            }
            return faults.isDead ? nil : outcome
        }
        await world.catalog.close()
        return outcome
    }
}
