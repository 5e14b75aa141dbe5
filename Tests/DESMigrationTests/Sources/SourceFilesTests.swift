import DESBase
import Testing

@testable import DESMigration

/// What ``SourceFiles`` promises, of all sources.
@Suite("Sources of every kind", .timeLimit(.minutes(5)))
struct SourceFilesTests {
    private let changed = SourceDeletion.kept("it has changed since it was packed")

    @Test(
        "A file up to the threshold is read whole, a larger one is told", arguments: SourceKind.allCases,
        [0, 1, 63, 64, 65, 999, 1000, 1001, 300_000])
    func read(kind: SourceKind, size: Int) async throws {
        let place = try ConformingSources(kind)
        let bytes = S3SourceFixture.bytes(size)
        let location = try await place.put("file", bytes)
        let (result, read) = try await place.files.readAll(location, threshold: 1000)
        let identity = try #require(try await place.files.identity(of: location))
        #expect(identity.size == Int64(size))
        #expect(result == (size <= 1000 ? .contents(identity) : .bigFile(identity)))
        #expect(read == (size <= 1000 ? bytes : []))
        var pieces: [UInt8] = []
        try await place.files.readPieces(location, of: identity) { piece in
            #expect(!piece.isEmpty)
            pieces.append(contentsOf: piece)
        }
        #expect(pieces == bytes)
    }

    @Test(
        "A name may be any text", arguments: SourceKind.allCases,
        [
            "with space", "plus+plus", "what?a=b&c", "100%", "100%25", "ä€😀é", "e\u{301}", "tab\tline\n", "-",
            "\u{301}combining", "#[]\"<&>", "trailing ",
        ])
    func names(kind: SourceKind, name: String) async throws {
        let place = try ConformingSources(kind)
        let location = try await place.put(name, Array(name.utf8))
        let (result, read) = try await place.files.readAll(location)
        #expect(read == Array(name.utf8))
        #expect(await place.files.delete(location, ifStill: result.identity) == .deleted)
        #expect(try await place.files.identity(of: location) == nil)
    }

    @Test("Names that look alike are told apart", arguments: SourceKind.allCases)
    func alike(kind: SourceKind) async throws {
        let place = try ConformingSources(kind)
        let composed = try await place.put("\u{E9}", [1])
        let decomposed = try await place.put("e\u{301}", [2, 2])
        let identity = try await place.files.readAll(composed).0.identity
        #expect(identity.size == 1)
        #expect(await place.files.delete([PackedSource(location: composed, identity: identity)]) == [.deleted])
        #expect(try await place.files.readAll(decomposed).1 == [2, 2])
    }

    @Test("What is not there is missing, and gone for certain beside others", arguments: SourceKind.allCases)
    func missing(kind: SourceKind) async throws {
        let place = try ConformingSources(kind)
        let identity = try #require(try await place.files.identity(of: place.put("there", [1])))
        let none = place.location("none")
        #expect(await place.files.readFailure(none)?.reason == .missing)
        #expect(await place.files.piecesFailure(none, of: identity)?.reason == .missing)
        #expect(try await place.files.identity(of: none) == nil)
        #expect(await place.files.delete(none, ifStill: identity) == .alreadyGone)
        #expect(await place.files.absences(of: [none, place.location("gone")]) == [.certain, .certain])
        #expect(await place.files.absences(of: []).isEmpty)
        #expect(try await place.names() == ["there"])
    }

    @Test(
        "A file that was replaced since it was packed is not read as the same, nor deleted",
        arguments: SourceKind.allCases)
    func replaced(kind: SourceKind) async throws {
        let place = try ConformingSources(kind)
        let location = try await place.put("file", S3SourceFixture.bytes(1000, seed: 1))
        let (result, _) = try await place.files.readAll(location)
        let other = S3SourceFixture.bytes(1000, seed: 2)
        try await place.put("file", other)
        #expect(try await place.files.identity(of: location) != result.identity)
        #expect(await place.files.piecesFailure(location, of: result.identity)?.reason == .changed)
        #expect(await place.files.delete(location, ifStill: result.identity) == changed)
        #expect(try await place.files.readAll(location).1 == other)
        #expect(try await place.names() == ["file"])
    }

    @Test("Many are deleted together, and answered for in their order", arguments: SourceKind.allCases)
    func deletions(kind: SourceKind) async throws {
        let place = try ConformingSources(kind)
        var sources: [PackedSource] = []
        for number in 0..<5 {
            let location = try await place.put("\(number)", S3SourceFixture.bytes(10 + number))
            let (result, _) = try await place.files.readAll(location)
            sources.append(PackedSource(location: location, identity: result.identity))
        }
        try await place.put("1", [9, 9, 9])
        // The first of two for one file deletes it.
        sources.append(sources[0])
        sources.append(PackedSource(location: place.location("none"), identity: sources[0].identity))
        #expect(
            await place.files.delete(sources)
                == [.deleted, changed, .deleted, .deleted, .deleted, .alreadyGone, .alreadyGone])
        #expect(try await place.names() == ["1"])
        #expect(await place.files.delete([]) == [])
    }

    @Test("What the receiver of the pieces throws comes through", arguments: SourceKind.allCases)
    func thrown(kind: SourceKind) async throws {
        let place = try ConformingSources(kind)
        let location = try await place.put("file", S3SourceFixture.bytes(100_000))
        let identity = try #require(try await place.files.identity(of: location))
        await #expect(throws: PipelineFailure.self) {
            try await place.files.readPieces(location, of: identity) { _ in throw PipelineFailure("full") }
        }
    }

    @Test(
        "A deletion that was not begun is not undone, and no more others are counted than wanted",
        arguments: SourceKind.allCases)
    func others(kind: SourceKind) async throws {
        let place = try ConformingSources(kind)
        for name in ["a", "b", "c"] { try await place.put(name, [1]) }
        await place.files.undoInterruptedDeletion(of: place.location("a"))
        await place.files.undoInterruptedDeletion(of: place.location("none"))
        #expect(try await place.names() == ["a", "b", "c"])
        for most in [1, 5] {
            #expect(await place.files.readableSiblings(of: place.location("a"), atMost: most) <= most)
        }
    }

    @Test("Many are read at the same time", arguments: SourceKind.allCases)
    func parallel(kind: SourceKind) async throws {
        let place = try ConformingSources(kind)
        for number in 0..<32 { try await place.put("\(number)", S3SourceFixture.bytes(10 + number, seed: number)) }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<32 {
                group.addTask {
                    let (_, bytes) = try await place.files.readAll(place.location("\(number)"))
                    return bytes == S3SourceFixture.bytes(10 + number, seed: number)
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }
}
