import DESBase
import DESS3
import DESShard
import DESStorage
import DESTestSupport
import Testing

@Suite("A store in S3", .timeLimit(.minutes(5)))
struct S3StoreTests {
    let fixture: S3Fixture
    let store: S3Store

    init() throws {
        fixture = try S3Fixture()
        store = try fixture.store()
    }

    @Test("What is published is there with all its bytes", arguments: [0, 1, 100_000, 6 << 20, 6 << 20 + 1, 23 << 20])
    func publish(size: Int) async throws {
        let bytes = S3Fixture.bytes(size)
        #expect(await store.publish([try fixture.staged("20240101_0A_x.des", bytes)]) == [.success(.created)])
        let attributes = try #require(try await store.attributes(of: "20240101_0A_x.des"))
        #expect(attributes.size == UInt64(size))
        #expect((attributes.modifiedAt ?? 0) > 1_700_000_000)
        #expect(try await store.read("20240101_0A_x.des", range: 0..<UInt64(size)) == bytes)
        #expect(try await store.checksum(of: "20240101_0A_x.des") == bytes.withUnsafeBytes { CRC32(of: $0) })
        #expect(
            try fixture.folder.names().filter { $0 == "uploads" }.isEmpty || fixture.folder.names(in: "uploads") == [])
    }

    @Test("The same again is there already; another content is a conflict and stays", arguments: [1000, 7 << 20])
    func again(size: Int) async throws {
        let bytes = S3Fixture.bytes(size)
        var other = bytes
        other[size / 2] ^= 1
        #expect(await store.publish([try fixture.staged("k", bytes)]) == [.success(.created)])
        #expect(await store.publish([try fixture.staged("k", bytes)]) == [.success(.alreadyThere)])
        for content in [other, S3Fixture.bytes(size - 1), []] {
            let outcome = await store.publish([try fixture.staged("k", content)])[0]
            #expect(outcome.error?.code == .conflict)
            #expect(outcome.error?.isTransient == false)
        }
        #expect(try await store.read("k", range: 0..<UInt64(size)) == bytes)
    }

    @Test("Its content counts, not its entity tag: parts of another size are the same file")
    func otherParts() async throws {
        let bytes = S3Fixture.bytes(13 << 20)
        let settings = S3StoreSettings(
            bucket: store.settings.bucket, prefix: store.settings.prefix, multipartThreshold: 1, partSize: 7 << 20)
        let other = S3Store(settings, client: try fixture.client(), threads: fixture.threads)
        #expect(await other.publish([try fixture.staged("k", bytes)]) == [.success(.created)])
        #expect(await store.publish([try fixture.staged("k", bytes)]) == [.success(.alreadyThere)])
    }

    @Test("Whatever uploads are checked by, what is there already is found", arguments: S3Settings.Checksum.allCases)
    func checksums(checksum: S3Settings.Checksum) async throws {
        let store = S3Store(
            store.settings, client: try fixture.client(checksum: checksum), threads: fixture.threads)
        for size in [1000, 7 << 20] {
            let bytes = S3Fixture.bytes(size)
            #expect(await store.publish([try fixture.staged("k\(size)", bytes)]) == [.success(.created)])
            #expect(await store.publish([try fixture.staged("k\(size)", bytes)]) == [.success(.alreadyThere)])
        }
    }

    @Test("Many files have each an outcome of its own, in their order")
    func many() async throws {
        var files = try (0..<40).map { try fixture.staged("k\($0)", S3Fixture.bytes($0 + 1)) }
        files[7] = StagedFile(path: files[7].path, key: "k7", size: 5)
        files[9] = StagedFile(path: "/nonexistent/x", key: "k9", size: 5)
        let outcomes = await store.publish(files)
        #expect(outcomes.count == 40)
        #expect(outcomes[7].error?.code == .damaged)
        #expect(outcomes[9].error?.code == .notFound)
        for (number, outcome) in outcomes.enumerated() where number != 7 && number != 9 {
            #expect(outcome == .success(.created))
        }
        #expect(try await store.attributes(of: "k7") == nil)
    }

    @Test("Ranges and tails have as many bytes as are there")
    func ranges() async throws {
        _ = await store.publish([try fixture.staged("k", Array("0123456789".utf8))])
        func text(_ range: Range<UInt64>) async throws -> String {
            String(decoding: try await store.read("k", range: range), as: UTF8.self)
        }
        #expect(try await text(0..<3) == "012")
        #expect(try await text(8..<100) == "89")
        #expect(try await text(10..<20) == "")
        #expect(try await text(5..<5) == "")
        let tail = try await store.readTail("k", count: 4)
        #expect(tail.bytes == Array("6789".utf8) && tail.size == 10)
        #expect(try await store.readTail("k", count: 400).bytes.count == 10)
        #expect(try await store.readTail("k", count: 0).size == 10)
    }

    @Test("Missing is an answer, everything else an error")
    func missing() async throws {
        #expect(try await store.attributes(of: "none") == nil)
        let none = await #expect(throws: StorageError.self) { try await store.read("none") }
        #expect(none?.code == .notFound)
        let elsewhere = try fixture.store(bucket: "des-no-such-bucket")
        let bucket = await #expect(throws: StorageError.self) { try await elsewhere.attributes(of: "none") }
        #expect(bucket?.code == .failed && bucket?.message.contains("NoSuchBucket") == true)
        await #expect(throws: StorageError.self) { try await elsewhere.prepare() }
    }

    @Test("Who may not write is told so, and nothing more is tried")
    func reader() async throws {
        let reader = try fixture.store(isReader: true)
        try await reader.prepare()
        for size in [10, 7 << 20] {
            let error = await reader.publish([try fixture.staged("k", S3Fixture.bytes(size))])[0].error
            #expect(error?.isStoreUnwritable == true)
            #expect(error?.isTransient == false)
            #expect(error?.message.contains("s3:PutObject") == true)
        }
    }

    @Test("Lists are in the order of bytes, in pages, without the store's own prefix")
    func list() async throws {
        let keys = ["20240101_00_a.des", "20240101_00_b.des", "20240102_00_a.des", "_bigFiles/x", "a b+c%20?ü", "é"]
        _ = await store.publish(try keys.shuffled().map { try fixture.staged($0, [1, 2, 3]) })
        var found: [ObjectAttributes] = []
        var after: String?
        repeat {
            let page = try await store.list(prefix: "", after: after, limit: 2)
            #expect(page.objects.count <= 2)
            found += page.objects
            after = page.next
        } while after != nil
        #expect(found.map(\.key) == keys)
        #expect(found.allSatisfy { $0.size == 3 && $0.modifiedAt != nil })
        #expect(try await store.list(prefix: "20240101", after: nil, limit: 10).objects.count == 2)
        for key in keys {
            #expect(try await store.read(key) == [1, 2, 3])
            try await store.delete(key)
            try await store.delete(key)
        }
        #expect(try await store.list(prefix: "", after: nil, limit: 10).objects.isEmpty)
    }

    @Test("What is published is read back if that is asked for")
    func readBack() async throws {
        let store = try fixture.store(readsBack: true)
        for size in [10, 7 << 20] {
            #expect(
                await store.publish([try fixture.staged("k\(size)", S3Fixture.bytes(size))]) == [.success(.created)])
        }
    }
}
