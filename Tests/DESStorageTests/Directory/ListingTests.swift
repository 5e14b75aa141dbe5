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

    @Test func `copies that are not finished, hidden files and what is no file are not listed`() async throws {
        for name in [".a.des.partial", ".hidden/file", "a", "sub/.b.partial"] { try folder.write(name, "") }
        mkfifo(folder("fifo"), 0o600)
        #expect(symlink(folder("none"), folder("dangling")) == 0)
        #expect(try await store.list(prefix: "", after: nil, limit: 1000).objects.map(\.key) == ["a"])
    }

    @Test func `a store whose folder is not there yet is empty`() async throws {
        let missing = DirectoryStore(root: folder("none"), threads: ThreadPool(name: "des-test", count: 1))
        let page = try await missing.list(prefix: "", after: nil, limit: 10)
        #expect(page == ObjectPage(objects: [], next: nil))
    }
}
