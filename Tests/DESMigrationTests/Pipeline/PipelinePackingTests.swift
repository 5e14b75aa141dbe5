import DESBase
import DESCatalog
import DESMigration
import DESRouting
import DESShard
import Foundation
import Testing

/// What the shards look like that come out.
@Suite struct PipelinePackingTests {
    @Test(arguments: [4, 6, 8, 16])
    func `Shards are named after the UTC day and the routing bits`(bits: Int) async throws {
        let fixture = try PipelineFixture()
        fixture.settings.shardBits = try #require(ShardBits(bits))
        try fixture.addFiles(60, days: 3)
        for uid in ["15", "16", "65535", "65536", "007"] { try fixture.add(uid: uid, day: 1) }
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 65)
        try fixture.expectSettled(fixture.files)
        try fixture.expectOnly(fixture.files)
        let keys = fixture.files.map { locate(uid: $0.uid, createdAt: $0.createdAt, bits: fixture.settings.shardBits) }
        // One cycle, enough room: a shard a key.
        #expect(outcome.result.shardsCreated == Set(keys).count)
        for shard in PipelineArchive.shards(in: fixture.output) {
            let name = try #require(ShardFileName(shard))
            #expect((bits / 4...(bits + 3) / 4).contains(name.shardHex.count) && name.suffix.count == 26)
        }
    }

    @Test func `The day is that of UTC, whatever form the time has`() async throws {
        let fixture = try PipelineFixture()
        let times: [(CatalogValue, String)] = [
            (.text("2024-01-01T23:30:00-02:00"), "20240102"), (.text("2024-01-02 00:30:00+01:00"), "20240101"),
            (.text("2024-01-01 23:59:59.999999"), "20240101"), (.integer(1_704_153_600), "20240102"),
            (.real(1_704_153_599.5), "20240101"), (.text("1969-12-31T23:59:59Z"), "19691231"),
        ]
        for (number, (time, _)) in times.enumerated() {
            let path = "\(fixture.sources)/\(number)"
            try PipelineDisk.write([UInt8(number)], to: path)
            _ = try fixture.table.insert(
                uid: .text("\(number)"), createdAt: time, location: .text(path), size: .integer(1)
            )
        }
        try await fixture.run().expectBooks(migrated: times.count)
        let archive = try PipelineArchive(fixture.output)
        for (number, (_, day)) in times.enumerated() {
            #expect(archive["\(number)"]?.shard.hasPrefix(day + "_") == true, "\(number)")
        }
    }

    @Test func `A file goes once it is older than the cutoff, not when it is exactly as old`() async throws {
        let fixture = try PipelineFixture()
        fixture.settings.archiveAge = .seconds(100)
        try fixture.add(second: 99)
        try fixture.add(second: 100)
        try fixture.add(second: 101)
        var world = try fixture.world()
        world.now = { PipelineFile.time(day: 0, second: 200) }
        try await fixture.run(in: world).expectBooks(migrated: 1)
        try fixture.expectSettled([fixture.files[0]])
    }

    @Test func `A cycle with nothing to do does nothing`() async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(3)
        try await fixture.run().expectBooks(migrated: 3)
        let shards = PipelineArchive.shards(in: fixture.output)
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 0)
        #expect(outcome.result.shardsCreated == 0 && outcome.result.bytesStored == 0)
        #expect(PipelineArchive.shards(in: fixture.output) == shards)
        #expect(PipelineDisk.names(in: fixture.sources).count == 3)
    }

    @Test(arguments: [1, 300, 1500, 5000, 100_000], [Codec.none, .zstd])
    func `No shard grows over max_shard_size unless one file alone does, and shards are well filled`(
        limit: UInt64, codec: Codec
    ) async throws {
        let fixture = try PipelineFixture()
        fixture.settings.maximumShardSize = limit
        fixture.settings.compression.codec = codec
        // Multiples of 16 share a shard.
        for number in 0..<40 {
            try fixture.add(uid: "\(number * 16)", bytes: PipelineFile.bytes(1 + number * 20, seed: number))
        }
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 40)
        try fixture.expectSettled(fixture.files)
        try fixture.expectOnly(fixture.files)
        let counts = try PipelineArchive(fixture.output).countsByShard
        var sizes: [Int] = []
        for (shard, count) in counts {
            let size = try #require(PipelineDisk.read("\(fixture.output)/\(shard)")?.count)
            sizes.append(size)
            #expect(size <= limit || count == 1, "\(shard) has \(size) bytes in \(count) entries")
        }
        #expect(outcome.result.shardsCreated == counts.count)
        #expect(outcome.result.bytesStored == Int64(sizes.reduce(0, +)))
        // A shard is closed only for a file that does not fit: any two neighbours together are over the limit.
        if limit > 2000 { #expect(counts.count <= sizes.reduce(0, +) / (Int(limit) / 2) + 1) }
    }

    @Test(.timeLimit(.minutes(5))) func `The shards of a day are published as soon as a later day has begun`()
        async throws
    {
        let fixture = try PipelineFixture()
        fixture.settings.batchSize = 10
        for day in 0..<3 {
            for _ in 0..<10 { try fixture.add(day: day) }
        }
        let (published, continuation) = AsyncStream<Void>.makeStream()
        let faults = PipelineFaults.hookOnce(.publishAfter) { continuation.finish() }
        var world = try fixture.world(faults: faults)
        world.catalog = PipelineHookedCatalog(real: world.catalog) { page in
            // The third page is the third day.
            guard page == 3 else { return }
            for await _ in published {}
        }
        let outcome = try await fixture.run(in: world)
        outcome.expectBooks(migrated: 30)
        try fixture.expectSettled(fixture.files)
    }

    @Test func `More keys than shards may be open are migrated all the same`() async throws {
        let fixture = try PipelineFixture()
        fixture.settings.shardBits = try #require(ShardBits(12))
        fixture.settings.batchSize = 50
        fixture.fileDescriptors = 16
        for number in 0..<300 { try fixture.add(uid: "\(number % 150)", day: 0, second: number) }
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 300)
        try fixture.expectSettled(fixture.files)
        try fixture.expectOnly(fixture.files)
        #expect(outcome.result.shardsCreated >= 300)
    }

    @Test(.timeLimit(.minutes(5))) func `No more files are open in staging than the process may have`() async throws {
        let fixture = try PipelineFixture()
        fixture.settings.shardBits = try #require(ShardBits(12))
        fixture.fileDescriptors = 256
        // Each in a shard of its own or almost, so that one batch begins as many as it has files.
        for number in 0..<1200 { try fixture.add(bytes: [UInt8(number & 255)], name: "\(number)") }
        let staging = PipelineCountingStaging()
        var world = try fixture.world()
        world.staging = StagingFolder(path: fixture.staging, files: staging)
        try await fixture.run(in: world).expectBooks(migrated: 1200)
        let open = staging.open.value
        #expect(open.now == 0)
        #expect(open.atMost <= 192, "a quarter is left for sources, catalog and store")
    }

    @Test(arguments: [Codec.none, .zstd, .lz4])
    func `Files are stored with the codec, except those of skipped extensions`(codec: Codec) async throws {
        let fixture = try PipelineFixture()
        fixture.settings.compression = CompressionSettings(codec: codec, level: codec == .lz4 ? 0 : 3)
        fixture.settings.skippedExtensions = ["jpg", "gz"]
        let bytes = [UInt8](repeating: 65, count: 900)
        let names = [
            "a.txt": codec, "b.jpg": .none, "c.JPG": .none, "d.tar.gz": .none, "e": codec, "gz": codec,
            "f.jpg.txt": codec,
            "g.jpgx": codec, ".jpg": codec,
        ]
        for name in names.keys { try fixture.add(uid: name, bytes: bytes, name: name) }
        try await fixture.run().expectBooks(migrated: names.count)
        try fixture.expectSettled(fixture.files)
        let archive = try PipelineArchive(fixture.output)
        for (name, codec) in names where name != ".jpg" { #expect(archive[name]?.entry.codec == codec, "\(name)") }
    }

    @Test func `Chosen columns of the catalog are kept with the file`() async throws {
        let fixture = try PipelineFixture()
        fixture.settings.metaColumns = ["category", "score", "thumbnail"]
        let values: [[CatalogValue]] = [
            [.text("plain"), .real(1.5), .blob([0, 255])], [.null, .null, .null],
            [.text("\"quoted\" \\ \n \u{1} ü 文"), .integer(-3), .blob([])], [.text(""), .real(1e300), .text("text")],
        ]
        for meta in values { try fixture.add(meta: meta) }
        try await fixture.run().expectBooks(migrated: 4)
        try fixture.expectSettled(fixture.files)
        let archive = try PipelineArchive(fixture.output)
        let metas = try fixture.files.map { file in
            let entry = try #require(archive[file.uid])
            #expect(entry.entry.meta.crc32 == CRC32(of: file.bytes))
            return try #require(
                try JSONSerialization.jsonObject(with: Data(entry.entry.meta.json.utf8)) as? [String: Any]
            )
        }
        for (meta, file) in zip(metas, fixture.files) {
            #expect(meta["created_at"] as? String == file.createdAt.rfc3339)
            #expect(Set(meta.keys) == ["created_at", "crc32", "category", "score", "thumbnail"])
        }
        #expect(metas[0]["category"] as? String == "plain" && metas[0]["score"] as? Double == 1.5)
        #expect(metas[0]["thumbnail"] as? String == "00ff")
        #expect(metas[1].values.count { $0 is NSNull } == 3)
        #expect(metas[2]["category"] as? String == "\"quoted\" \\ \n \u{1} ü 文" && metas[2]["score"] as? Int == -3)
        #expect(metas[3]["category"] as? String == "" && metas[3]["score"] as? Double == 1e300)
        #expect(metas[3]["thumbnail"] as? String == "text")
    }

    @Test func `A memory budget that cannot hold a file below the big-file threshold is an error`() async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(1)
        fixture.settings.memoryBudget = 8 << 20
        fixture.settings.bigFileThreshold = 10 << 20
        let error = await #expect(throws: PlanError.self) { try await fixture.run() }
        let message = try #require(error?.description)
        #expect(message.contains("pipeline.memory_budget") && message.contains("packer.big_file_threshold_bytes"))
        #expect(try fixture.table.markedIDs().isEmpty)
    }

    @Test func `A small budget is enough for files that together are many times as large`() async throws {
        let fixture = try PipelineFixture()
        fixture.settings.memoryBudget = 40 << 20
        fixture.settings.bigFileThreshold = 1 << 20
        for number in 0..<60 { try fixture.add(bytes: PipelineFile.bytes(1 << 20, seed: number)) }
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 60)
        #expect(outcome.result.bigFiles == 0)
        try fixture.expectSettled(fixture.files)
    }
}
