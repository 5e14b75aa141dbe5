import DESBase
import DESTestSupport
import Testing

@Suite struct FileSystemTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `neither link nor rename replaces what exists`() throws {
        let one = folder("one")
        let two = folder("two")
        for path in [one, two] { _ = try OpenFile(path, .createNew) }
        #expect(throws: SystemError.self) { try FileSystem.link(one, to: two) }
        #expect(throws: SystemError.self) { try FileSystem.renameNew(one, to: two) }
        try FileSystem.renameNew(one, to: folder("three"))
        #expect(try folder.names() == ["three", "two"])
        try FileSystem.remove(two)
        try FileSystem.remove(two)
        #expect(try FileSystem.status(two) == nil)
    }

    @Test func `folders are created with those above them, and a file in the way is an error`() throws {
        try FileSystem.createDirectory(folder("a/b/c"))
        try FileSystem.createDirectory(folder("a/b/c"))
        #expect(try FileSystem.status(folder("a/b/c"))?.kind == .directory)
        _ = try OpenFile(folder("file"), .createNew)
        #expect(throws: SystemError.self) { try FileSystem.createDirectory(folder("file")) }
    }

    @Test func `an error names call, path and reason`() {
        let error = #expect(throws: SystemError.self) { _ = try OpenFile("/no/such/file") }
        #expect(error?.description == "cannot open /no/such/file: No such file or directory")
    }

    @Test func `a lock keeps others out until its file is closed`() throws {
        let path = folder("lock")
        do {
            let holder = try OpenFile(path, .readWrite)
            #expect(try holder.tryLock())
            #expect(try !OpenFile(path, .readWrite).tryLock())
        }
        #expect(try OpenFile(path, .readWrite).tryLock())
    }
}
