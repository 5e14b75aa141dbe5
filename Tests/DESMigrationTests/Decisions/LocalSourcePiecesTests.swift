import DESBase
import DESShard
import DESTestSupport
import Glibc
import Testing

@testable import DESMigration

@Suite struct LocalSourcePiecesTests {
    private static let size = BigFileReader.pieceSize * 2 + 12_345

    private let folder: TemporaryFolder
    private let files: LocalSourceFiles
    private let path: String
    private let content: [UInt8]
    private let identity: FileIdentity

    init() throws {
        folder = try TemporaryFolder()
        files = try LocalSourceFiles()
        content = (0..<Self.size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
        path = try folder.write("file", content)
        identity = try FileSystem.existingStatus(path).identity
    }

    /// What becomes of a file with which something happens after the first piece.
    private func outcome(_ change: () throws -> Void) throws -> FailureReason? {
        var isFirst = true
        do {
            try files.readPieces(path, of: identity) { _ in
                if isFirst { try change() }
                isFirst = false
            }
            return nil
        } catch let error as SourceError { return error.reason }
    }

    @Test func `the pieces are the file`() throws {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(content.count)
        try files.readPieces(path, of: identity) { piece in
            #expect(!piece.isEmpty && piece.count <= BigFileReader.pieceSize)
            bytes.append(contentsOf: piece)
        }
        #expect(bytes == content)
    }

    @Test func `a file that grows has changed`() throws {
        #expect(try outcome { try append("more") } == .changed)
    }

    @Test func `a file that shrinks has changed`() throws {
        #expect(try outcome { try OpenFile(path, .readWrite).truncate(to: 100) } == .changed)
    }

    @Test func `a file that is emptied and written anew has changed`() throws {
        #expect(try outcome { try folder.write("file", content) } == .changed)
    }

    @Test func `a file that is touched counts as changed, because nobody can tell`() throws {
        #expect(try outcome { try setModificationTime(path, seconds: 1_000_000_000) } == .changed)
    }

    @Test func `a file that is replaced or removed is read to its end as the file that it was`() throws {
        var bytes: [UInt8] = []
        try files.readPieces(path, of: identity) { piece in
            if bytes.isEmpty {
                try folder.write("new", "other")
                rename(folder("new"), path)
            }
            bytes.append(contentsOf: piece)
        }
        #expect(bytes == content)
        // But it is not deleted in the place of the old one.
        #expect(files.delete(path, ifStill: identity) == .kept("it has changed since it was packed"))
        #expect(try folder.bytes(of: "file") == Array("other".utf8))
    }

    @Test func `a file that is another one by now is not begun`() throws {
        rename(path, folder("old"))
        try folder.write("file", content)
        let error = #expect(throws: SourceError.self) {
            try files.readPieces(path, of: identity) { _ in Issue.record("nothing may be read") }
        }
        #expect(error?.reason == .changed)
        try FileSystem.remove(path)
        let missing = #expect(throws: SourceError.self) { try files.readPieces(path, of: identity) { _ in } }
        #expect(missing?.reason == .missing)
    }

    private func append(_ text: String) throws {
        let descriptor = open(path, O_WRONLY | O_APPEND)
        defer { close(descriptor) }
        guard Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count else {
            throw SystemError.last("append to", path)
        }
    }
}
