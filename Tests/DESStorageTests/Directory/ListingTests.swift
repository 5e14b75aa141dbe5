import DESBase
import DESStorage
import DESTestSupport
import Glibc
import Testing

@Suite struct ListingTests {
    let folder: TemporaryFolder
    let store: DirectoryStore

    init() throws {
        folder = try TemporaryFolder()
        store = DirectoryStore(root: folder.path, threads: ThreadPool(name: "des-test", count: 1))
    }

    private func keys(prefix: String = "", after: String? = nil, limit: Int = 1000) async throws -> [String] {
        try await store.list(prefix: prefix, after: after, limit: limit).objects.map(\.key)
    }

    @Test(arguments: [1, 2, 3, 7, 25, 26, 1000]) func `pages of any length give every object once, in order`(
        limit: Int
    ) async throws {
        let names = (0..<25).map { "202401\($0 < 10 ? "0" : "")\($0)_00_X.des" } + ["sub/deeper/z"]
        for name in names.shuffled() { try folder.write(name, name) }
        var found: [ObjectAttributes] = []
        var after: String?
        repeat {
            let page = try await store.list(prefix: "", after: after, limit: limit)
            #expect(page.objects.count <= limit)
            found += page.objects
            after = page.next
        } while after != nil
        #expect(found.map(\.key) == names)
        #expect(found.allSatisfy { $0.size == UInt64($0.key.utf8.count) })
    }

    @Test func `the order is that of the bytes of whole keys, across folders`() async throws {
        let names = ["A", "a-b", "a/b", "a0", "b", "\u{E9}", "\u{10000}", "a/b-c", "\u{FFFD}"]
        for name in names { try folder.write(name, "") }
        #expect(try await keys() == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    @Test(
        arguments: [
            ("20240101", ["20240101_00_A.des", "20240101_01_B.des"]),
            ("20240101_00_", ["20240101_00_A.des"]), ("sub", ["sub/a", "sub/deep/b", "subject"]),
            ("sub/", ["sub/a", "sub/deep/b"]),
            ("sub/deep/", ["sub/deep/b"]), ("sub/d", ["sub/deep/b"]), ("none", []), ("none/x", []),
            ("20240101_00_A.des/", []),
            ("subject", ["subject"]),
        ] as [(String, [String])])
    func `a prefix is one of keys, not of folders`(prefix: String, expected: [String]) async throws {
        for name in ["20240101_00_A.des", "20240101_01_B.des", "20240102_00_C.des", "sub/a", "sub/deep/b", "subject"] {
            try folder.write(name, "")
        }
        #expect(try await keys(prefix: prefix) == expected)
    }

    @Test func `a page begins after a key, whether that is there or not`() async throws {
        for name in ["a", "c", "e"] { try folder.write(name, "") }
        #expect(try await keys(after: "a") == ["c", "e"])
        #expect(try await keys(after: "b") == ["c", "e"])
        #expect(try await keys(after: "e") == [])
        #expect(try await keys(after: "") == ["a", "c", "e"])
    }

    @Test func `the last page has no next one, and an exact page is the last`() async throws {
        for name in ["a", "b"] { try folder.write(name, "") }
        #expect(try await store.list(prefix: "", after: nil, limit: 1).next == "a")
        #expect(try await store.list(prefix: "", after: nil, limit: 2).next == nil)
        #expect(try await store.list(prefix: "", after: "a", limit: 1).next == nil)
    }

    @Test func `copies that are not finished, hidden files and what is no file are not listed`() async throws {
        for name in [".a.des.partial", ".hidden/file", "a", "sub/.b.partial"] { try folder.write(name, "") }
        mkfifo(folder("fifo"), 0o600)
        #expect(symlink(folder("none"), folder("dangling")) == 0)
        #expect(try await keys() == ["a"])
    }

    @Test func `a store whose folder is not there yet is empty`() async throws {
        let missing = DirectoryStore(root: folder("none"), threads: ThreadPool(name: "des-test", count: 1))
        let page = try await missing.list(prefix: "", after: nil, limit: 10)
        #expect(page == ObjectPage(objects: [], next: nil))
    }
}
