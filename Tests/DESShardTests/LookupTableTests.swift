import DESShard
import DESTestSupport
import Foundation
import Testing

@Suite struct LookupTableTests {
    private var nothing: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    /// Small shards with a table: entries of all kinds.
    static func writeMixed(count: Int, to sink: MemorySink, moreUIDs: [String] = [], metaSize: Int = 0) throws
        -> [String]
    {
        let writer = ShardWriter(name: "mixed.des", sink: sink, lookupThreshold: 0)
        var generator = TestRandom(seed: UInt64(count))
        let uids = (0..<count).map { "file \($0)/zażółć-\(generator.next())" } + moreUIDs
        for (number, uid) in uids.enumerated() {
            let filler = (0..<(number == count / 2 ? metaSize : 0)).map { _ in
                Character(UnicodeScalar(UInt8(97 + generator.next() % 26)))
            }
            let meta = Array((number % 3 == 0 ? "" : #"{"n":\#(number),"x":"\#(String(filler))"}"#).utf8)
            try meta.withUnsafeBytes { meta in
                if number % 5 == 1 {
                    try writer.appendBigFile(
                        uid: uid, sha256: String(repeating: "ab", count: 32), size: UInt64(number), meta: meta)
                } else {
                    let payload = Array("payload \(number)".utf8)
                    try payload.withUnsafeBytes {
                        try writer.append(uid: uid, stored: $0, codec: .none, size: UInt64($0.count), meta: meta)
                    }
                }
            }
        }
        let estimate = writer.sizeInBytes
        try writer.finish()
        #expect(writer.writtenBytes == UInt64(sink.bytes.count))
        #expect(writer.writtenBytes <= estimate)
        return uids
    }

    @Test(arguments: [(1, 0), (2, 0), (256, 0), (257, 0), (3_000, 0), (300, 3 << 20)])
    func `every entry is found by the table just as by the index`(count: Int, metaSize: Int) throws {
        let sink = MemorySink()
        // Two names of one CRC-32, two that are the same to a reader of text, the empty one and a very long one.
        let more = ["plumless", "buckeroo", "caf\u{E9}", "cafe\u{301}", "", String(repeating: "x", count: 65_535)]
        let uids = try Self.writeMixed(count: count, to: sink, moreUIDs: more, metaSize: metaSize)
        let shard = StoredShard(sink.bytes)
        let tail = try shard.tail()
        let index = try shard.index(tail)
        let table = try #require(shard.table(tail))
        #expect(table.entryCount == uids.count)
        #expect(table.dataEnd < tail.indexStart)
        var leaves: [Int: LookupLeaf] = [:]
        for uid in uids {
            let (number, range) = table.leafRange(ofUID: uid)
            let leaf = try leaves[number] ?? table.leaf(number, stored: shard.read(range))
            leaves[number] = leaf
            let entry = try leaf.entry(uid: uid)
            #expect(entry?.uid.utf8.elementsEqual(uid.utf8) == true)
            #expect(try entry == index.entry(uid: uid))
        }
        #expect(leaves.values.reduce(0) { $0 + $1.count } == uids.count)
        for number in 0..<500 {
            let uid = "absent \(number)"
            #expect(try shard.entry(uid) == nil)
        }
    }

    @Test func `a shard gets a table from 4,097 entries on, and its size is never above the estimate`() throws {
        let sink = MemorySink()
        let writer = ShardWriter(name: "edge.des", sink: sink)
        func append(_ number: Int) throws {
            try writer.append(uid: "\(number)", stored: nothing, codec: .none, size: 0, meta: nothing)
        }
        for number in 0..<4_096 { try append(number) }
        let estimate = writer.sizeInBytes
        try writer.finish()
        #expect(writer.writtenBytes <= estimate)
        let without = StoredShard(sink.bytes)
        let tail = try without.tail()
        #expect(without.table(tail) == nil)
        // Nothing but header, index and footer.
        #expect(UInt64(sink.bytes.count) == 8 + tail.indexSize + 12)

        let larger = MemorySink()
        let second = ShardWriter(name: "edge.des", sink: larger)
        for number in 0..<4_097 {
            // Who asks before appending whether there is room has to hear of the table in time.
            let before = second.sizeInBytes
            try second.append(uid: "\(number)", stored: nothing, codec: .none, size: 0, meta: nothing)
            if number == 4_096 { #expect(second.sizeInBytes - before < 200) }
        }
        let largerEstimate = second.sizeInBytes
        try second.finish()
        #expect(second.writtenBytes <= largerEstimate)
        let with = StoredShard(larger.bytes)
        #expect(with.table(try with.tail())?.entryCount == 4_097)
        #expect(try with.entry("4096") != nil)
    }

    @Test func `a cold read of one file out of very many takes four small reads`() throws {
        #if DEBUG
        let count = 200_000
        #else
        let count = 1_000_000
        #endif
        let sink = MemorySink()
        let writer = ShardWriter(name: "large.des", sink: sink)
        let payload = Array("payload".utf8)
        let meta = Array(#"{"created_at":"2024-01-02T03:04:05Z","crc32":"3f2e7ad0"}"#.utf8)
        for number in 0..<count {
            try payload.withUnsafeBytes { payload in
                try meta.withUnsafeBytes {
                    try writer.append(uid: "\(number * 256)-name", stored: payload, codec: .none, size: 7, meta: $0)
                }
            }
        }
        try writer.finish()
        for number in [0, 77_777, count - 1, count] {
            let shard = StoredShard(sink.bytes)
            let entry = try shard.entry("\(number * 256)-name")
            #expect((entry != nil) == (number < count))
            #expect(shard.reads == 3)
            #expect(shard.readBytes < 160 << 10)
        }
    }

    @Test func `whole files come through the table as they were written`() throws {
        let files = ShardRoundTripTests.files(count: 400, seed: 11)
        let shard = StoredShard(try makeShard(files, lookupThreshold: 100))
        for file in files { #expect(try shard.contents(file.uid) == file.contents) }
        let folder = try TemporaryFolder()
        let reader = try ShardReader(path: folder.write("table.des", shard.bytes))
        #expect(try reader.index.entries().map(\.uid) == files.map(\.uid))
        reader.verify { if case .failure(let error) = $0 { Issue.record("\(error)") } }
        #expect(try reader.verifyLookupTable())
        #expect(try !ShardReader(path: folder.write("none.des", makeShard(files))).verifyLookupTable())
        var damaged = shard.bytes
        let tail = try shard.tail()
        damaged[Int(try #require(shard.table(tail)).dataEnd) + 50] ^= 1
        let other = try ShardReader(path: folder.write("damaged.des", damaged))
        #expect(throws: ShardError.self) { try other.verifyLookupTable() }
    }

    @Test func `a payload that ends like a table is not taken for one`() throws {
        // A table over other entries, made by somebody who knows everything about the shard it is put into.
        let sink = MemorySink()
        _ = try Self.writeMixed(count: 20, to: sink)
        let victim = StoredShard(sink.bytes)
        let tail = try victim.tail()
        let forged = Array(sink.bytes[8..<Int(tail.indexStart)])
        let files: [(uid: String, contents: [UInt8])] = [("first", [1]), ("forged", forged)]
        let bytes = try makeShard(files, compression: CompressionSettings(codec: .none))
        let shard = StoredShard(bytes)
        let found = try shard.tail()
        #expect(shard.table(found) == nil)
        // The writer has put zeros after it: the forged trailer is not where a trailer would be.
        #expect(bytes[Int(found.indexStart) - 36..<Int(found.indexStart)].allSatisfy { $0 == 0 })
        for file in files { #expect(try shard.contents(file.uid) == file.contents) }

        // Where an older writer made the shard, there are no zeros: then the index does not fit.
        var older = bytes
        older.removeSubrange(Int(found.indexStart) - 36..<Int(found.indexStart))
        let old = StoredShard(older)
        let oldTail = try old.tail()
        #expect(
            Array(older[Int(oldTail.indexStart) - 36..<Int(oldTail.indexStart)].prefix(8)) == Array("DESLKUP1".utf8))
        #expect(old.table(oldTail) == nil)
        for file in files { #expect(try old.contents(file.uid) == file.contents) }
    }

    @Test func `the region before INDEX never leaves the file`() {
        #expect(LookupTable.region(indexStart: 8) == 8..<8)
        #expect(LookupTable.region(indexStart: 3) == 3..<3)
        #expect(LookupTable.region(indexStart: 0) == 0..<0)
        #expect(LookupTable.region(indexStart: 100) == 8..<100)
        #expect(LookupTable.region(indexStart: 1 << 30).count == 32_804)
    }
}
