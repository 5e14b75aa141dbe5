import DESCatalog
import DESMigration
import DESTestSupport
import Foundation
import Testing

/// Limits and signals end a cycle early; what was fetched comes to its end all the same.
@Suite struct PipelineLimitTests {
    private static func fixture(_ count: Int) throws -> PipelineFixture {
        let fixture = try PipelineFixture()
        fixture.settings.batchSize = 4
        for number in 0..<count { try fixture.add(day: number / 5, bytes: PipelineFile.bytes(100, seed: number)) }
        return fixture
    }

    /// Runs cycles until nothing is left, and gives how many files each migrated.
    private static func counts(_ fixture: PipelineFixture, limit: String) async throws -> [Int] {
        var counts: [Int] = []
        while counts.count < 50 {
            let outcome = try await fixture.run()
            outcome.expectBooks(migrated: outcome.result.filesMigrated)
            #expect(outcome.result.fatalError == nil && !outcome.result.interrupted)
            #expect(fixture.stagedNames.isEmpty)
            if outcome.result.filesMigrated == 0 { break }
            counts.append(outcome.result.filesMigrated)
            if try fixture.table.markedIDs().count < fixture.files.count {
                #expect(outcome.result.limitReached == limit)
            }
        }
        try fixture.expectSettled(fixture.files)
        try fixture.expectOnly(fixture.files)
        return counts
    }

    @Test(arguments: [(1, Array(repeating: 1, count: 10)), (4, [4, 4, 2]), (7, [7, 3]), (10, [10]), (99, [10])])
    func `A cycle takes at most max_files, and the oldest first`(limit: Int, expected: [Int]) async throws {
        let fixture = try Self.fixture(10)
        fixture.settings.limits = CycleLimits(files: limit)
        #expect(try await Self.counts(fixture, limit: "migration.max_files") == expected)
    }

    @Test(arguments: [
        (1, Array(repeating: 1, count: 10)), (100, Array(repeating: 1, count: 10)), (101, [2, 2, 2, 2, 2]),
        (650, [7, 3]),
    ])
    func `A cycle takes files until max_bytes is reached`(limit: Int, expected: [Int]) async throws {
        let fixture = try Self.fixture(10)
        fixture.settings.limits = CycleLimits(bytes: Int64(limit))
        #expect(try await Self.counts(fixture, limit: "migration.max_bytes") == expected)
    }

    @Test(arguments: [CycleLimits(files: 10), CycleLimits(bytes: 1000)])
    func `As many bad files as a limit allows do not keep every cycle from the others`(limits: CycleLimits) async throws
    {
        let fixture = try Self.fixture(60)
        fixture.settings.limits = limits
        for file in fixture.files.prefix(20) { try FileManager.default.removeItem(atPath: file.path) }
        for cycle in 1...4 {
            let outcome = try await fixture.run()
            outcome.expectBooks(migrated: 10, failed: 20)
            #expect(outcome.result.limitReached != nil)
            #expect(try fixture.table.markedIDs().count == cycle * 10)
        }
    }

    @Test func `Without sizes in the catalog max_bytes counts what was read`() async throws {
        let fixture = try Self.fixture(10)
        fixture.hasSizes = false
        fixture.settings.limits = CycleLimits(bytes: 1)
        // What is read while the next page is fetched comes too: the limit is a soft one here.
        let counts = try await Self.counts(fixture, limit: "migration.max_bytes")
        #expect(counts.reduce(0, +) == 10)
    }

    @Test func `A cycle fetches no more after max_duration_seconds`() async throws {
        let fixture = try Self.fixture(20)
        fixture.settings.limits = CycleLimits(duration: .seconds(25))
        let clock = TestClock(.waits)
        let read = PipelineLocked(0)
        var world = try fixture.world()
        world.clock = clock
        var hooked = PipelineHookedSources(real: world.sources)
        hooked.afterRead = { _ in read.change { $0 += 1 } }
        world.sources = hooked
        world.catalog = PipelineHookedCatalog(real: world.catalog) { page in
            // What came before is read while there is time for it.
            try await waitUntil { read.value >= (page - 1) * 4 }
            clock.advance(by: .seconds(10))
        }
        let outcome = try await fixture.run(in: world)
        // Pages of four, each of which takes ten seconds; the third comes too late.
        outcome.expectBooks(migrated: 8)
        #expect(outcome.result.limitReached == "migration.max_duration_seconds")
        #expect(outcome.result.durationSeconds == 30)
        try fixture.expectSettled(Array(fixture.files.prefix(8)))
        try await fixture.run().expectBooks(migrated: 12)
        try fixture.expectSettled(fixture.files)
    }

    @Test(arguments: [0, 3, 10])
    func `A cycle deletes at most max_delete sources`(limit: Int) async throws {
        let fixture = try Self.fixture(10)
        fixture.settings.deletesSources = true
        fixture.settings.limits = CycleLimits(deletions: limit)
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 10)
        #expect(outcome.result.filesDeleted == limit)
        #expect(outcome.result.filesKept == 10 - limit)
        #expect(outcome.logged("source kept", "migration.max_delete is reached") == (limit < 10))
        #expect(PipelineDisk.names(in: fixture.sources).count == 10 - limit)
        try fixture.expectSettled(fixture.files)
    }

    @Test(
        arguments: [
            PipelinePoint.page, .sourceRead, .create, .writeBefore, .sync, .renameAfter, .publishBefore, .publishAfter,
            .markBefore, .markAfter, .deleteBefore, .removeBefore,
        ], [1, 5])
    func `A signal lets everything that was fetched come to its end`(point: PipelinePoint, passage: Int) async throws {
        let fixture = try Self.fixture(30)
        fixture.settings.deletesSources = true
        let control = CycleControl()
        let passages = PipelineLocked(0)
        let faults = PipelineFaults.hook(point) {
            let isIt = passages.change { count -> Bool in
                count += 1
                return count == passage
            }
            if isIt { control.stop(.interrupted) }
        }
        let outcome = try await fixture.run(in: fixture.world(faults: faults), control: control)
        #expect(passages.value >= passage)
        #expect(outcome.result.interrupted)
        outcome.expectBooks(migrated: outcome.result.filesMigrated)
        // Not the first ones: what had come but was not read yet is left.
        let marked = try fixture.table.markedIDs()
        let done = fixture.files.filter { marked.contains($0.id) }
        #expect(done.count == outcome.result.filesMigrated)
        try fixture.expectSettled(done, sourcesDeleted: true)
        try fixture.expectOnly(done)
        try await fixture.run().expectBooks(migrated: 30 - done.count)
        try fixture.expectSettled(fixture.files, sourcesDeleted: true)
        try fixture.expectOnly(fixture.files)
    }

    @Test(
        arguments: [
            PipelinePoint.page, .sourceRead, .create, .writeBefore, .sync, .renameAfter, .publishBefore, .publishAfter,
            .markBefore, .markAfter, .deleteBefore, .removeBefore, .locationLookup,
        ], [1, 3])
    func `A second signal gives up at once and loses nothing`(point: PipelinePoint, passage: Int) async throws {
        let fixture = try Self.fixture(12)
        fixture.settings.deletesSources = true
        let audit = fixture.audit
        let faults = PipelineFaults(at: [point], occurrence: passage, kind: .cancellation) { audit.problems(at: $0) }
        let outcome = try await fixture.run(with: faults)
        outcome?.expectBalance()
        #expect(faults.hasStruck)
        #expect(faults.problems + audit.problems() == [])
        try await fixture.run().expectBalance()
        try fixture.expectSettled(fixture.files, sourcesDeleted: true)
        try fixture.expectOnly(fixture.files)
    }

    @Test func `A signal before the start leaves everything as it is, shards in staging included`() async throws {
        let fixture = try Self.fixture(4)
        #expect(try await fixture.run(with: PipelineFaults(at: [.publishBefore], kind: .death)) == nil)
        let staged = fixture.stagedNames.filter { $0.hasSuffix(".des") }
        let control = CycleControl()
        control.stop(.interrupted)
        let outcome = try await fixture.run(control: control)
        outcome.expectBooks(migrated: 0)
        #expect(outcome.result.interrupted)
        #expect(fixture.stagedNames.filter { $0.hasSuffix(".des") } == staged)
        try await fixture.run().expectBooks(migrated: 4)
        try fixture.expectSettled(fixture.files)
    }

    @Test(arguments: [(StopReason.interrupted, false), (.limit("migration.max_files"), false), (.fatal("first"), true)])
    func `A failure counts more than a wish to stop, and the first of two failures counts`(
        first: StopReason, isFatal: Bool
    ) {
        let control = CycleControl()
        control.stop(first)
        control.stop(.fatal("second"))
        control.stop(.interrupted)
        #expect(control.reason == (isFatal ? first : .fatal("second")))
    }
}
