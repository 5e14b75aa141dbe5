import DESBase
import DESShard
import DESTestSupport
import Testing

@Suite struct DamagedLookupTests {
    private let bytes: [UInt8]
    private let uids: [String]

    init() throws {
        let sink = MemorySink()
        uids = try LookupTableTests.writeMixed(count: 12, to: sink)
        bytes = sink.bytes
    }

    private func expected() throws -> [String: ShardEntry] {
        let shard = StoredShard(bytes)
        let index = try shard.index(try shard.tail())
        return Dictionary(uniqueKeysWithValues: try index.entries().map { ($0.uid, $0) })
    }

    @Test func `a flipped bit anywhere in the table never gives a wrong entry`() throws {
        let expected = try expected()
        let shard = StoredShard(bytes)
        let tail = try shard.tail()
        let table = try #require(shard.table(tail))
        var used = 0
        for offset in Int(table.dataEnd)..<Int(tail.indexStart) {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[offset] ^= 1 << bit
                let other = StoredShard(damaged)
                let uid = uids[(offset + bit) % uids.count]
                if try other.entry(uid) != expected[uid] { Issue.record("byte \(offset), bit \(bit)") }
                if try other.entry("absent") != nil {
                    Issue.record("byte \(offset), bit \(bit): found what is not there")
                }
                if other.table(tail) != nil { used += 1 }
            }
        }
        // Only what is damaged in the leaf leaves a table in use.
        #expect(used == (Int(tail.indexStart) - 36 - 8 - Int(table.dataEnd)) * 8)
    }

    @Test func `a table of another index is not used`() throws {
        let shard = StoredShard(bytes)
        let tail = try shard.tail()
        let region = shard.read(LookupTable.region(indexStart: tail.indexStart))
        for offset in Int(tail.indexStart)..<(bytes.count - 12) {
            var other = bytes
            other[offset] ^= 1
            let otherTail = try ShardTail(other, fileSize: UInt64(other.count), file: "other.des")
            #expect(LookupTable(parsing: region, tail: otherTail) == nil)
        }
        // Too short a tail cannot tell.
        let short = try ShardTail(Array(bytes.suffix(40)), fileSize: UInt64(bytes.count), file: "short.des")
        #expect(LookupTable(parsing: region, tail: short) == nil)
    }

    @Test func `cut regions and leaves are refused`() throws {
        let shard = StoredShard(bytes)
        let tail = try shard.tail()
        let table = try #require(shard.table(tail))
        let region = shard.read(LookupTable.region(indexStart: tail.indexStart))
        for length in 0..<region.count {
            #expect(LookupTable(parsing: Array(region.prefix(length)), tail: tail) == nil)
            // The end of it is enough as long as ROOT is there.
            #expect((LookupTable(parsing: Array(region.suffix(length)), tail: tail) != nil) == (length >= 36 + 8))
        }
        let (number, range) = table.leafRange(ofUID: uids[0])
        let leaf = shard.read(range)
        for length in 0..<leaf.count {
            #expect(throws: ShardError.self) { try table.leaf(number, stored: Array(leaf.prefix(length))) }
        }
        #expect(throws: ShardError.self) { try table.leaf(number, stored: leaf + [0]) }
        #expect(throws: ShardError.self) { try table.leaf(1, stored: leaf) }
        #expect(throws: ShardError.self) { try table.leaf(-1, stored: leaf) }
    }

    /// Puts a table around a leaf and ROOT slot as somebody would who wants to harm the reader: all checksums are right.
    private func forge(
        leaf: [UInt8], size: UInt32? = nil, bits: UInt32 = 0, count: UInt32 = 12, indexSize: UInt64? = nil
    ) throws -> (StoredShard, ShardTail) {
        let shard = StoredShard(bytes)
        let tail = try shard.tail()
        let dataEnd = Int(try #require(shard.table(tail)).dataEnd)
        let index = Array(bytes[Int(tail.indexStart)..<(bytes.count - 12)])
        func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
            withUnsafeBytes(of: value.littleEndian) { Array($0) }
        }
        func checksum(_ bytes: [UInt8]) -> [UInt8] { little(bytes.withUnsafeBytes { CRC32(of: $0) }.value) }
        let root = little(size ?? UInt32(leaf.count)) + checksum(leaf)
        var trailer = Array("DESLKUP1".utf8) + little(bits) + little(count)
        trailer += little(indexSize ?? tail.indexSize) + checksum(root) + checksum(index)
        trailer += checksum(trailer)
        let forged = StoredShard(Array(bytes[..<dataEnd]) + leaf + root + trailer + index + bytes.suffix(12))
        return (forged, try ShardTail(forged.bytes, fileSize: UInt64(forged.bytes.count), file: "forged.des"))
    }

    private func frame(_ content: [UInt8]) -> [UInt8] {
        let output = ByteBuffer()
        _ = content.withUnsafeBytes {
            PayloadCompressor(CompressionSettings(codec: .zstd, level: 1)).append($0, to: output)
        }
        return Array(output.bytes)
    }

    @Test func `a table with right checksums and wrong numbers harms nobody`() throws {
        let shard = StoredShard(bytes)
        let genuine = try #require(shard.table(try shard.tail()))
        let leaf = shard.read(genuine.leafRange(ofUID: uids[0]).range)
        // As a check of the forger: with right numbers the table is one.
        let (good, goodTail) = try forge(leaf: leaf)
        #expect(try good.table(goodTail)?.entry(uid: uids[0], leaf: leaf) == shard.entry(uids[0]))

        let refused: [(StoredShard, ShardTail)] = [
            try forge(leaf: leaf, size: .max), try forge(leaf: leaf, size: UInt32(leaf.count + 4_000)),
            try forge(leaf: leaf, bits: 13), try forge(leaf: leaf, bits: 255), try forge(leaf: leaf, bits: 0x100),
            try forge(leaf: leaf, bits: 0x0100_0000), try forge(leaf: leaf, bits: 1), try forge(leaf: leaf, bits: 12),
            try forge(leaf: leaf, count: .max), try forge(leaf: leaf, indexSize: .max),
            try forge(leaf: leaf, indexSize: 0),
        ]
        for (number, (shard, tail)) in refused.enumerated() {
            #expect(shard.table(tail) == nil, "\(number)")
        }

        let zeros = [UInt8](repeating: 0, count: 4 << 20)
        let leaves: [[UInt8]] = [
            // More than the index can hold, not one frame, two of them, no content size, entries that do not end exactly.
            frame(zeros), Array("not a frame".utf8), leaf + leaf, leaf.dropLast(), frame(Array(zeros.prefix(100))),
            // Good entries, yet more than the index has room for; and a good frame with an empty one after it.
            frame((UInt8(97)...122).flatMap { entries(uid: $0, offset: 8) }),
            leaf + [0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0],
            // A frame header that claims 2^62 bytes.
            [0x28, 0xB5, 0x2F, 0xFD, 0xE0, 0, 0, 0, 0, 0, 0, 0, 0x40, 1, 0, 0], frame(entries(offset: 1 << 20)),
            frame(entries(offset: 8) + entries(offset: 8)),
        ]
        for (number, leaf) in leaves.enumerated() {
            let (shard, tail) = try forge(leaf: leaf)
            let table = try #require(shard.table(tail))
            #expect(throws: ShardError.self, "\(number)") { try table.entry(uid: "a", leaf: leaf) }
            #expect(try shard.entry("a") == nil)
        }

        // Whole in itself, yet not the table of this index: only a comparison shows it.
        let folder = try TemporaryFolder()
        for (name, entries, count) in [("other", entries(offset: 8), 12), ("few", [UInt8](), 12)] {
            let forged = try forge(leaf: entries.isEmpty ? [] : frame(entries), count: UInt32(count)).0
            let reader = try ShardReader(path: folder.write(name, forged.bytes))
            #expect(throws: ShardError.self) { try reader.verifyLookupTable() }
        }
        let whole = try ShardReader(path: folder.write("whole", bytes))
        #expect(try whole.verifyLookupTable())
    }

    /// One entry, "a" unless told otherwise, by hand, long enough for a frame to be smaller.
    private func entries(uid: UInt8 = 97, offset: UInt64) -> [UInt8] {
        func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
            withUnsafeBytes(of: value.littleEndian) { Array($0) }
        }
        let meta = Array(#"{"x":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}"#.utf8)
        return little(UInt16(1)) + [uid, 0] + little(offset) + little(UInt64(1)) + [0] + little(UInt64(1))
            + little(UInt64(1)) + little(UInt32(meta.count)) + meta
    }

    @Test func `random damage to the end of a shard gives the right entry, an error, or the index's answer`() throws {
        let expected = try expected()
        var generator = TestRandom(seed: 5)
        let shard = StoredShard(bytes)
        let end = try Int(shard.tail().indexStart)
        for _ in 0..<3_000 {
            var damaged = bytes
            for _ in 0...(generator.next() % 4) {
                damaged[Int(generator.next() % UInt64(end))] = UInt8(truncatingIfNeeded: generator.next())
            }
            // Reading a header that is damaged is an error of its own.
            damaged.replaceSubrange(0..<8, with: bytes[0..<8])
            let other = StoredShard(damaged)
            let uid = uids[Int(generator.next() % UInt64(uids.count))]
            #expect(try other.entry(uid) == expected[uid])
        }
        for _ in 0..<3_000 {
            var damaged = bytes
            damaged[end + Int(generator.next() % UInt64(bytes.count - end))] = UInt8(
                truncatingIfNeeded: generator.next())
            let other = StoredShard(damaged)
            // The index has no checksum; that nothing crashes is what is asked here.
            for uid in uids.prefix(3) { _ = try? other.entry(uid) }
        }
    }
}
