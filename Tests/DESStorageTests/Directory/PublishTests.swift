import DESBase
import DESStorage
import DESTestSupport
import Glibc
import Testing

@Suite struct PublishTests {
    let staging: TemporaryFolder
    let folder: TemporaryFolder
    let store: DirectoryStore

    init() throws {
        staging = try TemporaryFolder()
        folder = try TemporaryFolder()
        try FileSystem.createFolder(folder("store"))
        store = DirectoryStore(root: folder("store"), threads: ThreadPool(name: "des-test", count: 2))
    }

    private func stage(_ key: String, _ text: String, as name: String? = nil) throws -> StagedFile {
        let name = name ?? key
        try staging.write(name, text)
        return StagedFile(path: staging(name), key: key, size: UInt64(text.utf8.count))
    }

    private func publish(_ file: StagedFile) async throws -> PublishOutcome {
        let outcomes = await store.publish([file])
        #expect(outcomes.count == 1)
        return try #require(outcomes.first).get()
    }

    private func code(_ file: StagedFile) async -> StorageError.Code? {
        await #expect(throws: StorageError.self) { _ = try await publish(file) }?.code
    }

    @Test(arguments: ["a.des", "_bigFiles/hash"])
    func `a store whose folder is missing is not made anew: its disk may not be mounted`(key: String) async throws {
        let missing = DirectoryStore(root: folder("mnt/disk"), threads: ThreadPool(name: "des-test", count: 1))
        let file = try stage(key, "shard", as: "staged")
        await #expect(throws: StorageError.self) { _ = try await missing.publish([file]).first?.get() }
        #expect(try FileSystem.status(folder("mnt")) == nil)
        await #expect(throws: StorageError.self) { try await missing.prepare() }
    }

    @Test func `once another folder is in the place of the store, nothing is published into it`() async throws {
        try await store.prepare()
        #expect(try await publish(stage("a.des", "shard")) == .created)
        #expect(rename(folder("store"), folder("unmounted")) == 0)
        try FileSystem.createFolder(folder("store"))
        let next = try stage("b.des", "shard")
        await #expect(throws: StorageError.self) { try await publish(next) }
        #expect(try folder.names(in: "store") == [])
        // The next cycle looks anew.
        try await store.prepare()
        #expect(try await publish(stage("b.des", "shard", as: "again")) == .created)
    }

    @Test func `a folder or a dangling link under the key is a conflict`() async throws {
        try FileSystem.createDirectory(folder("store/folder"))
        #expect(symlink(folder("none"), folder("store/dangling")) == 0)
        #expect(await code(try stage("folder", "shard")) == .conflict)
        #expect(await code(try stage("dangling", "shard")) == .conflict)
        #expect(try FileSystem.status(folder("none")) == nil)
    }

    @Test func `a file in the place of the folder is an error and stays`() async throws {
        try folder.write("store/_bigFiles", "a file")
        #expect(await code(try stage("_bigFiles/hash", "big", as: "copy")) == .failed)
        #expect(try folder.text(of: "store/_bigFiles") == "a file")
    }

    @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
    func `a store without write permission is unwritable`() async throws {
        try FileSystem.createDirectory(folder("store"))
        chmod(folder("store"), 0o500)
        defer { chmod(folder("store"), 0o700) }
        let error = await #expect(throws: StorageError.self) { _ = try await publish(stage("a.des", "shard")) }
        #expect(error?.code == .unwritable)
        #expect(error?.isStoreUnwritable == true)
    }

    @Test(arguments: ["../a", "a/../../b", "..", ".", "a/./b", "/etc/x", "a\u{0}b", "sub/.."])
    func `a key that leads out is refused`(key: String) async throws {
        try staging.write("file", "x")
        #expect(await code(StagedFile(path: staging("file"), key: key, size: 1)) == .invalidKey)
        #expect(try folder.names() == ["store"])
        #expect(try folder.names(in: "store") == [])
    }
}
