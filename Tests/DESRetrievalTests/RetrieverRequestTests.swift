import DESRetrieval
import DESShard
import DESStorage
import DESTestSupport
import Testing

/// What a read costs the store.
@Suite(.timeLimit(.minutes(5))) struct RetrieverRequestTests {
    let store = MemoryStore()
    let clock = TestClock()

    func retriever(_ settings: RetrieverSettings = RetrieverSettings()) -> Retriever {
        Retriever(store: store, settings: settings, clock: clock)
    }

    @Test(arguments: [Codec.zstd, .lz4, .none])
    func `the first read is a listing and two reads, every further one of that shard is one read`(
        codec: Codec
    ) async throws {
        let files = TestFile.sameShard(100, size: 4096)
        store.put(try makeShard(files, codec: codec), files[0].prefix + "01JD0000000000000000000000.des")
        let retriever = retriever()
        #expect(try await retriever.file(uid: files[3].uid, createdAt: files[3].request.createdAt) == files[3].contents)
        let cold = store.takeCalls()
        #expect(cold.count == 3)
        #expect(cold.first == .list(files[0].prefix))
        for file in files {
            #expect(try await retriever.file(uid: file.uid, createdAt: file.request.createdAt) == file.contents)
            #expect(store.takeCalls().count == 1)
        }
    }

    @Test func `looking a file up costs no read of its payload`() async throws {
        let files = TestFile.sameShard(10)
        store.put(try makeShard(files), files[0].prefix + "01JD0000000000000000000000.des")
        let retriever = retriever()
        let found = try #require(try await retriever.find(files[1].request))
        #expect(found.size == 1000)
        #expect(found.createdAt == files[1].createdAt)
        #expect(store.takeCalls().count == 2)
        _ = try await retriever.find(files[2].request)
        #expect(store.takeCalls().isEmpty)
    }

    @Test func `a thousand readers of one cold shard make one listing and one read of its index`() async throws {
        let files = TestFile.sameShard(1000, size: 50)
        store.put(try makeShard(files), files[0].prefix + "01JD0000000000000000000000.des")
        // The first request is answered only when all readers have begun.
        let begun = Counter()
        let count = files.count
        store.onCall { call in
            guard case .list = call else { return }
            while begun.value < count { await Task.yield() }
        }
        let retriever = retriever()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for file in files {
                group.addTask {
                    begun.increment()
                    return try await retriever.file(uid: file.uid, createdAt: file.request.createdAt) == file.contents
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        let calls = store.takeCalls()
        #expect(calls.filter { $0 == .list(files[0].prefix) }.count == 1)
        // Tail, the front of an index of more than 64 KiB, and a payload each.
        #expect(calls.count <= 1 + 2 + files.count)
    }

    @Test func `a reader that goes away does not take those along that wait for its read`() async throws {
        let files = TestFile.sameShard(2)
        store.put(try makeShard(files), files[0].prefix + "01JD0000000000000000000000.des")
        let isListing = Counter()
        let isCancelled = Counter()
        store.onCall { call in
            guard case .list = call else { return }
            isListing.increment()
            while isCancelled.value == 0 { await Task.yield() }
        }
        let retriever = retriever()
        let first = Task { try await retriever.find(files[0].request) }
        try await waitUntil { isListing.value > 0 }
        let second = Task { try await retriever.file(uid: files[1].uid, createdAt: files[1].request.createdAt) }
        for _ in 0..<100 { await Task.yield() }
        first.cancel()
        isCancelled.increment()
        _ = await first.result
        #expect(try await second.value == files[1].contents)
    }

    @Test func `a large shard is looked into through its lookup table: four reads and less than 256 KiB`() async throws
    {
        let files = TestFile.sameShard(20_000, size: 30)
        let shard = try makeShard(files)
        store.put(shard, files[0].prefix + "01JD0000000000000000000000.des")
        let retriever = retriever()
        let file = files[12_345]
        #expect(try await retriever.file(uid: file.uid, createdAt: file.request.createdAt) == file.contents)
        let reads = store.takeCalls().compactMap { call in if case .read(_, let range) = call { range } else { nil } }
        #expect(reads.count == 4)
        #expect(reads.reduce(0) { $0 + $1.count } < 256 << 10)
        // Another file of the same part of the index costs one read, and the last of all is found too.
        #expect(try await retriever.file(uid: file.uid, createdAt: file.request.createdAt) == file.contents)
        #expect(store.takeCalls().count == 1)
        let last = files[19_999]
        #expect(try await retriever.file(uid: last.uid, createdAt: last.request.createdAt) == last.contents)
        #expect(try await retriever.find(TestFile(uid: "99999999999997", contents: []).request) == nil)
    }

    @Test func `a damaged lookup table is passed over for the index`() async throws {
        let files = TestFile.sameShard(20_000, size: 10)
        var shard = try makeShard(files)
        let data = files.reduce(0) { $0 + $1.contents.count }
        for position in stride(from: data + 100, to: data + 200_000, by: 1000) { shard[position] ^= 1 }
        store.put(shard, files[0].prefix + "01JD0000000000000000000000.des")
        let retriever = retriever()
        for number in stride(from: 0, to: 20_000, by: 499) {
            let file = files[number]
            #expect(try await retriever.file(uid: file.uid, createdAt: file.request.createdAt) == file.contents)
        }
    }

    @Test func `many files of one batch are read with few requests`() async throws {
        let files = TestFile.sameShard(500, size: 3000) + TestFile.sameShard(200, size: 3000, number: 6)
        store.put(try makeShard(Array(files[..<500])), files[0].prefix + "01JD0000000000000000000000.des")
        store.put(try makeShard(Array(files[500...])), files[500].prefix + "01JD0000000000000000000000.des")
        let retriever = retriever()
        var requests = files.map(\.request)
        requests.append(TestFile(uid: "77777", contents: []).request)
        requests.append(files[0].request)
        var answers = Array(repeating: 0, count: requests.count)
        try await retriever.files(requests) { position, outcome in
            answers[position] += 1
            switch outcome {
            case .contents(_, let bytes):
                #expect(bytes == files[position == requests.count - 1 ? 0 : position].contents)
            case .unknown: #expect(position == requests.count - 2)
            default: Issue.record("unexpected \(outcome)")
            }
        }
        #expect(answers.allSatisfy { $0 == 1 })
        let reads = store.takeCalls().filter { if case .read = $0 { true } else { false } }
        #expect(reads.count <= 6)
    }
}
