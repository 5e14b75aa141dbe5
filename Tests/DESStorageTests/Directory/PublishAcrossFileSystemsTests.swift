import DESStorage
import DESSystem
import Glibc
import Testing

/// Where staging is on another file system than the store, publishing copies.
@Suite(.enabled(if: otherFileSystem != nil, "this machine has one file system")) struct PublishAcrossFileSystemsTests {
    let staging: TemporaryFolder
    let folder: TemporaryFolder
    let store: DirectoryStore

    init() throws {
        staging = try TemporaryFolder(in: try #require(otherFileSystem))
        folder = try TemporaryFolder()
        // Characters of several bytes, so that who counts the wrong ones is found out.
        store = DirectoryStore(root: folder("größe-éééé-目录目录目录"), threads: ThreadPool(name: "des-test", count: 2))
    }

    private var root: String { "größe-éééé-目录目录目录" }

    private func stage(_ key: String, _ text: String, as name: String? = nil) throws -> StagedFile {
        let name = name ?? key
        try staging.write(name, text)
        return StagedFile(path: staging(name), key: key, size: UInt64(text.utf8.count))
    }

    private func publish(_ file: StagedFile) async throws -> PublishOutcome {
        try #require(await store.publish([file]).first).get()
    }

    @Test func `a copy appears under the key, and nothing else`() async throws {
        let text = String(repeating: "large ", count: 500_000)
        #expect(try await publish(stage("sub/a.des", text, as: "a")) == .created)
        #expect(try folder.read("\(root)/sub/a.des") == text)
        #expect(try folder.names(in: "\(root)/sub") == ["a.des"])
        #expect(try staging.names() == ["a"])
        #expect(try await publish(stage("sub/a.des", text, as: "a")) == .alreadyThere)
    }

    @Test func `an empty file is copied`() async throws {
        #expect(try await publish(stage("empty", "")) == .created)
        #expect(try folder.read("\(root)/empty") == "")
    }

    @Test(arguments: ["", "half a sha", "a longer one than what is published"])
    func `a copy that another run began is thrown away`(left: String) async throws {
        try folder.write("\(root)/.a.des.partial", left)
        #expect(try await publish(stage("a.des", "shard")) == .created)
        #expect(try folder.read("\(root)/a.des") == "shard")
        #expect(try folder.names(in: root) == ["a.des"])
    }

    @Test func `what another run began for another file is left alone`() async throws {
        try folder.write("\(root)/.b.des.partial", "b")
        #expect(try await publish(stage("a.des", "shard")) == .created)
        #expect(try folder.names(in: root) == [".b.des.partial", "a.des"])
    }

    @Test func `other content under the key is left as it is`() async throws {
        try folder.write("\(root)/a.des", "other")
        let error = await #expect(throws: StorageError.self) { try await publish(stage("a.des", "shard")) }
        #expect(error?.code == .conflict)
        #expect(try folder.read("\(root)/a.des") == "other")
        #expect(try folder.names(in: root) == ["a.des"])
    }

    @Test func `a folder under the name of the copy is an error that leaves nothing behind`() async throws {
        try FileSystem.createDirectory(folder("\(root)/.a.des.partial"))
        await #expect(throws: StorageError.self) { try await publish(stage("a.des", "shard")) }
        #expect(try folder.names(in: root) == [".a.des.partial"])
    }

    @Test func `a staged file that is missing is an error and leaves nothing behind`() async throws {
        let missing = StagedFile(path: staging("none"), key: "a.des", size: 5)
        let error = await #expect(throws: StorageError.self) { try await publish(missing) }
        #expect(error?.code == .notFound)
        #expect(try FileSystem.status(folder("\(root)/a.des")) == nil)
    }

    @Test func `a staged file that is not of its size is not published`() async throws {
        try staging.write("a.des", "shard")
        let file = StagedFile(path: staging("a.des"), key: "a.des", size: 6)
        for _ in 0..<2 { await #expect(throws: StorageError.self) { try await publish(file) } }
        #expect(try FileSystem.status(folder("\(root)/a.des")) == nil)
    }

    @Test func `many files at a time do not come into each other's way`() async throws {
        let files = try (0..<40).map { try stage("file-\($0).des", "content \($0)") }
        let outcomes = await withTaskGroup(of: [Result<PublishOutcome, StorageError>].self) { group in
            for file in files { group.addTask { [store] in await store.publish([file]) } }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(outcomes.allSatisfy { (try? $0.get()) == .created })
        for number in 0..<40 { #expect(try folder.read("\(root)/file-\(number).des") == "content \(number)") }
        #expect(try folder.names(in: root).count == 40)
    }
}
