import DESBase
import DESRetrieval
import DESRouting
import DESS3
import DESShard
import DESStorage
import DESTestSupport
import Foundation
import Testing

/// Reading from real stores.
@Suite(.timeLimit(.minutes(5))) struct StoreTests {
    static func suffix(_ number: Int) -> String { "01JD000000000000000000000\(number).des" }

    @Test func `a local directory: cold, warm, without waiting, and a shard that is added`() async throws {
        let folder = try StoreFolder()
        let files = TestFile.sameShard(50, size: 4096)
        try folder.put(try makeShard(Array(files[..<25])), files[0].prefix + Self.suffix(1))
        let retriever = Retriever(store: folder.store)
        #expect(retriever.cachedFile(files[0].request) == nil)
        #expect(try await retriever.file(uid: files[0].uid, createdAt: files[0].request.createdAt) == files[0].contents)
        let found = try #require(retriever.cachedFile(files[1].request))
        // Just written, so it is in the page cache.
        var bytes = [UInt8](repeating: 0, count: Int(found.size))
        #expect(bytes.withUnsafeMutableBytes { retriever.readCached(found, into: $0) })
        #expect(bytes == files[1].contents)
        try folder.put(try makeShard(Array(files[25...])), files[0].prefix + Self.suffix(2))
        #expect(retriever.cachedFile(files[30].request) == nil)
        #expect(
            try await retriever.file(uid: files[30].uid, createdAt: files[30].request.createdAt) == files[30].contents)
        #expect(retriever.cachedFile(files[30].request) != nil)
        // Who has the file open reads on.
        try folder.remove(files[0].prefix + Self.suffix(1))
        #expect(try await retriever.file(uid: files[2].uid, createdAt: files[2].request.createdAt) == files[2].contents)
    }

    @Test func `a directory that is gone is an error, not an empty store`() async throws {
        let folder = try StoreFolder()
        let file = TestFile(uid: "5", contents: [1])
        let retriever = Retriever(
            store: DirectoryStore(
                root: folder.path + "/missing", threads: folder.threads, keepsNames: true))
        await #expect { try await retriever.find(file.request) } throws: {
            ($0 as? RetrievalError)?.code == .unavailable
        }
        await #expect(throws: RetrievalError.self) { try await retriever.checkStore() }
    }

    @Test func `big files of a local directory, and a uid that looks like a way out of it`() async throws {
        let folder = try StoreFolder()
        let contents = TestFile.bytes(2 << 20 | 5, seed: 1)
        let file = TestFile(uid: "../x", contents: contents, bigFile: true)
        try folder.put(try makeShard([file]), file.prefix + Self.suffix(1))
        try folder.put(contents, "_bigFiles/\(file.sha256)")
        let retriever = try Retriever(place: folder.path, environment: [:])
        #expect(try await retriever.file(uid: "../x", createdAt: file.request.createdAt) == contents)
    }

    @Test func `a place that names no bucket is refused`() {
        let error = #expect(throws: RetrievalError.self) { try Retriever(place: "s3:///prefix", environment: [:]) }
        #expect(error?.code == .refused)
    }

    @Test func `one process's shard that another replaced: an old handle never gives new bytes`() async throws {
        let folder = try StoreFolder()
        let file = TestFile(uid: "5", contents: [1, 2, 3])
        let key = file.prefix + Self.suffix(1)
        try folder.put(try makeShard([file]), key)
        let retriever = Retriever(store: folder.store, settings: RetrieverSettings(listingLifetime: .zero))
        #expect(try await retriever.file(uid: "5", createdAt: file.request.createdAt) == [1, 2, 3])
        try folder.put(try makeShard([TestFile(uid: "261", contents: [9]), file]), key)
        #expect(try await retriever.file(uid: "261", createdAt: file.request.createdAt) == [9])
        #expect(try await retriever.file(uid: "5", createdAt: file.request.createdAt) == [1, 2, 3])
    }

    @Test func `S3: a real server, through the public library`() async throws {
        let server = try S3TestServer.shared()
        let prefix = "r-\(UUID().uuidString)"
        let files = TestFile.sameShard(20)
        let place = S3Backend(
            bucket: server["BUCKET"], prefix: prefix, region: server["REGION"], endpointURL: server["URL"],
            keys: .init(accessKeyID: server["ACCESS_KEY"], secretAccessKey: server["SECRET_KEY"]))
        let big = TestFile(uid: "5005", contents: TestFile.bytes(1 << 20 | 99, seed: 2), bigFile: true)
        try await upload(try makeShard(files), "\(prefix)/\(files[0].prefix)\(Self.suffix(1))", server)
        try await upload(try makeShard([big]), "\(prefix)/\(big.prefix)\(Self.suffix(1))", server)
        try await upload(big.contents, "\(prefix)/_bigFiles/\(big.sha256)", server)
        for retriever in [
            try Retriever(s3: place, environment: [:]),
            try Retriever(
                zones: [
                    ZoneBackend(
                        name: "a", shards: 0...4,
                        place: S3Backend(
                            bucket: server["BUCKET"], prefix: "none-\(prefix)", region: server["REGION"],
                            endpointURL: server["URL"], keys: place.keys)),
                    ZoneBackend(name: "b", shards: 5...255, place: place),
                ], environment: [:]),
        ] {
            try await retriever.checkStore()
            for file in files + [big] {
                #expect(try await retriever.file(uid: file.uid, createdAt: file.request.createdAt) == file.contents)
            }
            #expect(try await retriever.find(TestFile(uid: "77", contents: []).request) == nil)
            // Replaced under its name, as only older programs do: the condition of the read notices it.
            try await upload(
                try makeShard(files.reversed()), "\(prefix)/\(files[0].prefix)\(Self.suffix(1))", server)
            #expect(
                try await retriever.file(uid: files[3].uid, createdAt: files[3].request.createdAt) == files[3].contents)
        }
    }

    @Test func `S3: no bucket and wrong keys are refusals, not unknown files`() async throws {
        let server = try S3TestServer.shared()
        let file = TestFile(uid: "5", contents: [1])
        let keys = S3Backend.Keys(accessKeyID: server["ACCESS_KEY"], secretAccessKey: server["SECRET_KEY"])
        let noBucket = try Retriever(
            s3: S3Backend(bucket: "no-such-bucket", endpointURL: server["URL"], keys: keys), environment: [:])
        await #expect { try await noBucket.find(file.request) } throws: { ($0 as? RetrievalError)?.code == .refused }
        let wrongKeys = try Retriever(
            s3: S3Backend(
                bucket: server["BUCKET"], endpointURL: server["URL"],
                keys: .init(accessKeyID: server["ACCESS_KEY"], secretAccessKey: "not-the-secret")), environment: [:])
        await #expect {
            try await wrongKeys.find(file.request)
        } throws: { error in
            (error as? RetrievalError)?.code == .refused && !"\(error)".contains("not-the-secret")
        }
    }

    @Test(arguments: [(4, 8), (8, 4), (8, 11), (5, 8)])
    func `shards that were written with another number of bits are noticed`(written: Int, read: Int) async throws {
        let folder = try StoreFolder()
        let bits = try #require(ShardBits(written))
        for number in 0..<60 {
            let file = TestFile(uid: "doc-\(number)", contents: [1])
            let key = ShardKey(uid: file.uid, createdAt: file.request.createdAt, bits: bits)
            try folder.put(try makeShard([file]), key.namePrefix + Self.suffix(1))
        }
        func problem(_ count: Int) async throws -> BitsProblem? {
            let settings = RetrieverSettings(bits: try #require(ShardBits(count)))
            return try await Retriever(store: folder.store, settings: settings).bitsProblem()
        }
        #expect(try await problem(written) == nil)
        let problem = try #require(try await problem(read))
        // Between numbers of as many digits chance lets some shards fit.
        #expect(problem.concernsAll || bits.hexDigits == ShardBits(read)?.hexDigits || written == 5)
    }

    @Test func `an empty store says nothing of bits`() async throws {
        let folder = try StoreFolder()
        #expect(try await Retriever(store: folder.store).bitsProblem() == nil)
    }

    private func upload(_ bytes: [UInt8], _ key: String, _ server: DatabaseServer) async throws {
        let endpoint = try #require(S3Endpoint(url: server["URL"], region: server["REGION"]))
        let keys = S3StaticCredentials(accessKeyID: server["ACCESS_KEY"], secretAccessKey: server["SECRET_KEY"])
        let client = S3Client(
            S3Settings(endpoint: endpoint), credentials: S3CredentialChain([keys]),
            http: try CurlTransport(HTTPSettings(proxy: .none)), threads: ThreadPool(name: "des-test", count: 1))
        _ = try await client.putObject(S3Location(bucket: server["BUCKET"], key: key), .bytes(bytes))
    }

    @Test func `a place without a shard and without the mark of a store is not ready`() async throws {
        let folder = try StoreFolder()
        let retriever = Retriever(store: folder.store)
        await #expect(throws: RetrievalError.self) { try await retriever.checkStore() }
        try Data("name\nn_bits 8\n".utf8).write(to: URL(filePath: "\(folder.path)/\(StoreMark.key)"))
        try await retriever.checkStore()
    }
}
