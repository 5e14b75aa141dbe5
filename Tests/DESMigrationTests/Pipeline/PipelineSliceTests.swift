import DESBase
import DESCatalog
import DESMigration
import Foundation
import DESTestSupport
import Testing

/// Work that comes in slices, some of which somebody else takes away.
@Suite struct PipelineSliceTests {
    @Test func `Slices are done one after the other, and each learns of its own files only`() async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(12, days: 2)
        let lost = try fixture.add(day: 1)
        try FileManager.default.removeItem(atPath: lost.path)
        var world = try fixture.world()
        let border = PipelineFile.time(day: 1, second: 0)
        let slices = [
            PipelineSlice("first", of: world, range: PendingRange(before: border)),
            PipelineSlice("second", of: world, range: PendingRange(from: border, before: .latest)),
        ]
        world.work = PipelineSlices(slices, setAside: 3)

        let outcome = try await fixture.run(in: world)
        outcome.expectBooks(migrated: 12, failed: 1)
        #expect(outcome.result.unitsSetAside == 3)
        #expect(slices.map(\.end.value) == [.completed, .completed])
        #expect(slices.map(\.progress.value.filesMigrated) == [6, 6])
        #expect(slices.map(\.progress.value.filesFailed) == [0, 1])
        #expect(slices.map(\.failures.value) == [[], ["missing"]])
        try fixture.expectSettled(fixture.files.filter { $0.uid != lost.uid })
    }

    @Test func `A slice that is lost marks nothing more, and the next one is begun`() async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(40, days: 2)
        fixture.settings.batchSize = 5
        var world = try fixture.world()
        // The pages wait until the slice is lost; what was fetched before is read.
        let read = PipelineLocked(0)
        var sources = PipelineHookedSources(real: world.sources)
        sources.afterRead = { _ in read.change { $0 += 1 } }
        world.sources = sources
        let (loss, lose) = AsyncStream<Void>.makeStream()
        let real = world.catalog
        world.catalog = PipelineHookedCatalog(real: real) { page in
            if page == 3 {
                try await waitUntil { read.value >= 10 }
                lose.finish()
            }
            guard page >= 3 else { return }
            let (never, end) = AsyncStream<Void>.makeStream()
            await withTaskCancellationHandler {
                for await _ in never {}
            } onCancel: {
                end.finish()
            }
        }
        let border = PipelineFile.time(day: 1, second: 0)
        let lost = PipelineSlice("lost", of: world, range: PendingRange(before: border)) {
            for await _ in loss {}
        }
        var other = world
        other.catalog = real
        let next = PipelineSlice("next", of: other, range: PendingRange(from: border, before: .latest))
        world.work = PipelineSlices([lost, next])

        let outcome = try await fixture.run(in: world)
        #expect(lost.end.value == .lost)
        #expect(next.end.value == .completed)
        outcome.expectBooks(migrated: 20, skipped: 10)
        try fixture.expectSettled(Array(fixture.files.suffix(20)))
    }

    @Test func `A slice whose fence is refused is lost, and its rows stay unmarked`() async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(10)
        var world = try fixture.world()
        try await world.catalog.raise(Fence(unit: "day", token: 2))
        let late = PipelineSlice("late", of: world, fence: Fence(unit: "day", token: 1))
        world.work = PipelineSlices([late])

        let outcome = try await fixture.run(in: world)
        #expect(late.end.value == .lost)
        outcome.expectBooks(migrated: 0, skipped: 10)
        #expect(try fixture.table.markedIDs().isEmpty)
        #expect(fixture.stagedNames.isEmpty)
    }

    @Test(arguments: [false, true])
    func `Shards that an earlier holder published are taken over, not packed again`(deletesSources: Bool) async throws {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = deletesSources
        try fixture.addFiles(10, days: 2)
        // The earlier holder dies between publishing and marking, and its staging folder is gone with it.
        fixture.settings.uploads = 1
        #expect(try await fixture.run(with: PipelineFaults(at: [.markBefore], occurrence: 1, kind: .death)) == nil)
        let published = PipelineArchive.shards(in: fixture.output)
        #expect(!published.isEmpty)
        #expect(try fixture.table.markedIDs().isEmpty)
        try FileManager.default.removeItem(atPath: fixture.staging)

        var world = try fixture.world()
        let fence = Fence(unit: "day", token: 7)
        try await world.catalog.raise(fence)
        let never = "20240101_0_" + String(repeating: "0", count: 26) + ".des"
        let slice = PipelineSlice("day", of: world, fence: fence, inDoubt: published + [never])
        world.work = PipelineSlices([slice])
        let outcome = try await fixture.run(in: world)
        outcome.expectBooks(migrated: 10)
        #expect(slice.end.value == .completed)
        #expect(slice.settled.value[never] == false)
        for shard in published { #expect(slice.settled.value[shard] == true) }
        try fixture.expectSettled(fixture.files, sourcesDeleted: deletesSources)
        try fixture.expectOnly(fixture.files)
    }

    @Test func `A worker leaves alone what a run without workers left in staging`() async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(6)
        #expect(try await fixture.run(with: PipelineFaults(at: [.markBefore], occurrence: 1, kind: .death)) == nil)
        let staged = fixture.stagedNames
        var world = try fixture.world()
        world.work = PipelineSlices([PipelineSlice("day", of: world)])
        let worker = try await fixture.run(in: world)
        #expect(worker.result.fatalError?.contains("without the section workers") == true)
        #expect(fixture.stagedNames == staged)

        // Once that run is finished, the folder may be used for either, one after the other.
        try await fixture.run().expectBooks(migrated: 6)
        world = try fixture.world()
        world.work = PipelineSlices([PipelineSlice("day", of: world)])
        try await fixture.run(in: world).expectBooks(migrated: 0)
        try await fixture.run().expectBooks(migrated: 0)
        try fixture.expectOnly(fixture.files)
    }
}
