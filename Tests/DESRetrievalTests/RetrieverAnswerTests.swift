import DESBase
import DESRetrieval
import DESShard
import DESStorage
import DESTestSupport
import Testing

/// Which file is given, and when none is.
@Suite(.timeLimit(.minutes(5))) struct RetrieverAnswerTests {
    let store = MemoryStore()
    let clock = TestClock()

    func retriever(_ settings: RetrieverSettings = RetrieverSettings()) -> Retriever {
        Retriever(store: store, settings: settings, clock: clock)
    }

    func suffix(_ number: Int) -> String { "01JD000000000000000000000\(number).des" }

    @Test func `of several files of one uid and day the one of the time asked for is given`() async throws {
        let old = TestFile(uid: "5", createdAt: "2024-01-02T03:04:05Z", contents: [1])
        let new = TestFile(uid: "5", createdAt: "2024-01-02T09:00:00.000001Z", contents: [2])
        store.put(try makeShard([old]), old.prefix + suffix(1))
        store.put(try makeShard([new]), old.prefix + suffix(2))
        let retriever = retriever()
        #expect(try await retriever.file(uid: "5", createdAt: old.request.createdAt) == [1])
        #expect(try await retriever.file(uid: "5", createdAt: new.request.createdAt) == [2])
        // A time that none has: the newest shard's.
        let other = try #require(Timestamp(parsing: "2024-01-02T00:00:00Z"))
        #expect(try await retriever.file(uid: "5", createdAt: other) == [2])
        let anotherDay = try #require(Timestamp(parsing: "2024-01-03T03:04:05Z"))
        #expect(try await retriever.file(uid: "5", createdAt: anotherDay) == nil)
    }

    @Test func `shards of older writers, with counters, are older than ours`() async throws {
        let old = TestFile(uid: "5", createdAt: "2024-01-02T01:00:00Z", contents: [1])
        let newer = TestFile(uid: "5", createdAt: "2024-01-02T02:00:00Z", contents: [2])
        store.put(try makeShard([old]), old.prefix + "0000.des")
        store.put(try makeShard([newer]), old.prefix + "0010.des")
        let other = try #require(Timestamp(parsing: "2024-01-02T00:00:00Z"))
        #expect(try await retriever().file(uid: "5", createdAt: other) == [2])
        let newest = TestFile(uid: "5", createdAt: "2024-01-02T02:30:00Z", contents: [3])
        store.put(try makeShard([newest]), old.prefix + suffix(1))
        #expect(try await retriever().file(uid: "5", createdAt: other) == [3])
        // The clock of the last writer had gone back: its shard is the newest, its file is not.
        let older = TestFile(uid: "5", createdAt: "2024-01-02T00:30:00Z", contents: [4])
        store.put(try makeShard([older]), old.prefix + suffix(2))
        #expect(try await retriever().file(uid: "5", createdAt: other) == [3])
    }

    @Test func `a file whose shard appears later is found at once, though its listing is kept`() async throws {
        let first = TestFile(uid: "5", contents: [1])
        let later = TestFile(uid: "261", contents: [2])
        store.put(try makeShard([first]), first.prefix + suffix(1))
        let retriever = retriever()
        #expect(try await retriever.file(uid: "5", createdAt: first.request.createdAt) == [1])
        clock.advance(by: .milliseconds(1))
        store.put(try makeShard([later]), first.prefix + suffix(2))
        #expect(try await retriever.file(uid: "261", createdAt: later.request.createdAt) == [2])
    }

    @Test func `that there is no such file is known for a short time only`() async throws {
        let file = TestFile(uid: "5", contents: [1])
        store.put(
            try makeShard([TestFile(uid: "6", contents: [1])]), TestFile(uid: "6", contents: []).prefix + suffix(1))
        let retriever = retriever(RetrieverSettings(negativeLifetime: .seconds(2)))
        try await retriever.checkStore()
        _ = store.takeCalls()
        #expect(try await retriever.find(file.request) == nil)
        #expect(store.takeCalls().count == 1)
        clock.advance(by: .seconds(1))
        #expect(try await retriever.find(file.request) == nil)
        #expect(store.takeCalls().isEmpty)
        store.put(try makeShard([file]), file.prefix + suffix(1))
        clock.advance(by: .seconds(2))
        #expect(try await retriever.file(uid: "5", createdAt: file.request.createdAt) == [1])
    }

    @Test func `a store that is down is an error, never an unknown file`() async throws {
        let file = TestFile(uid: "5", contents: [1])
        store.put(try makeShard([file]), file.prefix + suffix(1))
        let retriever = retriever()
        store.fail(StorageError(.failed, key: "", isTransient: true, "connection refused"))
        await #expect { try await retriever.find(file.request) } throws: {
            ($0 as? RetrievalError)?.code == .unavailable
        }
        await #expect(throws: RetrievalError.self) { try await retriever.checkStore() }
        store.fail(nil)
        #expect(try await retriever.file(uid: "5", createdAt: file.request.createdAt) == [1])
        store.fail(StorageError(.failed, key: "", isTransient: true, "connection refused"))
        let unknown = TestFile(uid: "261", contents: []).request
        clock.advance(by: .milliseconds(1))
        await #expect { try await retriever.find(unknown) } throws: { ($0 as? RetrievalError)?.code == .unavailable }
        store.fail(StorageError(.failed, key: "", "access denied"))
        await #expect { try await retriever.find(unknown) } throws: { ($0 as? RetrievalError)?.code == .refused }
    }

    @Test func `a damaged shard is an error for the files that may be in it, and for no others`() async throws {
        let whole = TestFile(uid: "5", contents: [1])
        let broken = TestFile(uid: "261", contents: [2])
        store.put(try makeShard([whole]), whole.prefix + suffix(1))
        var bytes = try makeShard([broken])
        bytes[bytes.count - 1] ^= 0xFF
        store.put(bytes, whole.prefix + suffix(2))
        let retriever = retriever()
        #expect(try await retriever.file(uid: "5", createdAt: whole.request.createdAt) == [1])
        await #expect { try await retriever.find(broken.request) } throws: { ($0 as? RetrievalError)?.code == .damaged }
    }

    @Test func `in a large shard with a damaged index, what is not found is an error, not unknown`() async throws {
        let files = TestFile.sameShard(20_000, size: 10)
        let shard = try makeShard(files)
        let place = TestFile(uid: "5", contents: []).prefix + suffix(1)
        // A uid in the last part of the index, which the lookup table vouches for.
        let uid = Array(files[19_990].uid.utf8)
        let start = try #require(
            (0..<(shard.count - uid.count)).last { Array(shard[$0..<($0 + uid.count)]) == uid })
        var damaged = shard
        damaged[start] ^= 3
        store.put(damaged, place)
        let retriever = retriever()
        await #expect {
            try await retriever.find(files[19_990].request)
        } throws: { ($0 as? RetrievalError)?.code == .damaged }
        #expect(try await retriever.file(uid: "5", createdAt: files[0].request.createdAt) == files[0].contents)
    }

    @Test func `a damaged payload is an error, and its bytes are not given`() async throws {
        let files = TestFile.sameShard(3, size: 2000)
        var bytes = try makeShard(files, codec: .none)
        bytes[8 + 2000 + 77] ^= 1
        store.put(bytes, files[0].prefix + suffix(1))
        let retriever = retriever()
        #expect(try await retriever.file(uid: files[0].uid, createdAt: files[0].request.createdAt) == files[0].contents)
        await #expect { try await retriever.file(uid: files[1].uid, createdAt: files[1].request.createdAt) } throws: {
            ($0 as? RetrievalError)?.code == .damaged
        }
        var outcomes: [Int: Bool] = [:]
        try await retriever.files(files.map(\.request)) { position, outcome in
            if case .contents(_, let bytes) = outcome {
                outcomes[position] = bytes == files[position].contents
            } else if case .failed(let error) = outcome {
                #expect(error.code == .damaged)
            }
        }
        #expect(outcomes == [0: true, 2: true])
    }

    @Test func `a shard that was replaced or removed since it was listed is looked for again`() async throws {
        let file = TestFile(uid: "5", contents: [1, 2, 3])
        let other = TestFile(uid: "261", contents: [9])
        store.put(try makeShard([file]), file.prefix + suffix(1))
        let retriever = retriever()
        #expect(try await retriever.file(uid: "5", createdAt: file.request.createdAt) == [1, 2, 3])
        store.put(try makeShard([other, file]), file.prefix + suffix(1))
        #expect(try await retriever.file(uid: "5", createdAt: file.request.createdAt) == [1, 2, 3])
        store.remove(file.prefix + suffix(1))
        store.put(try makeShard([file]), file.prefix + suffix(2))
        #expect(try await retriever.file(uid: "5", createdAt: file.request.createdAt) == [1, 2, 3])
    }

    @Test func `big files come in pieces, each checked before it is given`() async throws {
        let contents = TestFile.bytes(3 << 20 | 17, seed: 3)
        let file = TestFile(uid: "5", contents: contents, bigFile: true)
        store.put(try makeShard([file]), file.prefix + suffix(1))
        store.put(contents, "_bigFiles/\(file.sha256)")
        let retriever = retriever()
        let found = try #require(try await retriever.find(file.request))
        #expect(found.isBigFile)
        var sizes: [Int] = []
        var bytes: [UInt8] = []
        try await retriever.forEachPiece(of: found) { piece in
            sizes.append(piece.count)
            bytes += piece
        }
        #expect(bytes == contents)
        #expect(sizes == [1 << 20, 1 << 20, 1 << 20, 17])
        bytes = []
        try await retriever.forEachPiece(of: found, range: 1_000_000..<2_500_000) { bytes += $0 }
        #expect(bytes == Array(contents[1_000_000..<2_500_000]))

        var damaged = contents
        damaged[5] ^= 1
        store.put(damaged, "_bigFiles/\(file.sha256)")
        var delivered = 0
        await #expect(throws: RetrievalError.self) {
            try await retriever.forEachPiece(of: found) { delivered += $0.count }
        }
        #expect(delivered == 0)
        store.remove("_bigFiles/\(file.sha256)")
        await #expect { try await retriever.file(uid: "5", createdAt: file.request.createdAt) } throws: {
            ($0 as? RetrievalError)?.code == .damaged
        }
    }

    @Test(arguments: [
        "", "../../etc/passwd", "/etc/passwd", "a\u{0}b", String(repeating: "u", count: 8192), "日本語", "é",
    ])
    func `strange uids are only unknown, or found byte for byte`(uid: String) async throws {
        let other = TestFile(uid: "other", contents: [1])
        store.put(try makeShard([other]), other.prefix + suffix(2))
        let retriever = retriever()
        #expect(try await retriever.find(TestFile(uid: uid, contents: []).request) == nil)
        let file = TestFile(uid: uid + "x", contents: [7])
        store.put(try makeShard([file]), file.prefix + suffix(1))
        #expect(try await retriever.file(uid: file.uid, createdAt: file.request.createdAt) == [7])
    }

    @Test func `uids that only look the same are different files`() async throws {
        let composed = TestFile(uid: "\u{E9}", contents: [1])
        store.put(try makeShard([composed]), composed.prefix + suffix(1))
        let decomposed = TestFile(uid: "e\u{301}", contents: [])
        #expect(try await retriever().find(decomposed.request) == nil)
    }
}
