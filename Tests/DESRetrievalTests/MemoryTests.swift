import DESBase
import DESShard
import DESStorage
import DESTestSupport
import Testing

@testable import DESRetrieval

/// How much is in memory at a time, whoever asks for how much and takes it how slowly.
@Suite(.timeLimit(.minutes(5))) struct MemoryTests {
    private struct Gone: Error {}

    /// Counts damages, which are found when a file is decoded.
    private struct DecodeCounter: RetrievalObserver {
        let damages = Counter()
        func storeRead(_ kind: StoreReadKind, bytes: Int, succeeded: Bool) {}
        func indexLookup(_ level: CacheLevel, isHit: Bool) {}
        func cacheSize(bytes: Int, entries: Int) {}
        func damaged(_ message: String) { damages.increment() }
        func sharedCacheFailed(_ message: String) {}
    }

    enum Way: CaseIterable { case contents, pieces, range, bigFile, batch, bigFileInBatch }

    private let store = MemoryStore()

    private func retriever(_ memoryBytes: Int, observer: any RetrievalObserver = SilentObserver()) -> Retriever {
        Retriever(
            store: store, settings: RetrieverSettings(memoryBytes: memoryBytes), observer: observer,
            clock: TestClock())
    }

    private func put(_ files: [TestFile], codec: Codec = .zstd, changing: (inout [UInt8]) -> Void = { _ in }) throws {
        var shard = try makeShard(files, codec: codec)
        changing(&shard)
        store.put(shard, files[0].prefix + "01JD0000000000000000000000.des")
        for file in files where file.bigFile { store.put(file.contents, "_bigFiles/\(file.sha256)") }
    }

    @Test(arguments: Way.allCases, [false, true])
    func `what is delivered counts until it is taken, also by somebody who goes away`(way: Way, leaves: Bool)
        async throws
    {
        let size = 300_000
        let isBig = way == .bigFile || way == .bigFileInBatch
        let file = TestFile(uid: "5", contents: Array(repeating: 7, count: size), bigFile: isBig)
        try put([file], codec: .none)
        let retriever = retriever(64 << 20)
        let found = try #require(try await retriever.find(file.request))
        var held: [Int] = []
        func take() throws {
            held.append(retriever.memory.held)
            if leaves { throw Gone() }
        }
        do {
            switch way {
            case .contents: try await retriever.withContents(of: found) { _ in try take() }
            case .pieces, .bigFile: try await retriever.forEachPiece(of: found) { _ in try take() }
            case .range: try await retriever.forEachPiece(of: found, range: 5..<9) { _ in try take() }
            case .batch: try await retriever.files([file.request]) { _, _ in try take() }
            case .bigFileInBatch:
                try await retriever.files([file.request]) { _, _ in
                    try await retriever.forEachPiece(of: found) { _ in try take() }
                }
            }
            #expect(!leaves)
        } catch is Gone {}
        #expect(!held.isEmpty)
        #expect(held.allSatisfy { $0 >= size })
        #expect(retriever.memory.held == 0)
        #expect(retriever.loadingMemory.held == 0)
    }

    @Test func `of the files of a batch each is decoded only when it is delivered`() async throws {
        let files = TestFile.sameShard(50, size: 5000)
        try put(files) { shard in
            // The payloads stand in front. All but the first are damaged, which is told when they are decoded.
            let first = CompressedSize.of(files[0])
            for position in stride(from: first + 60, to: CompressedSize.of(files[0]) * 49, by: 20) {
                shard[position] ^= 1
            }
        }
        let observer = DecodeCounter()
        let retriever = retriever(64 << 20, observer: observer)
        var failed = 0
        // One of them often, as a small request may ask for very much.
        let requests = files.map(\.request) + Array(repeating: files[20].request, count: 100)
        try await retriever.files(requests) { _, outcome in
            if case .failed = outcome { failed += 1 }
            #expect(observer.damages.value == failed)
        }
        #expect(failed > 100)
    }

    @Test func `a batch leaves memory to others`() async throws {
        // Each in a shard of its own.
        let files = (1...40).map { TestFile(uid: String($0), contents: Array(repeating: UInt8($0), count: 300_000)) }
        for file in files { try put([file], codec: .none) }
        let retriever = retriever(16 << 20)
        _ = store.takeCalls()
        var delivered = 0
        var largest = 0
        try await retriever.files(files.map(\.request)) { _, outcome in
            if case .contents = outcome {} else { Issue.record("\(outcome)") }
            for _ in 0..<100 { await Task.yield() }
            delivered += 1
            largest = max(largest, retriever.memory.held)
        }
        #expect(delivered == files.count)
        #expect(largest <= 3 << 20)
        #expect(largest > 2 * 600_000)
        #expect(retriever.memory.held == 0)
    }

    @Test func `who gets no memory for too long is told so, and what needs none goes on`() async throws {
        let contents = [UInt8](repeating: 7, count: 300_000)
        let files = [TestFile(uid: "5", contents: contents), TestFile.sameShard(2, size: 1000)[1]]
        try put(files, codec: .none)
        let retriever = retriever(16 << 20)
        let held = try #require(retriever.memory.acquireNow(.max))
        // The index of a shard that is not known yet.
        let found = try #require(try await retriever.find(files[0].request))
        await #expect {
            try await retriever.withContents(of: found) { _ in Issue.record("it was read") }
        } throws: {
            ($0 as? RetrievalError)?.code == .overloaded
        }
        var outcomes: [String] = ["", ""]
        try await retriever.files(files.map(\.request)) { position, outcome in
            switch outcome {
            case .contents: outcomes[position] = "contents"
            case .failed(let error): outcomes[position] = "\(error.code)"
            default: break
            }
        }
        // Neighbours are read together.
        #expect(outcomes == ["overloaded", "overloaded"])
        let small = try await retriever.file(uid: files[1].uid, createdAt: files[1].request.createdAt)
        #expect(small == files[1].contents)
        retriever.memory.release(held)
        let large = try await retriever.file(uid: files[0].uid, createdAt: files[0].request.createdAt)
        #expect(large == files[0].contents)
        #expect(retriever.memory.held == 0)
    }
}

/// What a file takes in a shard.
private enum CompressedSize {
    static func of(_ file: TestFile) -> Int {
        let stored = ByteBuffer()
        _ = file.contents.withUnsafeBytes {
            PayloadCompressor(CompressionSettings(codec: .zstd)).append($0, to: stored)
        }
        return stored.count
    }
}
