import DESBase
import DESShard
import DESTestSupport
import Foundation
import Glibc
import Testing

@testable import DESStorage

/// A store that is read for a long time, and what becomes of the place in which it lies.
@Suite struct StorePlaceTests {
    static let shard = "20240101_05_01JD0000000000000000000001.des"
    static let other = "20240101_05_01JD0000000000000000000002.des"

    let folder: TemporaryFolder
    let store: DirectoryStore

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("store/\(Self.shard)", "shard")
        store = DirectoryStore(root: folder("store"), threads: ThreadPool(name: "des-test", count: 1), keepsNames: true)
    }

    private func keys() async throws -> [String] {
        try await store.list(prefix: "20240101_05_", after: nil, limit: 10).objects.map(\.key)
    }

    private func write(_ files: [String: String], to place: String) throws {
        try FileSystem.createDirectory(folder(place))
        for (name, text) in files { try folder.write("\(place)/\(name)", text) }
    }

    private func rename(_ old: String, to new: String) throws {
        try FileSystem.renameNew(folder(old), to: folder(new))
    }

    /// Every way to ask for something that is not there, or to look into a page.
    private func expectUnavailable(_ comment: Comment) async {
        func check(_ what: String, _ body: () async throws -> Void) async {
            let error = await #expect(throws: StorageError.self, comment) { try await body() }
            #expect(
                error?.code == .failed && error?.isTransient == true,
                "\(comment), \(what): \(String(describing: error))")
        }
        await check("a page") { _ = try await keys() }
        await check("all pages") { _ = try await store.list(prefix: "", after: nil, limit: 10) }
        await check("a page of a folder") { _ = try await store.list(prefix: "_bigFiles/", after: nil, limit: 10) }
        await check("attributes") { _ = try await store.attributes(of: "_bigFiles/none") }
        await check("reading") { _ = try await store.read("_bigFiles/none") }
        await check("opening") { _ = try await store.open(ObjectAttributes(key: "_bigFiles/none", size: 1)) }
    }

    static let otherPlaces: [(what: String, files: [String: String])] = [
        ("an empty folder", [:]), ("a folder with files of somebody else", ["lost+found/x": "", "notes.txt": "x"]),
        ("the store of somebody else", ["_desStore": "other\nn_bits 8\n", other: "x"]),
        ("a new store", ["_desStore": "other\nn_bits 8\n"]), ("shards without a mark", [other: "x"]),
        ("an empty mark", ["_desStore": "", other: "x"]),
        ("a mark that looks the same", ["_desStore": "nam\u{65}\u{301}\n", other: "x"]),
    ]

    @Test("Another folder in the place of a marked store is no store that lacks files", arguments: otherPlaces)
    func strangers(_ what: String, _ files: [String: String]) async throws {
        try folder.write("store/_desStore", what.contains("looks") ? "nam\u{E9}\nn_bits 8\n" : "name\nn_bits 8\n")
        #expect(try await keys() == [Self.shard])
        #expect(try await store.attributes(of: "none") == nil)
        try rename("store", to: "away")
        await expectUnavailable("nothing")
        try write(files, to: "store")
        await expectUnavailable("\(what)")
        // The right one is back.
        try rename("store", to: "stranger")
        try rename("away", to: "store")
        #expect(try await keys() == [Self.shard])
        #expect(try await store.attributes(of: "none") == nil)
    }

    @Test func `a folder that is made anew has the inode of the old one, and is not the store for it`() async throws {
        try folder.write("store/_desStore", "name\nn_bits 8\n")
        #expect(try await keys() == [Self.shard])
        for name in [Self.shard, "_desStore"] { try FileSystem.remove(folder("store/\(name)")) }
        #expect(rmdir(folder("store")) == 0)
        try FileSystem.createDirectory(folder("store"))
        await expectUnavailable("made anew")
        // Whoever empties the folder and puts another store there does not say so either.
        try write(["_desStore": "other", Self.other: "x"], to: "store")
        await expectUnavailable("with another store")
    }

    @Test func `the same store goes on in another folder, on another file system, and by another path`() async throws {
        let mark = "name\nn_bits 8\n"
        try folder.write("store/_desStore", mark)
        #expect(try await keys() == [Self.shard])
        try rename("store", to: "away")
        try write(["_desStore": mark, Self.shard: "x", Self.other: "y"], to: "store")
        #expect(try await keys() == [Self.shard, Self.other])
        try rename("store", to: "copy")
        #expect(symlink(folder("away"), folder("store")) == 0)
        #expect(try await keys() == [Self.shard])
        guard let otherFileSystem = TemporaryFolder.Place.otherFileSystem else { return }
        let volume = try TemporaryFolder(in: otherFileSystem)
        try volume.write("_desStore", mark)
        try volume.write(Self.other, "x")
        try FileSystem.remove(folder("store"))
        #expect(symlink(volume.path, folder("store")) == 0)
        #expect(try await keys() == [Self.other])
    }

    @Test func `a store of an earlier version, without a mark, goes on where there are shards, and nowhere else`()
        async throws
    {
        #expect(try await keys() == [Self.shard])
        for (what, files) in [("empty", [:]), ("no shards", ["x": "y"]), ("a mark", ["_desStore": "new"])]
            as [(String, [String: String])]
        {
            try rename("store", to: "away")
            try write(files, to: "store")
            await expectUnavailable("\(what)")
            try FileManager.default.removeItem(atPath: folder("store"))
            try rename("away", to: "store")
            #expect(try await keys() == [Self.shard])
        }
        try rename("store", to: "away")
        try write([Self.other: "y"], to: "store")
        #expect(try await keys() == [Self.other])
    }

    @Test func `a store that gets its first shard, and then its mark, is that store from then on`() async throws {
        try FileSystem.remove(folder("store/\(Self.shard)"))
        #expect(try await keys() == [])
        try folder.write("store/\(Self.shard)", "shard")
        #expect(try await keys() == [Self.shard])
        try folder.write("store/_desStore", "name")
        #expect(try await keys() == [Self.shard])
        // All of its shards may go; it still says what it is.
        try FileSystem.remove(folder("store/\(Self.shard)"))
        #expect(try await keys() == [])
        try folder.write("store/_desStore", "other")
        await expectUnavailable("another mark")
    }

    @Test func `names that are kept are not those of a folder that was there in between`() async throws {
        try folder.write("store/_desStore", "name")
        // As if it were long after every change.
        let names = DirectoryNames(path: folder("store")) { DirectoryNames.now() + 60_000_000_000 }
        #expect(try names.names(prefix: "2024").map { String($0) } == [Self.shard])
        try rename("store", to: "away")
        try FileSystem.createDirectory(folder("store"))
        for _ in 0..<3 { #expect(throws: StorageError.self) { try names.names(prefix: "2024") } }
        #expect(rmdir(folder("store")) == 0)
        try rename("away", to: "store")
        #expect(try names.names(prefix: "2024").map { String($0) } == [Self.shard])
    }

    @Test(arguments: [
        (StoreSigns(), StoreSigns(mark: "a", hasShards: true), true), (StoreSigns(), StoreSigns(), true),
        (StoreSigns(hasShards: true), StoreSigns(hasShards: true), true),
        (StoreSigns(hasShards: true), StoreSigns(mark: "a", hasShards: true), true),
        (StoreSigns(hasShards: true), StoreSigns(mark: "a"), false), (StoreSigns(hasShards: true), StoreSigns(), false),
        (StoreSigns(mark: "a", hasShards: true), StoreSigns(mark: "a"), true),
        (StoreSigns(mark: "a"), StoreSigns(mark: "b", hasShards: true), false),
        (StoreSigns(mark: "a"), StoreSigns(hasShards: true), false),
    ])
    func `what is known of a store only grows by what fits`(known: StoreSigns, seen: StoreSigns, fits: Bool) {
        var signs = known
        #expect((signs.take(seen) == nil) == fits)
        if !fits { #expect(signs == known) }
    }
}
