import DESBase
import DESTestSupport
import Glibc
import Testing

@testable import DESMigration

/// What happens between the look at a source and its deletion, and to sources that are not where their path says.
@Suite struct LocalSourceRaceTests {
    private let folder: TemporaryFolder
    private let later = ChangeWatch { FileClock.now() + 1_000_000_000 }

    init() throws { folder = try TemporaryFolder() }

    private func identity(_ path: String) throws -> FileIdentity { try FileSystem.existingStatus(path).identity }

    private func packed(_ path: String) throws -> PackedSource {
        PackedSource(location: path, identity: try identity(path))
    }

    @Test func `a file that may have changed unseen is left for a later cycle`() throws {
        let path = try folder.write("file")
        let files = try LocalSourceFiles(watch: later)
        var identity = try identity(path)
        identity.mayChangeUnseen = true
        guard case .postponed = files.delete(path, ifStill: identity) else { Issue.record("it is deleted"); return }
        #expect(try folder.names() == ["file"])
    }

    @Test func `a file that somebody has open for writing is left for a later cycle, under its own name`() throws {
        let path = try folder.write("file")
        let files = try LocalSourceFiles(watch: later)
        let source = try packed(path)
        guard try OpenFile(path).takeReadLease() == .taken else { return }
        let writer = open(path, O_WRONLY)
        guard case .postponed = files.delete([source]).first else { Issue.record("it is deleted"); return }
        close(writer)
        #expect(try folder.names() == ["file"])
    }

    @Test func `whatever takes the place of a source while it is deleted is never lost`() async throws {
        let count = 500
        let (files, folder) = (try LocalSourceFiles(watch: later), folder)
        try folder.folder("new")
        let sources = try (0..<count).map { number in
            try folder.write("new/\(number)", "new \(number)")
            return try packed(folder.write("\(number)", "old"))
        }
        async let deletions = ThreadPool(name: "test-delete", count: 1).run { files.delete(sources) }
        async let replaced = ThreadPool(name: "test-replace", count: 1).run {
            for number in 0..<count { rename(folder("new/\(number)"), folder("\(number)")) }
        }
        _ = try await (deletions, replaced)
        for number in 0..<count { #expect(try folder.bytes(of: "\(number)") == Array("new \(number)".utf8)) }
        #expect(try folder.names().count == count + 1)
    }

    @Test func `of two hard links both are deleted`() throws {
        let (first, second, third) = (try folder.write("first"), folder("second"), folder("third"))
        try FileSystem.link(first, to: second)
        try FileSystem.link(first, to: third)
        let files = try LocalSourceFiles(watch: later)
        let sources = [try packed(first), try packed(second)]
        #expect(files.delete(sources) == [.deleted, .deleted])
        #expect(try folder.names() == ["third"])
        // Another one's change is a change all the same.
        let last = try packed(third)
        chmod(third, 0o600)
        #expect(files.delete([last]) == [.kept("it has changed since it was packed")])
    }

    @Test func `what an interrupted deletion moved away is put back, unless something else has the name`() throws {
        let path = try folder.write("file")
        let moved = folder(LocalSourceFiles.ownName(for: "file"))
        #expect(rename(path, moved) == 0)
        let files = try LocalSourceFiles(watch: later)
        files.undoInterruptedDeletion(of: path)
        #expect(try folder.names() == ["file"])
        try folder.write(LocalSourceFiles.ownName(for: "file"), "older")
        files.undoInterruptedDeletion(of: path)
        #expect(try folder.bytes(of: "file") == Array("content".utf8))
        #expect(try folder.names().count == 2)
        // Nor is it deleted over it.
        guard case .kept = files.delete([try packed(path)]).first else { Issue.record("it is deleted"); return }
        #expect(try folder.names().count == 2)
    }

    @Test(arguments: [1, 240, 241, 242, 243, 255]) func `a name of any length finds a name to wait under`(
        length: Int
    ) throws {
        let name = String(repeating: "n", count: length)
        #expect(LocalSourceFiles.ownName(for: name).utf8.count <= 255)
        let path = try folder.write(name)
        #expect(try LocalSourceFiles(watch: later).delete([packed(path)]) == [.deleted])
    }

    @Test func `a folder that became a link leads no deletion out of the roots`() throws {
        try folder.folder("roots/d")
        try folder.folder("outside")
        try folder.write("roots/d/f", "source")
        let outside = try folder.write("outside/f", "nobody archived this")
        let files = try LocalSourceFiles(roots: [folder("roots")], watch: later)
        #expect(rename(folder("roots/d"), folder("roots/old")) == 0)
        try folder.link("roots/d", to: folder("outside"))
        // Even if it were the very file that was packed.
        let source = PackedSource(location: folder("roots/d/f"), identity: try identity(outside))
        #expect(files.delete([source]) == [.kept("it is outside of source_roots")])
        #expect(try folder.bytes(of: "outside/f") == Array("nobody archived this".utf8))
    }

    @Test func `roots that look alike are two, and a name may begin with a combining character`() throws {
        let (composed, decomposed) = ("Am\u{e9}lie", "Ame\u{301}lie")
        for name in [composed, decomposed] { try folder.folder(name) }
        let inside = try folder.write("\(composed)/\u{301}f")
        let other = try folder.write("\(decomposed)/f")
        let files = try LocalSourceFiles(roots: [folder(composed)], watch: later)
        #expect(files.isInRoots(inside))
        #expect(!files.isInRoots(other))
        #expect(
            files.delete([try packed(other), try packed(inside)]) == [.kept("it is outside of source_roots"), .deleted])
    }

    @Test(arguments: ["20240101_FF_0000.des", String(repeating: "0a", count: 32)])
    func `what has the name of a shard or a big file is kept wherever it lies`(name: String) throws {
        let path = try folder.write(name)
        #expect(try LocalSourceFiles(watch: later).delete([packed(path)]) == [.kept(SourceProtection.message)])
    }

    @Test func `a kept folder is known by device and inode, whatever path leads to it`() throws {
        try folder.folder("output/sub")
        try folder.write("output/sub/data")
        try folder.folder("elsewhere")
        let catalog = try folder.write("catalog.db")
        try FileSystem.link(catalog, to: folder("elsewhere/alias.db"))
        let files = try LocalSourceFiles(keeping: [folder("output"), catalog], watch: later)
        // As if it were mounted a second time.
        #expect(rename(folder("output"), folder("elsewhere/mounted")) == 0)
        for name in ["elsewhere/mounted/sub/data", "elsewhere/alias.db"] {
            #expect(files.delete([try packed(folder(name))]) == [.kept(SourceProtection.message)])
        }
    }
}
