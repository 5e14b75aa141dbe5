import DESBase
import DESMigration
import DESShard
import DESTestSupport
import Glibc
import Testing

/// A cycle that is to stop reads no more, and finishes what it has read.
@Suite struct PipelineStopTests {
    private static let count = 600

    private static func fixture() throws -> PipelineFixture {
        let fixture = try PipelineFixture()
        for number in 0..<count { try fixture.add(bytes: PipelineFile.bytes(50, seed: number)) }
        return fixture
    }

    /// Stops at the given read, once all rows have come from the catalog, and gives how many files were read.
    private func run(
        _ fixture: PipelineFixture, at wanted: Int, pages count: Int = 2,
        _ stop: @escaping @Sendable (CycleControl) -> Void
    ) async throws -> (outcome: PipelineOutcome, read: Int) {
        let control = CycleControl()
        let (reads, pages) = (PipelineLocked(0), PipelineLocked(0))
        var world = try fixture.world()
        world.catalog = PipelineHookedCatalog(real: world.catalog) { page in pages.value = page }
        world.sources = PipelineHookedSources(
            real: world.sources,
            beforeRead: { _ in
                let number = reads.change { count -> Int in
                    count += 1
                    return count
                }
                guard number >= wanted else { return }
                guard number == wanted else {
                    // The other reader does not run ahead.
                    while control.reason == nil { sched_yield() }
                    return
                }
                // The second page is the empty one at the end; a limit ends the fetching before it.
                while pages.value < count, control.reason == nil { sched_yield() }
                stop(control)
            })
        let outcome = try await fixture.run(in: world, control: control)
        return (outcome, reads.value)
    }

    @Test(arguments: [1, 100, 599])
    func `A signal leaves the rows that have come and are not read, and they are in no sum`(at wanted: Int) async throws
    {
        let fixture = try Self.fixture()
        let (outcome, read) = try await run(fixture, at: wanted) { $0.stop(.interrupted) }
        #expect(outcome.result.interrupted)
        // Each of the two readers may be at a file.
        #expect((wanted...wanted + 1).contains(read))
        outcome.expectBooks(migrated: read)
        #expect(try fixture.table.markedIDs().count == read)
        #expect(fixture.stagedNames.isEmpty)
        try await fixture.run().expectBooks(migrated: Self.count - read)
        try fixture.expectSettled(fixture.files)
        try fixture.expectOnly(fixture.files)
    }

    @Test func `Time that runs out while rows wait to be read leaves them too`() async throws {
        let fixture = try Self.fixture()
        fixture.settings.limits = CycleLimits(duration: .seconds(60))
        let clock = TestClock(.waits)
        let reads = PipelineLocked(0)
        var world = try fixture.world()
        world.clock = clock
        world.sources = PipelineHookedSources(
            real: world.sources,
            beforeRead: { _ in
                let number = reads.change { count -> Int in
                    count += 1
                    return count
                }
                if number == 50 { clock.advance(by: .seconds(60)) }
                while number > 50, clock.now.offset < .seconds(60) { sched_yield() }
            })
        let outcome = try await fixture.run(in: world)
        #expect(outcome.result.limitReached == "migration.max_duration_seconds")
        #expect((50...51).contains(reads.value))
        outcome.expectBooks(migrated: reads.value)
        fixture.settings.limits = CycleLimits()
        try await fixture.run().expectBooks(migrated: Self.count - reads.value)
        try fixture.expectOnly(fixture.files)
    }

    @Test func `A limit of files reads all that it counted, but not after a signal`() async throws {
        let fixture = try Self.fixture()
        fixture.settings.limits = CycleLimits(files: 500)
        let outcome = try await fixture.run()
        #expect(outcome.result.limitReached == "migration.max_files")
        outcome.expectBooks(migrated: 500)

        // While it waits whether files that cannot be read make room for others.
        let other = try Self.fixture()
        other.settings.limits = CycleLimits(files: 500)
        let (stopped, few) = try await run(other, at: 20, pages: 1) { $0.stop(.interrupted) }
        #expect(stopped.result.interrupted && few <= 21)
        stopped.expectBooks(migrated: few)
    }

    @Test func `Big files that were only looked at are left`() async throws {
        let fixture = try PipelineFixture()
        fixture.settings.compressors = 1
        for number in 0..<40 { try fixture.add(bytes: PipelineFile.bytes(3000, seed: number)) }
        let control = CycleControl()
        let copied = PipelineLocked(0)
        var world = try fixture.world()
        var hooked = PipelineHookedSources(real: world.sources)
        hooked.afterFirstPiece = { _ in
            copied.change { $0 += 1 }
            control.stop(.interrupted)
        }
        world.sources = hooked
        let outcome = try await fixture.run(in: world, control: control)
        #expect(copied.value == 1)
        outcome.expectBooks(migrated: 1)
        try await fixture.run().expectBooks(migrated: 39)
        try fixture.expectOnly(fixture.files)
    }

    @Test func `Recovery tells how far it is, at most every ten seconds`() async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(40, days: 5)
        _ = try await fixture.run(with: PipelineFaults(at: [.publishBefore], kind: .persistent))
        let staged = fixture.stagedNames.filter { $0.hasSuffix(".des") }.count
        try #require(staged > 3)
        let clock = TestClock(.waits)
        var world = try fixture.world(
            faults: .hook(.recoveryLookup) { clock.advance(by: .seconds(5)) })
        world.clock = clock
        let outcome = try await fixture.run(in: world)
        outcome.expectBooks(migrated: 40)
        let lines = outcome.log.filter { $0.contains("recovering shard ") }
        #expect(lines.first?.contains("recovering shard 3 of \(staged)") == true, "\(lines)")
        #expect(lines.count == (staged - 1) / 2)
    }

    @Test(.timeLimit(.minutes(2)), arguments: [false, true])
    func `A stop cuts what is being read from afar, and nothing is said about it`(isBig: Bool) async throws {
        let fixture = try PipelineFixture()
        for number in 0..<20 { try fixture.add(bytes: PipelineFile.bytes(50, seed: number)) }
        let near = fixture.files
        try fixture.addRow(uid: "far", path: "s3://far/away", bytes: PipelineFile.bytes(50, seed: 20))
        let control = CycleControl()
        var world = try fixture.world()
        world.sources = FarSources(real: world.sources, isBig: isBig) { control.stop(.interrupted) }
        let outcome = try await fixture.run(in: world, control: control)
        #expect(outcome.result.interrupted)
        outcome.expectBooks(migrated: 20)
        try fixture.expectSettled(near)
        try fixture.expectOnly(near)
    }
}

/// Real sources, and one in S3 of which no answer comes until it is given up.
private struct FarSources: SourceFiles {
    let real: any SourceFiles
    /// Whether it stands still only once it is known to be big.
    let isBig: Bool
    /// Called when it stands still.
    let onWait: @Sendable () -> Void

    private func waitInVain() async {
        let (never, continuation) = AsyncStream<Void>.makeStream()
        onWait()
        for await _ in never {}
        withExtendedLifetime(continuation) {}
    }

    func read(
        _ location: String, bigFileThreshold: UInt64, into buffer: ByteBuffer
    ) async throws(SourceError) -> SourceRead {
        guard location.utf8.starts(with: "s3:".utf8) else {
            return try await real.read(location, bigFileThreshold: bigFileThreshold, into: buffer)
        }
        if isBig { return .bigFile(FileIdentity(device: 1, inode: 1, size: 50, modifiedAtNanoseconds: 1)) }
        await waitInVain()
        throw SourceError(.unreachable, "it was cancelled")
    }

    func readPieces(
        _ location: String, of identity: FileIdentity, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
        await waitInVain()
        throw CancellationError()
    }

    func identity(of location: String) async throws(SourceError) -> FileIdentity? { nil }

    func undoInterruptedDeletion(of location: String) async {}

    func delete(_ location: String, ifStill identity: FileIdentity) async -> SourceDeletion { .alreadyGone }

    func delete(_ sources: [PackedSource]) async -> [SourceDeletion] { await real.delete(sources) }

    func absences(of locations: [String]) async -> [SourceAbsence] { await real.absences(of: locations) }

    func readableSiblings(of location: String, atMost most: Int) async -> Int { 0 }
}
