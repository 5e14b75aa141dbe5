import DESShard
import Testing

@Suite struct IndexMemoryTests {
    private func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    private func index(version: UInt8, count: Int, uidLength: Int) throws -> (ShardIndex, size: Int) {
        let storage = ByteBuffer()
        func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { storage.append($0) } }
        append(little(UInt32(count)))
        let meta = Array(#"{"created_at":"2024-01-02T03:04:05Z","crc32":"3f2e7ad0"}"#.utf8)
        let fields = little(UInt64(8)) + little(UInt64(0)) + [0] + little(UInt64(0)) + little(UInt64(0))
        for number in 0..<count {
            let digits = Array(String(number).utf8)
            append(little(UInt16(uidLength)) + [UInt8](repeating: 48, count: uidLength - digits.count) + digits)
            if version == 2 { append([0]) }
            append(fields)
            if version == 2 { append(little(UInt32(meta.count)) + meta) }
        }
        let exact = ByteBuffer(capacity: storage.count)
        exact.append(storage.bytes)
        let index = try ShardIndex(storage: exact, version: version, indexStart: 8, file: "memory.des", seed: 1)
        return (index, exact.count)
    }

    @Test(arguments: [(1, 8), (2, 12), (2, 30)], [10_000, 10_923])
    func `an index takes at most 1.2 times its bytes`(entry: (version: UInt8, uidLength: Int), count: Int) throws {
        let (index, size) = try index(version: entry.version, count: count, uidLength: entry.uidLength)
        #expect(Double(index.sizeInBytes) <= Double(size) * 1.2)
        #expect(index.count == count)
    }

    @Test(arguments: [32, 0])
    func `a table finds all uids and no other, with narrow and with wide slots`(narrowBits: Int) {
        let bytes = ByteBuffer()
        var places: [Int] = []
        for number in 0..<1_000 {
            places.append(bytes.count)
            let uid = Array("uid \(number)".utf8)
            bytes.append(littleEndian: UInt16(uid.count))
            uid.withUnsafeBytes { bytes.append($0) }
        }
        var table = PackedUIDTable(count: 1_000, byteCount: bytes.count, seed: 9, narrowBits: narrowBits)
        func uid(_ place: Int) -> UnsafeRawBufferPointer {
            let length = Int(bytes.bytes[place])
            return bytes.bytes((place + 2)..<(place + 2 + length))
        }
        for place in places {
            #expect(table.insert(hash: table.hash(uid(place)), place: place, in: bytes.bytes) == nil)
        }
        for place in places { #expect(table.find(uid(place), in: bytes.bytes) == place) }
        for number in 1_000..<2_000 {
            let absent = Array("uid \(number)".utf8)
            #expect(absent.withUnsafeBytes { table.find($0, in: bytes.bytes) } == nil)
        }
        #expect(table.sizeInBytes == 1_501 * (narrowBits == 0 ? 8 : 4))
        withExtendedLifetime(bytes) {}
    }
}
