import DESMigration
import Testing

/// A shard in staging that is not what was written is never published, and its files are packed again.
@Suite struct PipelineDamageTests {
    /// Places all over a shard: header, payloads, checksum in the index, footer.
    static let offsets = [0, 4, 7, 9, 40, -1, -8, -12, -14, -17]

    @Test(arguments: offsets)
    func `A byte that flips before a shard is verified fails its files alone`(offset: Int) async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(8, days: 2)
        let damaged = PipelineLocked("")
        var world = try fixture.world()
        world.staging = StagingFolder(
            path: fixture.staging,
            files: PipelineFaultyStaging(faults: PipelineFaults(at: [], kind: .once)) { path in
                let isFirst = damaged.change { name -> Bool in
                    guard name.isEmpty else { return false }
                    name = path
                    return true
                }
                if isFirst { try? PipelineDisk.damage(path, at: offset) }
            }
        )
        let outcome = try await fixture.run(in: world)
        outcome.expectBalance()
        #expect(outcome.result.filesFailed > 0 && outcome.result.filesMigrated > 0)
        for failure in outcome.result.errors {
            #expect(failure.reason == .verification)
            #expect(failure.message.contains(damaged.value), "\(failure.message)")
            #expect(failure.message.contains("left unmarked"))
        }
        let marked = try fixture.table.markedIDs()
        try fixture.expectSettled(fixture.files.filter { marked.contains($0.id) })

        try await fixture.run().expectBooks(migrated: outcome.result.filesFailed)
        try fixture.expectSettled(fixture.files)
        try fixture.expectOnly(fixture.files)
    }

    /// Where the first uid and the first time are in the index of a shard of one file.
    enum IndexField: String, CaseIterable, Sendable {
        case uid, time

        func offset(in shard: [UInt8]) -> Int? {
            let text = Array((self == .uid ? "file-" : "created_at\":\"2024").utf8)
            return shard.indices.reversed().first { shard[$0...].starts(with: text) }.map { $0 + text.count - 1 }
        }
    }

    @Test(arguments: IndexField.allCases)
    func `A bit that flips in a shard's index before it is verified is noticed`(field: IndexField) async throws {
        let fixture = try PipelineFixture()
        try fixture.add()
        fixture.settings.deletesSources = true
        var world = try fixture.world()
        world.staging = StagingFolder(
            path: fixture.staging,
            files: PipelineFaultyStaging(faults: PipelineFaults(at: [], kind: .once)) { path in
                guard let offset = PipelineDisk.read(path).flatMap(field.offset(in:)) else { return }
                try? PipelineDisk.damage(path, at: offset)
            }
        )
        let outcome = try await fixture.run(in: world)
        #expect(outcome.failure("file-1")?.reason == .verification)
        #expect(fixture.audit.problems() == [])
        #expect(PipelineDisk.read(fixture.files[0].path) == fixture.files[0].bytes)
    }

    @Test(arguments: IndexField.allCases)
    func `A bit that flips in a sealed shard's index between two runs marks no other row`(
        field: IndexField
    ) async throws {
        let fixture = try PipelineFixture()
        try fixture.add()
        fixture.settings.deletesSources = true
        #expect(try await fixture.run(with: PipelineFaults(at: [.publishBefore], kind: .death)) == nil)
        let path = "\(fixture.staging)/\(try #require(fixture.stagedNames.first))"
        let offset = try #require(PipelineDisk.read(path).flatMap(field.offset(in:)))
        try PipelineDisk.damage(path, at: offset)
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 1)
        #expect(outcome.result.filesRecovered == 0)
        #expect(fixture.audit.problems() == [])
        #expect(try fixture.table.markedIDs() == [1])
        #expect(PipelineDisk.names(in: fixture.sources).isEmpty)
    }

    @Test func `A big file whose copy in staging is damaged fails alone`() async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(4)
        try fixture.add(uid: "big", bytes: PipelineFile.bytes(3000, seed: 77))
        var world = try fixture.world()
        world.staging = StagingFolder(
            path: fixture.staging,
            files: PipelineFaultyStaging(faults: PipelineFaults(at: [], kind: .once)) { path in
                if path.contains("bigfile") { try? PipelineDisk.damage(path, at: 1500) }
            }
        )
        let outcome = try await fixture.run(in: world)
        outcome.expectBooks(migrated: 4, failed: 1)
        #expect(outcome.failure("big")?.reason == .verification)
        #expect(outcome.failure("big")?.message.contains(fixture.files[4].path) == true)
        #expect(PipelineDisk.names(in: fixture.output + "/_bigFiles").isEmpty)
        try fixture.expectSettled(fixture.files.dropLast())
    }

    @Test(arguments: offsets)
    func `A sealed shard that is damaged between two runs is set aside, and its files are packed again`(
        offset: Int
    ) async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(8, days: 2)
        fixture.settings.deletesSources = true
        // Shards are published one after the other: those of one group are sealed by then.
        let faults = PipelineFaults(at: [.publishBefore], kind: .death)
        #expect(try await fixture.run(with: faults) == nil)
        let sealed = fixture.stagedNames.filter { $0.hasSuffix(".des") }
        let victim = try #require(sealed.first)
        try PipelineDisk.damage("\(fixture.staging)/\(victim)", at: offset)

        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 8)
        #expect(outcome.logged("error", "damaged and was set aside", victim))
        #expect(!PipelineArchive.shards(in: fixture.output).contains(victim))
        try fixture.expectSettled(fixture.files, sourcesDeleted: true, inStaging: [victim + ".damaged"])
        try fixture.expectOnly(fixture.files)

        // It is mentioned until somebody has looked.
        let later = try await fixture.run()
        later.expectBooks(migrated: 0)
        #expect(later.logged("error", "a damaged shard lies in staging", victim))
    }
}
