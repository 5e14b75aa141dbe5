import DESBase
import DESStorage
import DESTestSupport
import Glibc
import Testing

@Suite struct DirectoryStoreTests {
    let folder: TemporaryFolder
    let store: DirectoryStore

    init() throws {
        folder = try TemporaryFolder()
        store = DirectoryStore(root: folder.path, threads: ThreadPool(name: "des-test", count: 2))
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `a store is called by its folder`() {
        #expect(store.name == folder.path)
        #expect(store.root == folder.path)
    }

    @Test func `the folder itself is no object`() async throws {
        #expect(try await store.attributes(of: "") == nil)
    }

    @Test func `not to know is an error, not a nil`() async throws {
        #expect(symlink(folder("loop"), folder("loop")) == 0)
        let error = await #expect(throws: StorageError.self) { try await store.attributes(of: "loop") }
        #expect(error?.code == .failed)
        let tooLong = String(repeating: "n", count: 300)
        await #expect(throws: StorageError.self) { try await store.attributes(of: tooLong) }
    }

    @Test func `a folder is no object to read`() async throws {
        try FileSystem.createDirectory(folder("sub"))
        await #expect(throws: StorageError.self) { try await store.read("sub") }
        await #expect(throws: StorageError.self) { try await store.checksum(of: "sub") }
    }

    @Test func `a folder is no object to delete`() async throws {
        try folder.folder("sub")
        await #expect(throws: StorageError.self) { try await store.delete("sub") }
        #expect(try folder.names() == ["sub"])
    }

    @Test(arguments: ["..", "../secret", "a/../../secret", "./a", "/etc/passwd", "a\u{0}"])
    func `a key that leads out is refused by every call`(key: String) async throws {
        func code(_ body: () async throws -> Void) async -> StorageError.Code? {
            await #expect(throws: StorageError.self) { try await body() }?.code
        }
        #expect(await code { _ = try await store.attributes(of: key) } == .invalidKey)
        #expect(await code { _ = try await store.checksum(of: key) } == .invalidKey)
        #expect(await code { _ = try await store.read(key) } == .invalidKey)
        #expect(await code { _ = try await store.read(key, range: 0..<1) } == .invalidKey)
        #expect(await code { _ = try await store.readTail(key, count: 1) } == .invalidKey)
        #expect(await code { _ = try await store.list(prefix: key, after: nil, limit: 1) } == .invalidKey)
        #expect(await code { try await store.delete(key) } == .invalidKey)
    }

    @Test(arguments: ["a..b", "...", "..a", "a...des", "ключ", "with space"]) func `dots inside a name are no way out`(
        key: String
    ) async throws {
        try folder.write(key, "x")
        #expect(text(try await store.read(key)) == "x")
    }
}
