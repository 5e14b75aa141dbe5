import DESBase
import DESS3
import DESStorage
import Testing

@Suite("A store in S3", .timeLimit(.minutes(5)))
struct S3StoreTests {
    let fixture: S3Fixture
    let store: S3Store

    init() throws {
        fixture = try S3Fixture()
        store = try fixture.store()
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

    @Test("A missing bucket is an error, and no missing object")
    func missing() async throws {
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

    @Test("What is published is read back if that is asked for")
    func readBack() async throws {
        let store = try fixture.store(readsBack: true)
        for size in [10, 7 << 20] {
            #expect(
                await store.publish([try fixture.staged("k\(size)", S3Fixture.bytes(size))]) == [.success(.created)])
        }
    }
}
