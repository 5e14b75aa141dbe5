import DESBase
import DESTestSupport
import Synchronization
import Testing

@testable import DESMigration
@testable import DESS3

/// Against a real server.
@Suite(.serialized) struct S3SourceDeletionTests {
    private let fixture: S3SourceFixture

    init() throws { fixture = try S3SourceFixture() }

    private func packed(_ names: [String], by files: S3SourceFiles) async throws -> [PackedSource] {
        try await withThrowingTaskGroup(of: (Int, PackedSource).self) { group in
            for (index, name) in names.enumerated() {
                if index >= 32 { break }
                group.addTask { (index, try await packed(name, by: files)) }
            }
            var (next, found) = (32, [Int: PackedSource]())
            while let (index, source) = try await group.next() {
                found[index] = source
                guard next < names.count else { continue }
                let index = next
                next += 1
                group.addTask { (index, try await packed(names[index], by: files)) }
            }
            return names.indices.compactMap { found[$0] }
        }
    }

    private func packed(_ name: String, by files: S3SourceFiles) async throws -> PackedSource {
        let location = fixture.location(name)
        return PackedSource(location: location, identity: try #require(try await files.identity(of: location)))
    }

    @Test("Thousands are deleted by few requests, but for what changed, is the store's, or is gone")
    func batch() async throws {
        try await fixture.putMany(2_497)
        try await fixture.put([1], "kept/x")
        let requests = Mutex((deletions: 0, running: 0, most: 0))
        let files = try fixture.files(
            keeping: [S3KeptFolder(bucket: fixture.bucket, prefix: fixture.prefix + "kept")]
        ) { request in
            if request.method == .post { requests.withLock { $0.deletions += 1 } }
        }
        let names = (0..<2_497).map(String.init) + ["kept/x"]
        var sources = try await packed(names, by: files)
        sources.append(PackedSource(location: fixture.location("0"), identity: sources[0].identity))
        sources.append(PackedSource(location: fixture.location("never"), identity: sources[0].identity))
        try await fixture.put([9, 9, 9], "1200")
        try await fixture.direct.deleteObject(fixture.place("7"))
        let answers = await files.delete(sources)
        #expect(answers.count == 2_500)
        for (source, answer) in zip(sources, answers).prefix(2_497) {
            let expected: SourceDeletion =
                switch source.location {
                case fixture.location("1200"): .kept("it has changed since it was packed")
                case fixture.location("7"): .alreadyGone
                default: .deleted
                }
            #expect(answer == expected, "\(source.location)")
        }
        #expect(answers.suffix(3) == [.kept("it belongs to the shards themselves"), .alreadyGone, .alreadyGone])
        #expect(requests.withLock { $0.deletions } == 3)
        #expect(try await fixture.names() == ["1200", "kept/x"])
    }

    @Test("Of two rows for one object the first deletes it; buckets are asked one by one")
    func repeated() async throws {
        try await fixture.put([1], "a")
        let files = try fixture.files()
        let source = try await packed("a", by: files)
        let stranger = PackedSource(location: "s3://no-such-bucket-here/x", identity: source.identity)
        let answers = await files.delete([source, stranger, source])
        #expect(answers[0] == .deleted && answers[2] == .alreadyGone)
        guard case .kept(let why) = answers[1] else { Issue.record("deleted in no bucket"); return }
        #expect(why.contains("NoSuchBucket"))
    }

    @Test("A key that must not be deleted is kept with the reason")
    func refused() async throws {
        try await fixture.put([1], "a")
        let files = try fixture.files(
            secretKey: fixture.server["READER_SECRET_KEY"], accessKey: fixture.server["READER_ACCESS_KEY"])
        let answers = await files.delete([try await packed("a", by: files)])
        guard case .kept(let why) = answers.first else { Issue.record("deleted without the right"); return }
        #expect(why.contains("AccessDenied"))
        #expect(try await fixture.names() == ["a"])
    }

    @Test("A batch whose answer never comes is kept as unknown, and the next try finds them gone")
    func unknown() async throws {
        try await fixture.putMany(5)
        let proxy = try FaultProxy(target: "127.0.0.1:\(fixture.server["PORT"])")
        let files = try fixture.files(url: proxy.url, attempts: 1)
        let sources = try await packed((0..<5).map(String.init), by: files)
        // More than one, as a kept connection gets a second chance.
        try proxy.plan(Array(repeating: "POST:lost", count: 10))
        let answers = await files.delete(sources)
        try proxy.plan([])
        for answer in answers {
            guard case .kept(let why) = answer else { Issue.record("\(answer)"); continue }
            #expect(why.contains("not known"))
        }
        #expect(await files.delete(sources) == Array(repeating: .alreadyGone, count: 5))
    }
}
