import DESBase
import DESRetrieval
import DESRouting
import DESShard
import DESStorage
import DESTestSupport
import Foundation
import Glibc
import Synchronization
import Testing

/// "There is no such file" is only said of the store, never of what is in its place.
@Suite(.timeLimit(.minutes(5))) struct StorePlaceTests {
    private func suffix(_ number: Int) -> String { "01JD000000000000000000000\(number).des" }

    private func expectUnavailable(_ comment: Comment, _ body: () async throws -> Void) async {
        let error = await #expect(throws: RetrievalError.self, comment) { try await body() }
        #expect(error?.code == .unavailable, "\(comment): \(String(describing: error))")
    }

    @Test(arguments: [true, false])
    func `a folder that was replaced by an empty one does not answer for the files of the store`(isMarked: Bool)
        async throws
    {
        let folder = try StoreFolder()
        let big = TestFile(uid: "5", contents: TestFile.bytes(70_000, seed: 1), bigFile: true)
        let files = TestFile.sameShard(4, number: 6)
        try folder.put(try makeShard(Array(files[..<3])), files[0].prefix + suffix(1))
        try folder.put(try makeShard([big]), big.prefix + suffix(1))
        try folder.put(big.contents, "_bigFiles/\(big.sha256)")
        if isMarked { try folder.put(Array("name\nn_bits 8\n".utf8), StoreMark.key) }
        let observer = FailureCounter()
        let store = DirectoryStore(root: folder.path, threads: folder.threads, keepsNames: true)
        let retriever = Retriever(store: store, observer: observer)
        #expect(try await retriever.file(uid: files[0].uid, createdAt: files[0].request.createdAt) == files[0].contents)
        let foundBig = try #require(try await retriever.find(big.request))
        // Known to be unknown, for a short while.
        #expect(try await retriever.find(files[3].request) == nil)
        #expect(observer.failures == 0)

        try FileSystem.renameNew(folder.path, to: folder.path + ".away")
        defer { try? FileManager.default.removeItem(atPath: folder.path + ".away") }
        try FileSystem.createDirectory(folder.path)
        let unasked = TestFile(uid: "7", contents: []).request
        await expectUnavailable("a file that nobody asked for yet") { _ = try await retriever.find(unasked) }
        #expect(observer.failures == 1)
        await expectUnavailable("the probe") { try await retriever.checkStore() }
        await expectUnavailable("what was known to be unknown") { _ = try await retriever.find(files[3].request) }
        #expect(observer.failures == 2)
        await expectUnavailable("a big file") { try await retriever.forEachPiece(of: foundBig) { _ in } }
        // What is open is right, wherever it is by now.
        #expect(try await retriever.file(uid: files[1].uid, createdAt: files[1].request.createdAt) == files[1].contents)
        var outcomes: [Int: RetrievalError.Code?] = [:]
        try await retriever.files([files[2].request, files[3].request, unasked]) { position, outcome in
            if case .failed(let error) = outcome {
                outcomes[position] = error.code
            } else {
                outcomes[position] = .some(nil)
            }
        }
        #expect(outcomes == [0: nil, 1: .unavailable, 2: .unavailable])

        #expect(rmdir(folder.path) == 0)
        try FileSystem.renameNew(folder.path + ".away", to: folder.path)
        #expect(try await retriever.find(files[3].request) == nil)
        #expect(try await retriever.find(unasked) == nil)
        try await retriever.checkStore()
        #expect(try await retriever.file(uid: big.uid, createdAt: big.request.createdAt) == big.contents)
    }

    @Test func `a place that is no store knows of no file that it is unknown, until it is one`() async throws {
        let folder = try StoreFolder()
        let observer = FailureCounter()
        let store = DirectoryStore(root: folder.path, threads: folder.threads, keepsNames: true)
        let retriever = Retriever(store: store, observer: observer)
        let request = TestFile(uid: "5", contents: []).request
        for _ in 0..<2 { await expectUnavailable("no store") { _ = try await retriever.find(request) } }
        #expect(observer.failures == 2)
        try folder.put(Array("name\nn_bits 8\n".utf8), StoreMark.key)
        #expect(try await retriever.find(request) == nil)
    }

    @Test(arguments: [true, false])
    func `a store that comes later with another number of bits lacks no file`(isMarked: Bool) async throws {
        let folder = try StoreFolder()
        let retriever = Retriever(store: folder.store)
        let request = TestFile(uid: "doc-0", contents: []).request
        await expectUnavailable("no store") { _ = try await retriever.find(request) }
        let bits = try #require(ShardBits(4))
        for number in 0..<20 {
            let file = TestFile(uid: "doc-\(number)", contents: [1])
            let key = ShardKey(uid: file.uid, createdAt: file.request.createdAt, bits: bits)
            try folder.put(try makeShard([file]), key.namePrefix + suffix(1))
        }
        if isMarked { try folder.put(Array("name\nn_bits 4\n".utf8), StoreMark.key) }
        for _ in 0..<2 {
            await #expect { try await retriever.find(request) } throws: {
                ($0 as? RetrievalError)?.code == .refused && "\($0)".contains("8 bits")
            }
            await #expect(throws: RetrievalError.self) { try await retriever.checkStore() }
        }
    }

    @Test func `while the store is known not to answer, nothing is unknown, and afterwards it is again`() async throws {
        let store = MemoryStore()
        let file = TestFile(uid: "5", contents: [1])
        store.put(try makeShard([file]), file.prefix + suffix(1))
        let retriever = Retriever(store: store, clock: TestClock())
        let unknown = TestFile(uid: "261", contents: []).request
        #expect(try await retriever.find(unknown) == nil)
        _ = store.takeCalls()
        #expect(try await retriever.find(unknown) == nil)
        #expect(store.takeCalls().isEmpty)
        store.fail(StorageError(.failed, key: "", isTransient: true, "connection refused"))
        await expectUnavailable("the probe") { try await retriever.checkStore() }
        await expectUnavailable("known to be unknown") { _ = try await retriever.find(unknown) }
        store.fail(nil)
        // It is looked at again, nobody need probe it.
        #expect(try await retriever.find(unknown) == nil)
        _ = store.takeCalls()
        #expect(try await retriever.find(unknown) == nil)
        #expect(store.takeCalls().isEmpty)
    }
}

/// Counts requests to the store that failed.
private final class FailureCounter: RetrievalObserver {
    private let count = Mutex(0)
    var failures: Int { count.withLock { $0 } }

    func storeRead(_ kind: StoreReadKind, bytes: Int, succeeded: Bool) {
        if !succeeded { count.withLock { $0 += 1 } }
    }
    func indexLookup(_ level: CacheLevel, isHit: Bool) {}
    func cacheSize(bytes: Int, entries: Int) {}
    func damaged(_ message: String) {}
    func sharedCacheFailed(_ message: String) {}
}
