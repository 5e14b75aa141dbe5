import DESBase
import DESCatalog
import DESStorage
import Foundation
import Testing

@testable import DESMigration

/// Set-ups in which what is to be deleted is what must stay.
@Suite struct PipelineHostilePlacesTests {
    @Test func `staging that is the output folder under another name is refused`() async throws {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = true
        try fixture.addFiles(3)
        try await fixture.run().expectBooks(migrated: 3)
        let shards = PipelineDisk.names(in: fixture.output)
        let link = fixture.staging + "-link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: fixture.output)
        var world = try fixture.world()
        world.staging = StagingFolder(path: link)
        await #expect(throws: StagingLockError.self) { _ = try await fixture.run(in: world) }
        #expect(PipelineDisk.names(in: fixture.output) == shards)
    }

    @Test func `a published file that a row names as its source is not deleted`() async throws {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = true
        fixture.settings.bigFileThreshold = 1024
        try fixture.add(uid: "big", bytes: PipelineFile.bytes(3000, seed: 7))
        try await fixture.run().expectBooks(migrated: 1)
        let folder = fixture.output + "/_bigFiles"
        let name = try #require(PipelineDisk.names(in: folder).first)
        _ = try fixture.table.insert(
            uid: .text("again"), createdAt: .text("2024-01-02T03:04:05Z"), location: .text("\(folder)/\(name)"),
            size: .integer(3000)
        )
        var world = try fixture.world()
        world.sources = try LocalSourceFiles(
            keeping: [fixture.output, fixture.staging, fixture.table.path],
            watch: ChangeWatch { FileClock.now() + 1_000_000_000 })
        let outcome = try await fixture.run(in: world)
        outcome.expectBooks(migrated: 1)
        #expect(outcome.result.filesKept == 1)
        #expect(PipelineDisk.read("\(folder)/\(name)") == PipelineFile.bytes(3000, seed: 7))
    }

    @Test func `when the output is emptied before cleaning up, sources and staged copies stay`() async throws {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = true
        // One file, so that no shard is published after the output was emptied.
        try fixture.addFiles(1)
        let output = fixture.output
        let faults = PipelineFaults.hookOnce(.markAfter) {
            for name in PipelineDisk.names(in: output) where name.hasSuffix(".des") {
                try? FileManager.default.removeItem(atPath: "\(output)/\(name)")
            }
        }
        let outcome = try await fixture.run(in: fixture.world(faults: faults))
        #expect(outcome.result.fatalError?.contains("is gone from") == true)
        #expect(outcome.result.filesDeleted == 0)
        // The next start publishes them again from staging, and goes on to delete the sources.
        let next = try await fixture.run()
        #expect(next.result.fatalError == nil)
        try fixture.expectSettled(fixture.files, sourcesDeleted: true)
    }

    @Test func `a stored big file that was changed does not cost the source of an interrupted run`() async throws {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = true
        fixture.settings.bigFileThreshold = 1024
        let big = try fixture.add(uid: "big", bytes: PipelineFile.bytes(3000, seed: 7))
        #expect(try await fixture.run(with: PipelineFaults(at: [.markBefore], kind: .death)) == nil)
        let folder = fixture.output + "/_bigFiles"
        let name = try #require(PipelineDisk.names(in: folder).first)
        try PipelineDisk.damage("\(folder)/\(name)", at: 100)
        let outcome = try await fixture.run()
        #expect(outcome.result.filesDeleted == 0)
        #expect(PipelineDisk.read(big.path) == big.bytes)
        #expect(try fixture.table.markedIDs() == [])
    }
}
