import DESBase
import DESShard
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

    @Test func `attributes are those of a file, and nil for anything else`() async throws {
        try folder.write("sub/a", "12345")
        let attributes = try #require(try await store.attributes(of: "sub/a"))
        #expect(attributes.key == "sub/a" && attributes.size == 5)
        #expect((attributes.modifiedAt ?? 0) > 1_700_000_000)
        for key in ["none", "sub", "sub/none", "sub/a/below", ""] {
            #expect(try await store.attributes(of: key) == nil)
        }
    }

    @Test func `not to know is an error, not a nil`() async throws {
        #expect(symlink(folder("loop"), folder("loop")) == 0)
        let error = await #expect(throws: StorageError.self) { try await store.attributes(of: "loop") }
        #expect(error?.code == .failed)
        let tooLong = String(repeating: "n", count: 300)
        await #expect(throws: StorageError.self) { try await store.attributes(of: tooLong) }
    }

    @Test func `a whole object is read, an empty one as well`() async throws {
        try folder.write("a", "content")
        try folder.write("empty", "")
        #expect(text(try await store.read("a")) == "content")
        #expect(try await store.read("empty") == [])
    }

    @Test(
        arguments: [
            (0..<3, "012"), (3..<7, "3456"), (9..<10, "9"), (9..<11, "9"), (10..<20, ""), (5..<5, ""),
            (0..<UInt64(Int64.max), "0123456789"), (100..<UInt64.max, ""), (0..<UInt64.max, "0123456789"),
        ] as [(Range<UInt64>, String)])
    func `a range has as many bytes as are there`(range: Range<UInt64>, expected: String) async throws {
        try folder.write("a", "0123456789")
        #expect(text(try await store.read("a", range: range)) == expected)
    }

    @Test(arguments: [
        (0, ""), (-5, ""), (1, "9"), (4, "6789"), (10, "0123456789"), (11, "0123456789"),
        (Int.max, "0123456789"),
    ])
    func `a tail is the end, and comes with the size`(count: Int, expected: String) async throws {
        try folder.write("a", "0123456789")
        let tail = try await store.readTail("a", count: count)
        #expect(text(tail.bytes) == expected)
        #expect(tail.size == 10)
    }

    @Test func `the checksum is that of all bytes, in however many pieces`() async throws {
        for size in [0, 1, 1 << 20, (1 << 20) + 1, 3_000_000] {
            let content = String(repeating: "x", count: size)
            try folder.write("a", content)
            var expected = CRC32()
            Array(content.utf8).withUnsafeBytes { expected.update($0) }
            #expect(try await store.checksum(of: "a") == expected)
        }
    }

    @Test func `what is not there is not found`() async {
        func code(_ body: () async throws -> Void) async -> StorageError.Code? {
            await #expect(throws: StorageError.self) { try await body() }?.code
        }
        #expect(await code { _ = try await store.read("none") } == .notFound)
        #expect(await code { _ = try await store.read("none", range: 0..<1) } == .notFound)
        #expect(await code { _ = try await store.readTail("none", count: 1) } == .notFound)
        #expect(await code { _ = try await store.checksum(of: "none") } == .notFound)
    }

    @Test func `a folder is no object to read`() async throws {
        try FileSystem.createDirectory(folder("sub"))
        await #expect(throws: StorageError.self) { try await store.read("sub") }
        await #expect(throws: StorageError.self) { try await store.checksum(of: "sub") }
    }

    @Test func `deleting removes the object, and what is not there is fine`() async throws {
        try folder.write("a", "x")
        try folder.write("b", "y")
        try await store.delete("a")
        try await store.delete("a")
        #expect(try folder.names() == ["b"])
        try FileSystem.createDirectory(folder("sub"))
        await #expect(throws: StorageError.self) { try await store.delete("sub") }
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
