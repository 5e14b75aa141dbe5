import DESBase
import DESShard
import DESTestSupport
import Testing

@Suite struct ShardRoundTripTests {
    static let settings = [
        CompressionSettings(codec: .none), CompressionSettings(codec: .zstd, level: 3),
        CompressionSettings(codec: .zstd, level: -5), CompressionSettings(codec: .zstd, level: 19),
        CompressionSettings(codec: .lz4, level: 0), CompressionSettings(codec: .lz4, level: 9),
    ]

    /// Files of many sizes, some that compress and some that do not, from a seed.
    static func files(count: Int, seed: UInt64) -> [(uid: String, contents: [UInt8])] {
        var generator = TestRandom(seed: seed)
        return (0..<count).map { number in
            let size = number % 7 == 0 ? 0 : Int(generator.next() % 3000) * (number % 50 == 1 ? 40 : 1)
            let isText = generator.next() % 2 == 0
            let contents = (0..<size).map { _ -> UInt8 in
                let value = generator.next()
                return isText ? UInt8(97 + value % 4) : UInt8(truncatingIfNeeded: value)
            }
            return ("file \(number)/zażółć-\(generator.next())", contents)
        }
    }

    @Test(arguments: settings)
    func `what is written is read back, whatever the codec`(settings: CompressionSettings) throws {
        let folder = try TemporaryFolder()
        let files = Self.files(count: 300, seed: 7)
        for bufferSize in [1, 1000, 64 << 10] {
            let path = try folder.write(
                "\(bufferSize).des", makeShard(files, compression: settings, bufferSize: bufferSize)
            )
            let reader = try ShardReader(path: path)
            #expect(reader.index.version == 2)
            #expect(try reader.index.entries().map(\.uid) == files.map(\.uid))
            for file in files {
                #expect(try reader.contents(uid: file.uid) == file.contents)
            }
            var good = 0
            reader.verify { if case .success = $0 { good += 1 } }
            #expect(good == files.count)
            let entry = try #require(try reader.index.entry(uid: files[5].uid))
            #expect(entry.meta.createdAt == "2024-01-02T03:04:05Z")
            #expect(entry.meta.crc32 == files[5].contents.withUnsafeBytes { CRC32(of: $0) })
        }
    }

    @Test func `a payload that compression would not make smaller is stored as it is`() throws {
        var generator = TestRandom(seed: 3)
        let noise = (0..<1000).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        let folder = try TemporaryFolder()
        let path = try folder.write("a.des", makeShard([("a", noise), ("b", [])]))
        let reader = try ShardReader(path: path)
        #expect(try reader.index.entries().map(\.codec) == [.none, .none])
    }

    @Test func `a large payload that compresses extremely is decoded in pieces`() throws {
        let folder = try TemporaryFolder()
        let zeros = [UInt8](repeating: 0, count: 9 << 20)
        for codec in [Codec.zstd, .lz4] {
            let path = try folder.write(
                "\(codec).des", makeShard([("zeros", zeros)], compression: CompressionSettings(codec: codec, level: 0))
            )
            #expect(try ShardReader(path: path).contents(uid: "zeros") == zeros)
        }
    }

    @Test func `a uid of 65,535 bytes fits, a longer one and a second one are refused`() throws {
        let writer = ShardWriter(name: "x.des", sink: MemorySink())
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        func append(_ uid: String) throws {
            try writer.append(uid: uid, stored: nothing, codec: .none, size: 0, meta: nothing)
        }
        try append(String(repeating: "x", count: 65_535))
        #expect(throws: ShardError.self) { try append(String(repeating: "y", count: 65_536)) }
        let error = #expect(throws: ShardError.self) { try append(String(repeating: "x", count: 65_535)) }
        #expect(error?.code == .duplicateUID)
        #expect(writer.contains(uid: String(repeating: "x", count: 65_535)))
        #expect(!writer.contains(uid: "x"))
        #expect(writer.entryCount == 1)
    }

    @Test func `an empty shard is read`() throws {
        let folder = try TemporaryFolder()
        let reader = try ShardReader(path: folder.write("empty.des", makeShard([])))
        #expect(reader.index.count == 0)
        #expect(reader.sizeInBytes == 24)
        #expect(try reader.contents(uid: "") == nil)
    }
}
