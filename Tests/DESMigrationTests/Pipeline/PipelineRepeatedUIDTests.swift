import DESMigration
import Testing

/// Rows that share a uid, a location or both are all migrated, each into a shard that does not have the uid yet.
@Suite struct PipelineRepeatedUIDTests {
    @Test func `Rows with one uid on one day go to different shards of one key`() async throws {
        let fixture = try PipelineFixture()
        for _ in 0..<3 { try fixture.add(uid: "same", day: 1) }
        try fixture.add(uid: "other", day: 1)
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 4)
        try fixture.expectSettled(fixture.files)
        try fixture.expectOnly(fixture.files)
        let shards = try PipelineArchive(fixture.output).entries.filter { $0.uid == "same" }.map(\.shard)
        #expect(Set(shards).count == 3)
        #expect(outcome.logged("a uid occurs again on its day"))
    }

    @Test func `Rows with one uid and one time go to different shards`() async throws {
        let fixture = try PipelineFixture()
        for _ in 0..<2 { try fixture.add(uid: "same", day: 1, second: 5) }
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 2)
        try fixture.expectSettled(fixture.files)
        try fixture.expectOnly(fixture.files)
    }

    @Test func `Rows with one uid on different days go to the shards of their days`() async throws {
        let fixture = try PipelineFixture()
        for day in 0..<3 { try fixture.add(uid: "same", day: day) }
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 3)
        #expect(outcome.result.shardsCreated == 3)
        try fixture.expectSettled(fixture.files)
        #expect(!outcome.logged("a uid occurs again on its day"))
    }

    @Test(arguments: [true, false])
    func `Rows with one location are all migrated before the source is deleted`(hasOneUID: Bool) async throws {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = true
        // A transaction a row: between the marks the others are still pending.
        fixture.settings.batchSize = 1
        let first = try fixture.add(uid: "same")
        for number in 2...4 {
            try fixture.addRow(
                uid: hasOneUID ? "same" : "other-\(number)", day: number % 2, path: first.path, bytes: first.bytes
            )
        }
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 4)
        #expect(outcome.result.filesDeleted == 1)
        try fixture.expectSettled(fixture.files, sourcesDeleted: true)
        try fixture.expectOnly(fixture.files)
    }

    @Test func `A source that a row too young for this cycle names is kept`() async throws {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = true
        fixture.settings.archiveAge = .seconds(86_400)
        let old = try fixture.add(uid: "old", day: 0)
        let young = try fixture.addRow(uid: "young", day: 10, path: old.path, bytes: old.bytes)
        var world = try fixture.world()
        world.now = { PipelineFile.time(day: 10, second: 100) }
        let outcome = try await fixture.run(in: world)
        outcome.expectBooks(migrated: 1)
        #expect(outcome.result.filesKept == 1)
        #expect(outcome.logged("source kept", "uid=old", "another row that is still pending names it"))
        #expect(PipelineDisk.read(old.path) == old.bytes)
        try fixture.expectSettled([old])

        world = try fixture.world()
        world.now = { PipelineFile.time(day: 20, second: 0) }
        let later = try await fixture.run(in: world)
        later.expectBooks(migrated: 1)
        try fixture.expectSettled([old, young], sourcesDeleted: true)
    }
}
