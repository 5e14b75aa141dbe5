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

    @Test func `a file appears under its key, and the staged one stays`() async throws {
        #expect(try await publish(stage("a.des", "shard")) == .created)
        #expect(try folder.text(of: "store/a.des") == "shard")
        #expect(try staging.text(of: "a.des") == "shard")
        #expect(try folder.names(in: "store") == ["a.des"])
    }

    @Test func `missing folders below that of the store are created`() async throws {
        #expect(try await publish(stage("_bigFiles/deep/er/hash", "big", as: "copy")) == .created)
        #expect(try folder.text(of: "store/_bigFiles/deep/er/hash") == "big")
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

    @Test func `an empty file is a file`() async throws {
        #expect(try await publish(stage("empty", "")) == .created)
        #expect(try await publish(stage("empty", "", as: "again")) == .alreadyThere)
    }

    @Test func `publishing again finds it there`() async throws {
        let file = try stage("a.des", "shard")
        #expect(try await publish(file) == .created)
        #expect(try await publish(file) == .alreadyThere)
    }

    @Test func `another file of the same content is there already`() async throws {
        try folder.write("store/a.des", "shard")
        #expect(try await publish(stage("a.des", "shard")) == .alreadyThere)
    }

    @Test(arguments: ["other", "SHARD", "", "shard and more"]) func `other content under the key is left as it is`(
        existing: String
    ) async throws {
        try folder.write("store/a.des", existing)
        #expect(await code(try stage("a.des", "shard")) == .conflict)
        #expect(try folder.text(of: "store/a.des") == existing)
        #expect(try staging.text(of: "a.des") == "shard")
        #expect(try folder.names(in: "store") == ["a.des"])
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

    @Test func `a staged file that is missing is an error and leaves nothing behind`() async throws {
        let missing = StagedFile(path: staging("none"), key: "sub/a.des", size: 5)
        #expect(await code(missing) == .notFound)
        #expect(try FileSystem.status(folder("store/sub/a.des")) == nil)
    }

    @Test(arguments: [0, 4, 6] as [UInt64]) func `a staged file that is not of its size is not published`(
        size: UInt64
    ) async throws {
        try staging.write("a.des", "shard")
        let file = StagedFile(path: staging("a.des"), key: "a.des", size: size)
        // The second try must not find what the first one has left.
        for _ in 0..<2 { await #expect(throws: StorageError.self) { _ = try await publish(file) } }
        #expect(try FileSystem.status(folder("store/a.des")) == nil)
    }

    @Test(arguments: ["../a", "a/../../b", "..", ".", "a/./b", "/etc/x", "a\u{0}b", "sub/.."])
    func `a key that leads out is refused`(key: String) async throws {
        try staging.write("file", "x")
        #expect(await code(StagedFile(path: staging("file"), key: key, size: 1)) == .invalidKey)
        #expect(try folder.names() == ["store"])
        #expect(try folder.names(in: "store") == [])
    }

    @Test func `of several files each has its own outcome, in their order`() async throws {
        try folder.write("store/conflict", "other")
        try folder.write("store/there", "same")
        let files = [
            try stage("new", "1"), try stage("conflict", "2"),
            StagedFile(path: staging("none"), key: "missing", size: 1),
            try stage("there", "same"), StagedFile(path: staging("new"), key: "../out", size: 1),
            try stage("sub/new", "3", as: "third"),
        ]
        let outcomes = await store.publish(files).map { outcome -> String in
            switch outcome {
            case .success(let outcome): "\(outcome)"
            case .failure(let error): "\(error.key) \(error.code)"
            }
        }
        #expect(
            outcomes == [
                "created", "conflict conflict", "missing notFound", "alreadyThere", "../out invalidKey", "created",
            ])
    }

    @Test func `no files have no outcomes`() async {
        #expect(await store.publish([]).isEmpty)
    }

    @Test(arguments: [true, false]) func `of two who publish under one key one creates it`(isSame: Bool) async throws {
        for round in 0..<50 {
            let files = try (0..<2).map { number in
                try stage("\(round).des", isSame ? "same" : "file \(number)", as: "\(round)-\(number)")
            }
            async let first = store.publish([files[0]])
            async let second = store.publish([files[1]])
            let outcomes = (await first + second)
            let created = outcomes.count { (try? $0.get()) == .created }
            #expect(created == 1)
            for outcome in outcomes {
                switch outcome {
                case .success(.created): break
                case .success(.alreadyThere): #expect(isSame)
                case .failure(let error): #expect(!isSame && error.code == .conflict)
                }
            }
        }
    }
}
