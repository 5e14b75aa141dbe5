import DESBase
import DESCatalog
import DESRouting
import DESShard
import DESStorage
import Foundation
import Testing

@testable import DESMigration

/// A store is known by its mark, not by its path.
@Suite struct PipelineStoreTests {
    private static func unmount(_ fixture: PipelineFixture) throws {
        try FileManager.default.moveItem(atPath: fixture.output, toPath: fixture.output + "-away")
        try FileSystem.createFolder(fixture.output)
    }

    private static func mount(_ fixture: PipelineFixture) throws {
        try FileManager.default.removeItem(atPath: fixture.output)
        try FileManager.default.moveItem(atPath: fixture.output + "-away", toPath: fixture.output)
    }

    @Test func `an output that is empty although rows are marked is refused, and everything stays`() async throws {
        let fixture = try PipelineFixture(isMarked: false)
        fixture.settings.deletesSources = true
        try fixture.addFiles(3)
        try await fixture.run().expectBooks(migrated: 3)
        let next = try fixture.add()
        try Self.unmount(fixture)
        let refused = try await fixture.run()
        #expect(refused.result.fatalError?.contains("is empty, but rows of the catalog are marked") == true)
        #expect(PipelineDisk.names(in: fixture.output) == [])
        #expect(PipelineDisk.read(next.path) == next.bytes)
        try Self.mount(fixture)
        try await fixture.run().expectBooks(migrated: 1)
    }

    @Test(arguments: [true, false])
    func `another store in the place of the known one is refused by a later process, until it is meant`(
        hasMark: Bool
    ) async throws {
        let fixture = try PipelineFixture(isMarked: false)
        fixture.settings.deletesSources = true
        try fixture.addFiles(3)
        try await fixture.run().expectBooks(migrated: 3)
        let next = try fixture.add()
        let shards = PipelineDisk.names(in: fixture.output).filter { $0.hasSuffix(".des") }
        try Self.unmount(fixture)
        try PipelineDisk.write([1], to: "\(fixture.output)/\(shards[0])")
        if hasMark { try PipelineDisk.write(Array("another\nn_bits 4\n".utf8), to: "\(fixture.output)/_desStore") }
        let refused = try await fixture.run()
        #expect(refused.result.fatalError?.contains("is not the store that the files of this catalog are in") == true)
        #expect(PipelineDisk.read(next.path) == next.bytes)
        fixture.settings.acceptsNewStore = true
        try await fixture.run().expectBooks(migrated: 1)
        fixture.settings.acceptsNewStore = false
        try fixture.add()
        try await fixture.run().expectBooks(migrated: 1)
    }

    @Test(arguments: [PipelinePoint.publishBefore, .publishAfter, .markBefore], [true, false])
    func `an output that is away after a kill before the first mark is refused, and nothing is lost`(
        point: PipelinePoint, hasMark: Bool
    ) async throws {
        let fixture = try PipelineFixture(isMarked: false)
        fixture.settings.deletesSources = true
        try fixture.addFiles(6)
        let faults = PipelineFaults(at: [point], occurrence: 1, kind: .death)
        #expect(try await fixture.run(with: faults, in: fixture.world(faults: faults)) == nil)
        try Self.unmount(fixture)
        if hasMark { try PipelineDisk.write(Array("another\nn_bits 4\n".utf8), to: "\(fixture.output)/_desStore") }
        let refused = try await fixture.run()
        #expect(
            refused.result.fatalError?.contains(hasMark ? "has another name" : "is empty, but shards in the") == true)
        #expect(PipelineDisk.names(in: fixture.output) == (hasMark ? ["_desStore"] : []))
        for file in fixture.files { #expect(PipelineDisk.read(file.path) == file.bytes) }
        try Self.mount(fixture)
        let outcome = try await fixture.run()
        #expect(outcome.result.fatalError == nil && outcome.result.filesMigrated == 6)
        try fixture.expectOnly(fixture.files)
    }

    @Test func `a catalog that shows no marked rows does not make a store forgotten`() async throws {
        let fixture = try PipelineFixture(isMarked: false)
        fixture.settings.deletesSources = true
        try fixture.addFiles(3)
        try await fixture.run().expectBooks(migrated: 3)
        // As where a condition or a view leaves out what is marked.
        try fixture.table.execute("DELETE FROM files")
        let next = try fixture.add()
        try Self.unmount(fixture)
        let refused = try await fixture.run()
        #expect(refused.result.fatalError?.contains("is empty, but files of this catalog were published to") == true)
        #expect(PipelineDisk.read(next.path) == next.bytes && PipelineDisk.names(in: fixture.output) == [])
        fixture.settings.acceptsNewStore = true
        try await fixture.run().expectBooks(migrated: 1)
    }

    @Test func `an empty output beside sealed shards is refused although nobody remembers the store`() async throws {
        let fixture = try PipelineFixture(isMarked: false)
        fixture.settings.deletesSources = true
        try fixture.addFiles(3)
        let faults = PipelineFaults(at: [.markBefore], occurrence: 1, kind: .death)
        #expect(try await fixture.run(with: faults, in: fixture.world(faults: faults)) == nil)
        try PipelineDisk.write([], to: "\(fixture.staging)/lock")
        try Self.unmount(fixture)
        let refused = try await fixture.run()
        #expect(refused.result.fatalError?.contains("is empty, but shards in the staging folder") == true)
        try Self.mount(fixture)
        #expect(try await fixture.run().result.filesMigrated == 3)
        try fixture.expectOnly(fixture.files)
    }

    @Test(arguments: ["", "\n", "a\u{1}b\n", String(repeating: "x", count: 129)])
    func `a damaged mark of a store is refused, with the way out`(text: String) async throws {
        let fixture = try PipelineFixture(isMarked: false)
        try fixture.addFiles(1)
        try PipelineDisk.write(Array(text.utf8), to: "\(fixture.output)/_desStore")
        let refused = try await fixture.run()
        #expect(refused.result.fatalError?.contains("is empty or damaged") == true)
    }

    @Test func `a mark without its layout does not let another layout in`() async throws {
        let fixture = try PipelineFixture(isMarked: false)
        try fixture.addFiles(2)
        try await fixture.run().expectBooks(migrated: 2)
        let mark = try #require(try await fixture.realStore.mark())
        try PipelineDisk.write(Array(mark.name.utf8), to: "\(fixture.output)/_desStore")
        try fixture.add()
        fixture.settings.shardBits = try #require(ShardBits(8))
        let refused = try await fixture.run()
        #expect(refused.result.fatalError?.contains("was written with another number") == true)
        fixture.settings.shardBits = try #require(ShardBits(4))
        try await fixture.run().expectBooks(migrated: 1)
    }

    @Test func `an empty output is taken when it is meant`() async throws {
        let fixture = try PipelineFixture(isMarked: false)
        try fixture.addFiles(3)
        try await fixture.run().expectBooks(migrated: 3)
        try Self.unmount(fixture)
        try fixture.add()
        fixture.settings.acceptsNewStore = true
        try await fixture.run().expectBooks(migrated: 1)
        // Once it has a mark nobody asks again.
        try fixture.add()
        fixture.settings.acceptsNewStore = false
        try await fixture.run().expectBooks(migrated: 1)
    }

    @Test func `a store that another process mounts over while we run is noticed at the next cycle`() async throws {
        let fixture = try PipelineFixture(isMarked: false)
        let known = KnownStore()
        let store = fixture.realStore
        let world = try fixture.world()
        _ = try StagingLock(folder: world.staging)
        func check() async throws {
            try await StoreCheck(
                store: store, catalog: world.catalog, staging: world.staging, bits: fixture.settings.shardBits,
                acceptsEmpty: false, known: known, memory: nil, threads: ThreadPool(name: "test", count: 1),
                random: { SystemRandomNumberGenerator() }
            ).run()
        }
        try await check()
        try await check()
        try Self.unmount(fixture)
        await #expect(throws: StoreMismatch.self) { try await check() }
        try PipelineDisk.write(Array("another\nn_bits 4\n".utf8), to: "\(fixture.output)/_desStore")
        await #expect(throws: StoreMismatch.self) { try await check() }
        try Self.mount(fixture)
        try await check()
        await world.catalog.close()
    }

    @Test func `another number of bits is refused, by the mark and by the names of shards`() async throws {
        let fixture = try PipelineFixture(isMarked: false)
        try fixture.addFiles(2)
        try await fixture.run().expectBooks(migrated: 2)
        try fixture.add()
        fixture.settings.shardBits = try #require(ShardBits(8))
        let byMark = try await fixture.run()
        #expect(byMark.result.fatalError?.contains("was begun with 4") == true)
        // As earlier versions left it.
        try FileManager.default.removeItem(atPath: "\(fixture.output)/_desStore")
        try PipelineDisk.write(Array("1\n".utf8), to: "\(fixture.staging)/lock")
        let byNames = try await fixture.run()
        #expect(byNames.result.fatalError?.contains("was written with another number") == true)
        fixture.settings.shardBits = try #require(ShardBits(4))
        try await fixture.run().expectBooks(migrated: 1)
        let mark = try #require(try await fixture.realStore.mark())
        #expect(mark.bits == 4)
    }

    @Test(
        arguments: [
            ("abc", "abc", nil), ("abc\nn_bits 12\n", "abc", 12), ("abc\nlater 1\nn_bits 5", "abc", 5),
            ("abc\nn_bits x", "abc", nil),
        ] as [(String, String, Int?)]) func `marks of earlier and later versions are read`(
            text: String, name: String, bits: Int?
        ) throws
    {
        #expect(StoreMark(Array(text.utf8)) == StoreMark(name: name, bits: bits))
        #expect(StoreMark([]) == nil)
    }

    @Test(arguments: [PipelinePoint.markBefore, .deleteBefore])
    func `a file saved anew with the same CRC-32 is not taken for the one in the shard`(point: PipelinePoint)
        async throws
    {
        let fixture = try PipelineFixture(isMarked: false)
        fixture.settings.deletesSources = true
        // Records that end in their own CRC-32 all have one.
        let file = try fixture.add(bytes: Self.record("old settings"))
        #expect(try await fixture.run(with: PipelineFaults(at: [point], kind: .death)) == nil)
        let saved = Self.record("new settings")
        try PipelineDisk.write(saved, to: file.path)
        _ = try await fixture.run()
        let archived = try PipelineArchive(fixture.output).entries.contains { $0.uid == file.uid && $0.bytes == saved }
        #expect(archived || PipelineDisk.read(file.path) == saved)
        #expect(archived == (point == .markBefore))
    }

    private static func record(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8) + [UInt8](repeating: 0, count: 508 - text.utf8.count)
        let crc = bytes.withUnsafeBytes { CRC32(of: $0) }.value
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: crc >> UInt32(shift))) }
        return bytes
    }
}
