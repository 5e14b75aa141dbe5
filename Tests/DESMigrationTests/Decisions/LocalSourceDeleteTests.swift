import DESBase
import DESTestSupport
import Glibc
import Testing

@testable import DESMigration

@Suite struct LocalSourceDeleteTests {
    private let folder: TemporaryFolder
    private let files: LocalSourceFiles
    private let path: String
    private let identity: FileIdentity

    init() throws {
        folder = try TemporaryFolder()
        files = try LocalSourceFiles(watch: ChangeWatch { FileClock.now() + 1_000_000_000 })
        path = try folder.write("file", "content")
        identity = try FileSystem.existingStatus(path).identity
    }

    private let changed = SourceDeletion.kept("it has changed since it was packed")

    @Test func `a file that is still the same is deleted, and nothing beside it`() throws {
        try folder.write("beside")
        #expect(files.delete(path, ifStill: identity) == .deleted)
        #expect(try folder.names() == ["beside"])
        #expect(files.delete(path, ifStill: identity) == .alreadyGone)
    }

    @Test func `a file URL is deleted as its path`() throws {
        #expect(files.delete("file://\(path)", ifStill: identity) == .deleted)
        #expect(try folder.names() == [])
    }

    @Test func `a file with other content is kept`() throws {
        try folder.write("file", "longer content")
        #expect(files.delete(path, ifStill: identity) == changed)
        #expect(try folder.bytes(of: "file") == Array("longer content".utf8))
    }

    @Test func `a file of the same size with another time is kept, by one nanosecond as well`() throws {
        let seconds = Int(identity.modifiedAtNanoseconds / 1_000_000_000)
        let nanoseconds = Int(identity.modifiedAtNanoseconds % 1_000_000_000)
        try setModificationTime(path, seconds: seconds, nanoseconds: nanoseconds == 0 ? 1 : nanoseconds - 1)
        #expect(files.delete(path, ifStill: identity) == changed)
        // Setting the time back does not hide the change.
        try setModificationTime(path, seconds: seconds, nanoseconds: nanoseconds)
        #expect(files.delete(path, ifStill: identity) == changed)
    }

    @Test func `another file of the same size, time and name is kept`() throws {
        try folder.write("other", "CONTENT")
        let seconds = Int(identity.modifiedAtNanoseconds / 1_000_000_000)
        try setModificationTime(
            folder("other"), seconds: seconds, nanoseconds: Int(identity.modifiedAtNanoseconds % 1_000_000_000))
        // The old one stays, so that the system cannot give its number to the new one.
        rename(path, folder("old"))
        rename(folder("other"), path)
        #expect(files.delete(path, ifStill: identity) == changed)
        #expect(try folder.bytes(of: "file") == Array("CONTENT".utf8))
    }

    @Test func `a link is kept, and so is what it leads to`() throws {
        try folder.link("link", to: path)
        #expect(files.delete(folder("link"), ifStill: identity) == .kept("it is a symbolic link, not the file itself"))
        #expect(try folder.names() == ["file", "link"])
    }

    @Test func `a dangling link is kept`() throws {
        try folder.link("dangling", to: folder("none"))
        #expect(
            files.delete(folder("dangling"), ifStill: identity) == .kept("it is a symbolic link, not the file itself"))
    }

    @Test func `a folder in the place of the file is kept`() throws {
        try FileSystem.remove(path)
        try folder.folder("file")
        #expect(files.delete(path, ifStill: identity) == .kept("it is a directory, not the file itself"))
        #expect(try folder.names() == ["file"])
    }

    @Test func `where a folder above has gone there is nothing to delete`() {
        #expect(files.delete(folder("none/file"), ifStill: identity) == .alreadyGone)
        #expect(files.delete("\(path)/below", ifStill: identity) == .alreadyGone)
    }

    @Test func `a location that is no path is kept, with the reason`() {
        #expect(
            files.delete("s3://bucket/key", ifStill: identity)
                == .kept("cannot read s3://bucket/key: this build reads local paths only"))
        guard case .kept = files.delete("\(path)\u{0}", ifStill: identity) else {
            Issue.record("expected to keep what is no path")
            return
        }
    }

    @Test(.enabled(if: geteuid() != 0, "root may delete everything"))
    func `without permission it is kept, with the reason`() {
        chmod(folder.path, 0o500)
        defer { chmod(folder.path, 0o700) }
        #expect(
            files.delete(path, ifStill: identity)
                == .kept("cannot rename \(path) to .file.des-deleting: Permission denied"))
    }

    @Test func `the identity is that of what a location leads to, and nil where nothing is`() throws {
        try folder.link("link", to: path)
        try folder.link("loop", to: folder("loop"))
        #expect(try files.identity(of: path) == identity)
        #expect(try files.identity(of: folder("link")) == identity)
        #expect(try files.identity(of: folder("none")) == nil)
        // Not to know is not the same as nothing.
        let error = #expect(throws: SourceError.self) { try files.identity(of: folder("loop")) }
        #expect(error?.reason == .unreadable)
    }
}
