import DESBase
import DESCatalog
import DESShard
import DESStorage
import DESTelemetry
import DESTestSupport
import Logging
import Testing

@testable import DESMigration

/// Files that have another size by the time they are read.
private struct UnitChangingSources: SourceFiles {
    /// Of what is found first, and by the second look.
    let first: Int64
    let second: Int64

    private func identity(_ location: String, _ size: Int64) -> FileIdentity {
        FileIdentity(device: 1, inode: UInt64(location.utf8.count), size: size, modifiedAtNanoseconds: size)
    }

    func read(
        _ location: String, bigFileThreshold: UInt64, into buffer: ByteBuffer
    ) throws(SourceError) -> SourceRead {
        // The stage looks with a low threshold first.
        let size = bigFileThreshold < 1 << 20 ? first : second
        guard UInt64(size) <= bigFileThreshold else { return .bigFile(identity(location, size)) }
        let bytes = [UInt8](repeating: 1, count: Int(size))
        bytes.withUnsafeBytes { buffer.append($0) }
        return .contents(identity(location, size))
    }

    func readPieces(
        _ location: String, of identity: FileIdentity, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {}

    func delete(_ location: String, ifStill identity: FileIdentity) -> SourceDeletion { .alreadyGone }
    func identity(of location: String) throws(SourceError) -> FileIdentity? { nil }
}

@Suite struct GatedReadTests {
    private func rows(_ count: Int) -> [CatalogRow] {
        (0..<count).map { number in
            let key = RowKey(
                rowID: Int64(number), uid: .integer(Int64(number)), createdAt: .text("2024-01-02"),
                location: .text("/\(number)")
            )
            return CatalogRow(key: key, size: .null, meta: [])
        }
    }

    /// A reader must not wait for what it holds itself.
    @Test(arguments: [(10 << 20, 10), (10 << 20, 11 << 20)] as [(Int64, Int64)])
    func `files that shrink or grow while they wait for the gate do not block it`(
        first: Int64, second: Int64
    ) async throws {
        var settings = MigrationSettings()
        settings.memoryBudget = 104 << 20
        settings.readers = 1
        let plan = try PipelinePlan(settings, processors: 1, fileDescriptors: 1024)
        let metrics = MigrationMetrics(factory: PrometheusRegistry(), failureReasons: [])
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let ledger = CycleLedger(runID: "run", metrics: metrics, logger: logger)
        let fixture = try PipelineFixture()
        var world = try fixture.world()
        world.sources = UnitChangingSources(first: first, second: second)
        let cycle = CycleContext(
            world: world, settings: settings, plan: plan, threads: MigrationThreads(plan, from: world.threads),
            control: CycleControl(), ledger: ledger)
        let work = WholeCatalogWork(catalog: world.catalog, store: world.store)
        work.begin(cutoff: .latest, isRecovered: true)
        guard case .slice(let slice) = work.next() else { throw PipelineFailure("there is no slice") }
        let context = SliceContext(
            slice: slice, cycle: cycle, heldBack: HeldBackRows(), fetchGate: SharedFetchGate(settings.limits),
            cleanup: SourceCleanup(cycle))
        let gate = context.gate
        let stage = ValidateStage(context: context)
        let input = BoundedStream<RowBatch>(limit: 1 << 20) { _ in 1 }
        let output = BoundedStream<ReadBatch>(limit: 1 << 20) { _ in 1 }
        try await input.send(RowBatch(sequence: 0, rows: rows(8)))
        input.finish()
        let isDone = UnitShared(false)
        let run = Task {
            try await stage.run(input, into: output, bigFiles: output)
            isDone.change { $0 = true }
        }
        let consumer = Task {
            while let batch = try await output.next() { gate.release(batch.gateBytes) }
        }
        do { try await waitUntil { isDone.value } } catch {
            Issue.record("the reader waits for itself")
            run.cancel()
        }
        _ = await run.result
        _ = await consumer.result
        #expect(ledger.snapshot.filesFailed == 0 || ledger.snapshot.filesFailed == 8)
    }
}
