import DESBase
import DESCatalog
import DESMigration
import DESShard
import Foundation
import Testing

/// What an interrupted run leaves in staging is brought to its end by the next one, wherever it ended.
@Suite struct PipelineRecoveryTests {
    /// Some files of which one is big and two have one uid and one time.
    private static func fixture(deletesSources: Bool) throws -> PipelineFixture {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = deletesSources
        try fixture.addFiles(5, days: 2)
        try fixture.add(uid: "big", bytes: PipelineFile.bytes(3000, seed: 77))
        for _ in 0..<2 { try fixture.add(uid: "twin", day: 1, second: 30) }
        return fixture
    }

    @Test(arguments: [false, true])
    func `Sealed shards that are not published are published as they are, and marked`(
        deletesSources: Bool
    ) async throws {
        let fixture = try Self.fixture(deletesSources: deletesSources)
        // The big file is published first.
        #expect(try await fixture.run(with: PipelineFaults(at: [.publishBefore], occurrence: 2, kind: .death)) == nil)
        let sealed = fixture.stagedNames.filter { $0.hasSuffix(".des") }
        #expect(!sealed.isEmpty)
        #expect(PipelineArchive.shards(in: fixture.output).isEmpty)
        #expect(try fixture.table.markedIDs().isEmpty)

        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 8)
        #expect(outcome.result.filesRecovered > 0)
        #expect(Set(PipelineArchive.shards(in: fixture.output)).isSuperset(of: sealed))
        #expect(outcome.logged("recovering shards"))
        try fixture.expectSettled(fixture.files, sourcesDeleted: deletesSources)
        try fixture.expectOnly(fixture.files)
    }

    @Test(arguments: [PipelinePoint.markBefore, .markAfter, .removeBefore], [false, true])
    func `Published shards are marked and cleaned up, and nothing is packed again`(
        point: PipelinePoint, deletesSources: Bool
    ) async throws {
        let fixture = try Self.fixture(deletesSources: deletesSources)
        // One group of shards: all of them are published before the first mark.
        fixture.settings.uploads = 1
        let occurrence = point == .removeBefore ? 2 : 1
        #expect(try await fixture.run(with: PipelineFaults(at: [point], occurrence: occurrence, kind: .death)) == nil)
        let published = PipelineArchive.shards(in: fixture.output)
        let marked = try fixture.table.markedIDs()
        let staged = fixture.stagedNames.filter { $0.hasSuffix(".des") }
        #expect(!staged.isEmpty)

        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 8 - marked.count)
        #expect(Set(PipelineArchive.shards(in: fixture.output)).isSuperset(of: Set(published + staged)))
        try fixture.expectSettled(fixture.files, sourcesDeleted: deletesSources)
        try fixture.expectOnly(fixture.files)
    }

    @Test(arguments: [PipelinePoint.writeHalf, .sync, .renameBefore])
    func `What was not sealed is thrown away, and its files are packed anew`(point: PipelinePoint) async throws {
        let fixture = try Self.fixture(deletesSources: true)
        #expect(try await fixture.run(with: PipelineFaults(at: [point], occurrence: 2, kind: .death)) == nil)
        #expect(fixture.stagedNames.contains { $0.hasSuffix(".open") })
        // What was sealed before may have been published meanwhile, and marked.
        let marked = try fixture.table.markedIDs()
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 8 - marked.count)
        try fixture.expectSettled(fixture.files, sourcesDeleted: true)
        try fixture.expectOnly(fixture.files)
    }

    @Test(arguments: [PipelinePoint.publishBefore, .markBefore], [100, 107])
    func `A source that was replaced since it was packed is packed again, and not deleted before`(
        point: PipelinePoint, newSize: Int
    ) async throws {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = true
        let file = try fixture.add(bytes: PipelineFile.bytes(107, seed: 1))
        #expect(try await fixture.run(with: PipelineFaults(at: [point], kind: .death)) == nil)
        let bytes = PipelineFile.bytes(newSize, seed: 2)
        try PipelineDisk.replace(file.path, with: bytes)
        try fixture.table.execute("UPDATE files SET size_bytes = \(newSize)")

        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 1)
        #expect(outcome.result.filesRecovered == 0)
        let entries = try PipelineArchive(fixture.output).entries
        #expect(entries.count == 2)
        // Readers look into the newest shard first.
        #expect(entries.max { $0.shard < $1.shard }?.bytes == bytes)
        #expect(try fixture.table.markedIDs() == [1])
        #expect(PipelineDisk.names(in: fixture.sources).isEmpty)
        #expect(fixture.stagedNames.isEmpty)
    }

    @Test func `A marked row whose source was replaced since keeps the new source`() async throws {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = true
        let file = try fixture.add()
        #expect(try await fixture.run(with: PipelineFaults(at: [.markAfter], kind: .death)) == nil)
        let bytes = Array(file.bytes.reversed())
        try PipelineDisk.replace(file.path, with: bytes)
        try await fixture.run().expectBooks(migrated: 0)
        #expect(PipelineDisk.read(file.path) == bytes)
        try fixture.expectSettled(fixture.files)
    }

    enum RowChange: String, CaseIterable, Sendable {
        case deleted, otherUID, otherTime, otherLocation, invalidSize

        var sql: String {
            switch self {
            case .deleted: "DELETE FROM files WHERE id = 2"
            case .otherUID: "UPDATE files SET uid = 'renamed' WHERE id = 2"
            case .otherTime: "UPDATE files SET created_at = '2001-01-01T00:00:00Z' WHERE id = 2"
            case .otherLocation: "UPDATE files SET file_location = file_location || '.moved' WHERE id = 2"
            case .invalidSize: "UPDATE files SET size_bytes = -5 WHERE id = 2"
            }
        }
    }

    @Test(arguments: RowChange.allCases)
    func `A row that was changed since its file was packed is taken as it is now`(change: RowChange) async throws {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = true
        try fixture.addFiles(4)
        let file = fixture.files[1]
        #expect(try await fixture.run(with: PipelineFaults(at: [.markBefore], kind: .death)) == nil)
        try fixture.table.execute(change.sql)
        if change == .otherLocation {
            try FileManager.default.moveItem(atPath: file.path, toPath: file.path + ".moved")
        }

        let outcome = try await fixture.run()
        let archive = try PipelineArchive(fixture.output)
        switch change {
        case .deleted:
            outcome.expectBooks(migrated: 3)
            // Nobody said that the file may go.
            #expect(PipelineDisk.read(file.path) == file.bytes)
        case .otherUID:
            outcome.expectBooks(migrated: 4)
            #expect(archive["renamed"]?.bytes == file.bytes)
        case .otherTime:
            outcome.expectBooks(migrated: 4)
            #expect(archive.entries.count { $0.uid == file.uid && $0.shard.hasPrefix("20010101_") } == 1)
        case .otherLocation:
            outcome.expectBooks(migrated: 4)
            #expect(archive[file.uid]?.bytes == file.bytes)
        case .invalidSize:
            outcome.expectBooks(migrated: 3, failed: 1)
            #expect(outcome.failure(file.uid)?.message.contains("size -5") == true)
            #expect(try !fixture.table.markedIDs().contains(2))
            #expect(PipelineDisk.read(file.path) == file.bytes)
        }
        #expect(try fixture.table.markedIDs().isSuperset(of: [1, 3, 4]))
        for other in fixture.files where other.id != 2 { #expect(archive.count(of: other) == 1) }
    }

    @Test func `A row whose source is gone is not marked on its uid and time alone`() async throws {
        let fixture = try PipelineFixture()
        let file = try fixture.add()
        #expect(try await fixture.run(with: PipelineFaults(at: [.publishBefore], kind: .death)) == nil)
        try FileManager.default.removeItem(atPath: file.path)
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 0, failed: 1)
        #expect(outcome.result.errors.first?.reason == .missing)
        #expect(try fixture.table.markedIDs() == [])
        // Its bytes are published all the same, and the log says where.
        #expect(outcome.logged("warning", "nothing is at the location", "uid=\(file.uid)"))
        #expect(try PipelineArchive(fixture.output)[file.uid]?.bytes == file.bytes)
    }

    @Test func `A source that cannot be compared with its shard is neither marked, nor packed again, nor deleted`()
        async throws
    {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = true
        try fixture.addFiles(3)
        #expect(try await fixture.run(with: PipelineFaults(at: [.markBefore], kind: .death)) == nil)
        // The first look in the recovery fails; a later one would not.
        let faults = PipelineFaults(at: [.sourceRead], kind: .once)
        let outcome = try #require(try await fixture.run(with: faults))
        outcome.expectBooks(migrated: 2, failed: 1)
        #expect(outcome.result.errors.first?.reason == .unreadable)
        try fixture.expectOnly(fixture.files)
        #expect(PipelineDisk.names(in: fixture.sources).count == 1)
        try await fixture.run().expectBooks(migrated: 1)
        try fixture.expectSettled(fixture.files, sourcesDeleted: true)
        try fixture.expectOnly(fixture.files)
    }

    @Test func `A big file that the store has lost is stored again before its row is marked`() async throws {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = true
        let big = try fixture.add(uid: "big", bytes: PipelineFile.bytes(3000, seed: 77))
        #expect(try await fixture.run(with: PipelineFaults(at: [.markBefore], kind: .death)) == nil)
        let folder = fixture.output + "/_bigFiles"
        let name = try #require(PipelineDisk.names(in: folder).first)
        try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 1)
        #expect(outcome.logged("error", "names a big file that the store does not have", "uid=big"))
        #expect(PipelineDisk.read("\(folder)/\(name)") == big.bytes)
        #expect(try fixture.table.markedIDs() == [1])
        #expect(fixture.audit.problems() == [])
    }

    @Test func `Only one migration at a time works in a staging folder, and a dead one is no hindrance`() async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(2)
        try FileManager.default.createDirectory(atPath: fixture.staging, withIntermediateDirectories: true)
        try PipelineDisk.write(Array("999999999\n".utf8), to: fixture.staging + "/lock")
        let staging = fixture.staging
        let message = PipelineLocked("")
        let faults = PipelineFaults.hookOnce(.page) {
            do throws(StagingLockError) { _ = try StagingLock(folder: StagingFolder(path: staging)) } catch {
                message.value = error.description
            }
        }
        let outcome = try await fixture.run(in: fixture.world(faults: faults))
        outcome.expectBooks(migrated: 2)
        #expect(message.value.contains("another process (process \(getpid())) works in the staging folder \(staging)"))
    }

    @Test func `Foreign files in the staging folder are left alone`() async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(2)
        try FileManager.default.createDirectory(atPath: fixture.staging, withIntermediateDirectories: true)
        try PipelineDisk.write([], to: fixture.staging + "/lock")
        try PipelineDisk.write([1], to: fixture.staging + "/notes.txt")
        try await fixture.run().expectBooks(migrated: 2)
        try fixture.expectSettled(fixture.files, inStaging: ["notes.txt"])
    }
}
