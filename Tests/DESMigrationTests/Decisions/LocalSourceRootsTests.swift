import DESBase
import DESShard
import DESTestSupport
import Testing

@testable import DESMigration

@Suite struct LocalSourceRootsTests {
    private let folder: TemporaryFolder
    private let files: LocalSourceFiles

    init() throws {
        folder = try TemporaryFolder()
        for name in ["data/sub", "database", "elsewhere"] { try folder.folder(name) }
        for name in ["data/file", "data/sub/file", "database/file", "elsewhere/file"] { try folder.write(name) }
        files = try LocalSourceFiles(roots: [folder("data")])
    }

    private func outcome(_ location: String, _ files: LocalSourceFiles? = nil) -> FailureReason? {
        do throws(SourceError) {
            _ = try (files ?? self.files).read(location, bigFileThreshold: 1000, into: ByteBuffer())
            return nil
        } catch { return error.reason }
    }

    @Test func `what lies in a root is read, at any depth and by any spelling`() {
        for name in ["data/file", "data/sub/file", "data/../data/./file", "elsewhere/../data/file"] {
            #expect(outcome(folder(name)) == nil)
        }
    }

    @Test func `what lies elsewhere is not, even where the name begins alike`() {
        for name in ["elsewhere/file", "database/file", "data/../elsewhere/file"] {
            #expect(outcome(folder(name)) == .outsideRoots)
        }
    }

    @Test func `links are judged by where they lead`() throws {
        try folder.link("data/out", to: folder("elsewhere/file"))
        try folder.link("data/out-folder", to: folder("elsewhere"))
        try folder.link("elsewhere/in", to: folder("data/file"))
        try folder.link("data/within", to: "sub/file")
        #expect(outcome(folder("data/out")) == .outsideRoots)
        #expect(outcome(folder("data/out-folder/file")) == .outsideRoots)
        #expect(outcome(folder("elsewhere/in")) == nil)
        #expect(outcome(folder("data/within")) == nil)
    }

    @Test func `reading in pieces obeys the roots as well`() throws {
        let path = folder("elsewhere/file")
        let identity = try FileSystem.existingStatus(path).identity
        let error = #expect(throws: SourceError.self) {
            try files.readPieces(path, of: identity) { _ in Issue.record("nothing may be read") }
        }
        #expect(error?.reason == .outsideRoots)
    }

    @Test func `a root that is a link stands for what it leads to`() throws {
        try folder.link("root", to: folder("data"))
        let files = try LocalSourceFiles(roots: [folder("root"), folder("elsewhere/")])
        #expect(outcome(folder("data/file"), files) == nil)
        #expect(outcome(folder("root/file"), files) == nil)
        #expect(outcome(folder("elsewhere/file"), files) == nil)
        #expect(outcome(folder("database/file"), files) == .outsideRoots)
    }

    @Test func `the root of the file system holds everything`() throws {
        #expect(outcome(folder("elsewhere/file"), try LocalSourceFiles(roots: ["/"])) == nil)
    }

    @Test func `a root that does not exist is an error`() {
        #expect(throws: SystemError.self) { _ = try LocalSourceFiles(roots: [folder("data"), folder("none")]) }
    }
}
