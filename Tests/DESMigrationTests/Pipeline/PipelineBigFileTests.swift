import DESBase
import DESCatalog
import DESMigration
import DESShard
import DESTestSupport
import Testing

/// Files above the threshold are stored once each, beside the shards, under their hash.
@Suite struct PipelineBigFileTests {
    @Test(arguments: [(1023, false), (1024, false), (1025, true), (3_000_000, true)])
    func `A file larger than the threshold is stored under its hash, one of that size is not`(
        size: Int, isBig: Bool
    ) async throws {
        let fixture = try PipelineFixture()
        let file = try fixture.add(bytes: PipelineFile.bytes(size, seed: 1))
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 1)
        #expect(outcome.result.bigFiles == (isBig ? 1 : 0))
        #expect(outcome.result.totalSizeBytes == Int64(size))
        try fixture.expectSettled(fixture.files)
        let entry = try #require(try PipelineArchive(fixture.output)[file.uid]?.entry)
        let hash = SHA256.hex(of: file.bytes)
        if isBig {
            #expect(entry.content == .bigFile(sha256: hash, size: UInt64(size)))
            #expect(PipelineDisk.names(in: fixture.output + "/_bigFiles") == [hash])
            #expect(PipelineDisk.read("\(fixture.output)/_bigFiles/\(hash)") == file.bytes)
            #expect(entry.meta.crc32 == CRC32(of: file.bytes))
            #expect(outcome.result.bytesStored > Int64(size))
        } else {
            #expect(PipelineDisk.names(in: fixture.output + "/_bigFiles").isEmpty)
        }
    }

    @Test func `Big files of one content are stored once, in one cycle and in later ones`() async throws {
        let fixture = try PipelineFixture()
        let bytes = PipelineFile.bytes(5000, seed: 1)
        for number in 0..<4 { try fixture.add(day: number, bytes: bytes) }
        let first = try await fixture.run()
        first.expectBooks(migrated: 4)
        #expect(first.result.bigFiles == 1)
        try fixture.add(day: 9, bytes: bytes)
        let second = try await fixture.run()
        second.expectBooks(migrated: 1)
        #expect(second.result.bigFiles == 0)
        #expect(second.result.bytesStored < 1000)
        try fixture.expectSettled(fixture.files)
        #expect(PipelineDisk.names(in: fixture.output + "/_bigFiles").count == 1)
    }

    @Test(arguments: [true, false])
    func `A damaged big file at the destination is left as it is, and the row fails`(hasSameSize: Bool) async throws {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = true
        let big = try fixture.add(uid: "big", bytes: PipelineFile.bytes(5000, seed: 1))
        try fixture.addFiles(3)
        let damaged = hasSameSize ? [1] + big.bytes.dropFirst() : Array(big.bytes.dropLast())
        let path = try fixture.folder.folder("output/_bigFiles") + "/" + SHA256.hex(of: big.bytes)
        try PipelineDisk.write(damaged, to: path)
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 3, failed: 1)
        let failure = try #require(outcome.failure("big"))
        #expect(failure.reason == .publishing)
        #expect(failure.message.contains(big.path) && failure.message.contains("other content"))
        #expect(PipelineDisk.read(path) == damaged)
        #expect(PipelineDisk.read(big.path) == big.bytes)
        try fixture.expectSettled(Array(fixture.files.dropFirst()))
        try fixture.expectOnly(Array(fixture.files.dropFirst()))
    }

    @Test func `Big files go where the configuration says, relative to the shards`() async throws {
        let fixture = try PipelineFixture()
        fixture.settings.bigFilesPrefix = "large/objects"
        let big = try fixture.add(bytes: PipelineFile.bytes(5000, seed: 1))
        try await fixture.run().expectBooks(migrated: 1)
        let shard = try #require(PipelineArchive.shards(in: fixture.output).first)
        let reader = try ShardReader(
            path: "\(fixture.output)/\(shard)", bigFilesDirectory: fixture.output + "/large/objects"
        )
        #expect(try reader.contents(uid: big.uid) == big.bytes)
    }
}
