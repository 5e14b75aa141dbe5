import DESBase
import DESStorage
import DESTestSupport
import Glibc
import Testing

/// Where staging is on another file system than the store, publishing copies.
@Suite(.enabled(if: TemporaryFolder.Place.otherFileSystem != nil, "this machine has one file system"))
struct PublishAcrossFileSystemsTests {
    let staging: TemporaryFolder
    let folder: TemporaryFolder
    let store: DirectoryStore

    init() throws {
        staging = try TemporaryFolder(in: try #require(TemporaryFolder.Place.otherFileSystem))
        folder = try TemporaryFolder()
        // Characters of several bytes, so that who counts the wrong ones is found out.
        try FileSystem.createFolder(folder("größe-éééé-目录目录目录"))
        store = DirectoryStore(
            root: folder("größe-éééé-目录目录目录"), threads: ThreadPool(name: "des-test", count: 8),
            foldersOfCopies: ["_bigFiles"])
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
        #expect(try folder.text(of: "\(root)/sub/a.des") == text)
        #expect(try folder.names(in: "\(root)/sub") == ["a.des"])
        #expect(try staging.names() == ["a"])
        #expect(try await publish(stage("sub/a.des", text, as: "a")) == .alreadyThere)
    }

    @Test(arguments: ["", "half a sha", "a longer one than what is published"])
    func `a copy that a dead process began is no hindrance, and is removed when the store is got ready`(
        left: String
    ) async throws {
        try folder.write("\(root)/.a.des.1a2b.partial", left)
        try folder.write("\(root)/_bigFiles/.hash.1a2b.partial", left)
        #expect(try await publish(stage("a.des", "shard")) == .created)
        #expect(try folder.text(of: "\(root)/a.des") == "shard")
        #expect(try await store.unfinishedCopies(in: ["_bigFiles"]).count == 2)
        try await store.prepare()
        #expect(try folder.names(in: root) == ["_bigFiles", "a.des"])
        #expect(try folder.names(in: "\(root)/_bigFiles") == [])
    }

    @Test func `a copy that its maker holds is left alone`() async throws {
        try folder.write("\(root)/.b.des.1.partial", "b")
        let maker = try OpenFile(folder("\(root)/.b.des.1.partial"), .readWrite)
        #expect(try maker.tryLock())
        #expect(try await publish(stage("a.des", "shard")) == .created)
        try await store.prepare()
        #expect(try folder.names(in: root) == [".b.des.1.partial", "a.des"])
        withExtendedLifetime(maker) {}
    }

    /// Big files are named by their content, so that two workers, and two tasks of one, publish the same at once.
    @Test func `many who copy one file at a time all end well, and nothing is left`() async throws {
        let text = String(repeating: "the same big file ", count: 200_000)
        let files = try (0..<8).map { try stage("_bigFiles/hash", text, as: "copy-\($0)") }
        let outcomes = await withTaskGroup(of: [Result<PublishOutcome, StorageError>].self) { group in
            for file in files { group.addTask { [store] in await store.publish([file]) } }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(outcomes.count { (try? $0.get()) == .created } == 1)
        #expect(outcomes.count { (try? $0.get()) == .alreadyThere } == 7)
        #expect(try folder.text(of: "\(root)/_bigFiles/hash") == text)
        #expect(try folder.names(in: "\(root)/_bigFiles") == ["hash"])
    }

    @Test func `a file under the name of the copy is an error that leaves it alone`() async throws {
        let same = DirectoryStore(root: folder(root), threads: ThreadPool(name: "des-test", count: 1), random: { 71 })
        try folder.write("\(root)/.a.des.1z.partial", "another maker's")
        let file = try stage("a.des", "shard")
        await #expect(throws: StorageError.self) { _ = try await same.publish([file]).first?.get() }
        #expect(try folder.names(in: root) == [".a.des.1z.partial"])
        #expect(try folder.text(of: "\(root)/.a.des.1z.partial") == "another maker's")
    }

    @Test func `many files at a time do not come into each other's way`() async throws {
        let files = try (0..<40).map { try stage("file-\($0).des", "content \($0)") }
        let outcomes = await withTaskGroup(of: [Result<PublishOutcome, StorageError>].self) { group in
            for file in files { group.addTask { [store] in await store.publish([file]) } }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(outcomes.allSatisfy { (try? $0.get()) == .created })
        for number in 0..<40 { #expect(try folder.text(of: "\(root)/file-\(number).des") == "content \(number)") }
        #expect(try folder.names(in: root).count == 40)
    }
}
