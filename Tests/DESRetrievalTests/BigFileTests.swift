import DESRetrieval
import DESTestSupport
import Testing

/// Files beside their shards: no wrong byte is ever given.
@Suite(.timeLimit(.minutes(5))) struct BigFileTests {
    let store = MemoryStore()
    let clock = TestClock()
    private let contents = Self.contents
    private let file = Self.file

    // Made once, and by copying: it takes long in a debug build.
    private static let contents: [UInt8] = {
        var block = TestFile.bytes(1 << 18, seed: 3)
        var contents: [UInt8] = []
        for number in UInt8(0)..<20 {
            block[7] = number
            contents += block
        }
        return contents + block.prefix(77)
    }()
    private static let file = TestFile(uid: "5", contents: contents, bigFile: true)
    private static let key = "_bigFiles/\(file.sha256)"

    private func find(_ bytes: [UInt8]) async throws -> (Retriever, StoredFile) {
        store.put(try makeShard([file]), file.prefix + "01JD0000000000000000000001.des")
        store.put(bytes, key)
        let retriever = Retriever(store: store, clock: clock)
        return (retriever, try #require(try await retriever.find(file.request)))
    }

    private var key: String { Self.key }

    private func bytes(_ retriever: Retriever, _ file: StoredFile, _ range: Range<UInt64>?) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await retriever.forEachPiece(of: file, range: range) { bytes += $0 }
        return bytes
    }

    @Test(
        arguments: [
            nil, 0..<1, 0..<262_144, 262_143..<262_145, 1_000_000..<2_500_000, 5_242_880..<5_242_957,
            5_242_956..<5_242_957,
            0..<5_242_957,
        ] as [Range<UInt64>?])
    func `any range is given byte for byte, and the file is proved once`(range: Range<UInt64>?) async throws {
        let (retriever, found) = try await find(contents)
        let expected = range.map { Array(contents[Int($0.lowerBound)..<Int($0.upperBound)]) } ?? contents
        _ = store.takeCalls()
        #expect(try await bytes(retriever, found, range) == expected)
        let first = store.takeCalls().count
        #expect(try await bytes(retriever, found, range) == expected)
        let second = store.takeCalls()
        #expect(first - second.count == 2)
    }

    @Test(
        arguments: [0, 262_143, 262_144, 3_000_000, 5_242_956],
        [nil, 0..<10, 1_000_000..<2_000_000] as [Range<UInt64>?])
    func `of a damaged file nothing is given, wherever the damage is`(
        position: Int, range: Range<UInt64>?
    ) async throws {
        var damaged = contents
        damaged[position] ^= 0x10
        let (retriever, found) = try await find(damaged)
        var given = 0
        for _ in 0..<2 {
            await #expect {
                try await retriever.forEachPiece(of: found, range: range) { given += $0.count }
            } throws: { ($0 as? RetrievalError)?.code == .damaged && ($0 as? RetrievalError)?.uid == "5" }
        }
        #expect(given == 0)
        // It is not read whole again for each who asks, but it is when it may have been mended.
        _ = store.takeCalls()
        await #expect(throws: RetrievalError.self) { try await bytes(retriever, found, range) }
        #expect(store.takeCalls().isEmpty)
        store.put(contents, key)
        clock.advance(by: .seconds(31))
        #expect(try await bytes(retriever, found, 0..<10) == Array(contents[..<10]))
    }

    @Test func `a file that is damaged after it was proved gives what is right, and nothing wrong`() async throws {
        let (retriever, found) = try await find(contents)
        #expect(try await bytes(retriever, found, 0..<10).count == 10)
        var damaged = contents
        damaged[3_000_000] ^= 1
        store.put(damaged, key)
        #expect(try await bytes(retriever, found, 0..<1_000_000) == Array(contents[..<1_000_000]))
        await #expect { try await bytes(retriever, found, 2_999_990..<2_999_999) } throws: {
            ($0 as? RetrievalError)?.code == .damaged
        }
        var given: [UInt8] = []
        await #expect(throws: RetrievalError.self) {
            try await retriever.forEachPiece(of: found) { given += $0 }
        }
        #expect(given == Array(contents[..<given.count]) && given.count < 3_000_000)
        store.put(contents, key)
        #expect(try await bytes(retriever, found, nil) == contents)
    }

    @Test func `many who ask at once wait for one proof`() async throws {
        let (retriever, found) = try await find(contents)
        _ = store.takeCalls()
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for number in 0..<8 {
                let start = UInt64(number) * 500_000
                group.addTask { try await bytes(retriever, found, start..<(start + 500_000)) }
            }
            var sum = 0
            for try await part in group { sum += part.count }
            #expect(sum == 4_000_000)
        }
        let proofReads = store.takeCalls().filter { call in
            if case .read(_, let range) = call { range.count > 1 << 20 } else { false }
        }
        #expect(proofReads.count == 2)
    }

    @Test func `an entry with another checksum is damage, though the file is that of its name`() async throws {
        let other = TestFile(uid: "261", contents: contents, bigFile: true)
        store.put(try makeShard([other], crc32OfBigFiles: 7), other.prefix + "01JD0000000000000000000001.des")
        store.put(contents, key)
        let retriever = Retriever(store: store, clock: clock)
        let found = try #require(try await retriever.find(other.request))
        await #expect { try await bytes(retriever, found, 0..<10) } throws: {
            ($0 as? RetrievalError)?.code == .damaged
        }
    }
}
