import DESBase
import DESShard
import DESStorage
import DESTestSupport
import Testing

@testable import DESMigration
@testable import DESS3

/// Whole migrations of sources in S3.
@Suite(.serialized) struct S3SourcePipelineTests {
    private let pipeline: PipelineFixture
    private let remote: S3SourceFixture

    init() throws {
        pipeline = try PipelineFixture()
        pipeline.settings.deletesSources = true
        remote = try S3SourceFixture()
    }

    @discardableResult private func add(_ name: String, _ bytes: [UInt8]) async throws -> PipelineFile {
        try await remote.put(bytes, name)
        return try pipeline.addRow(uid: name, path: remote.location(name), bytes: bytes)
    }

    private func run(_ files: S3SourceFiles?, with hook: (any SourceFiles)? = nil) async throws -> PipelineOutcome {
        var world = try pipeline.world()
        world.sources = RoutedSourceFiles(local: try LocalSourceFiles(), s3: hook ?? files)
        return try await pipeline.run(in: world)
    }

    @Test("Small, empty, large and big objects and local files go into shards, and the sources are deleted")
    func all() async throws {
        for number in 0..<50 { try await add("small-\(number)", PipelineFile.bytes(number * 20, seed: number)) }
        try await add("empty", [])
        try await add("odd key+?%20ä", PipelineFile.bytes(300, seed: 77))
        try await add("above the threshold", PipelineFile.bytes(1025, seed: 78))
        try await add("big", PipelineFile.bytes(9 << 20, seed: 79))
        for _ in 0..<5 { try pipeline.add() }
        let outcome = try await run(try remote.files())
        outcome.expectBooks(migrated: 59)
        #expect(outcome.result.filesDeleted == 59)
        try pipeline.expectSettled(pipeline.files, sourcesDeleted: true)
        try pipeline.expectOnly(pipeline.files)
        #expect(try await remote.names().isEmpty)
    }

    @Test("A bad object fails alone, with its reason")
    func bad() async throws {
        let good = try await add("good", PipelineFile.bytes(300, seed: 1))
        try await add("gone", PipelineFile.bytes(300, seed: 2))
        try await remote.direct.deleteObject(remote.place("gone"))
        try await add("other size", PipelineFile.bytes(300, seed: 3))
        try await remote.put([1, 2, 3], "other size")
        try pipeline.addRow(uid: "no bucket", path: "s3://no-such-bucket-here/x", bytes: [1])
        try pipeline.addRow(uid: "no key", path: "s3://\(remote.bucket)/", bytes: [1])
        let outcome = try await run(try remote.files())
        outcome.expectBooks(migrated: 1, failed: 4)
        #expect(outcome.failure("gone")?.reason == .missing)
        #expect(outcome.failure("other size")?.reason == .sizeMismatch)
        #expect(outcome.failure("no bucket")?.reason == .unreachable)
        #expect(outcome.failure("no key")?.reason == .invalidRow)
        try pipeline.expectSettled([good])
        #expect(try await remote.names() == ["other size"])
    }

    @Test("An object that is replaced after it was packed is migrated as it was, and stays")
    func replaced() async throws {
        let file = try await add("file", PipelineFile.bytes(300, seed: 1))
        let outcome = try await run(
            nil,
            with: ReplacingSources(real: try remote.files()) { [remote] in
                _ = try? await remote.put(PipelineFile.bytes(300, seed: 2), "file")
            })
        outcome.expectBooks(migrated: 1)
        #expect(outcome.result.filesDeleted == 0)
        try pipeline.expectSettled([file])
        #expect(try await remote.direct.getObject(remote.place("file")).bytes == PipelineFile.bytes(300, seed: 2))
    }

    @Test("Without S3 the setting is named, and nothing is touched")
    func disabled() async throws {
        try await add("file", [1])
        let outcome = try await run(nil)
        outcome.expectBooks(migrated: 0, failed: 1)
        #expect(outcome.failure("file")?.reason == .unsupportedLocation)
        #expect(outcome.failure("file")?.message.contains("packer.s3_source.enabled is false") == true)
        #expect(try await remote.names() == ["file"])
    }

    @Test("With every fifth request failing it ends as without", arguments: [1, 2])
    func faults(_ seed: Int) async throws {
        let proxy = try FaultProxy(target: "127.0.0.1:\(remote.server["PORT"])", seed: seed)
        for number in 0..<100 { try await add("small-\(number)", PipelineFile.bytes(number * 11, seed: number)) }
        try await add("big", PipelineFile.bytes(9 << 20, seed: 79))
        try proxy.setRates(["reset": 0.05, "truncate": 0.05, "error-503": 0.05, "error-500": 0.03, "lost": 0.02])
        let outcome = try await run(try remote.files(url: proxy.url))
        outcome.expectBooks(migrated: 101)
        try pipeline.expectSettled(pipeline.files)
        #expect(try await remote.names().isEmpty)
    }
}

/// Real sources of which something is done just before they are deleted.
private struct ReplacingSources: SourceFiles {
    let real: any SourceFiles
    let beforeDelete: @Sendable () async -> Void

    func read(_ location: String, bigFileThreshold: UInt64, into buffer: ByteBuffer) async throws(SourceError)
        -> SourceRead
    {
        try await real.read(location, bigFileThreshold: bigFileThreshold, into: buffer)
    }

    func readPieces(_ location: String, of identity: FileIdentity, _ body: (UnsafeRawBufferPointer) throws -> Void)
        async throws
    {
        try await real.readPieces(location, of: identity, body)
    }

    func delete(_ location: String, ifStill identity: FileIdentity) async -> SourceDeletion {
        await beforeDelete()
        return await real.delete(location, ifStill: identity)
    }

    func delete(_ sources: [PackedSource]) async -> [SourceDeletion] {
        await beforeDelete()
        return await real.delete(sources)
    }

    func identity(of location: String) async throws(SourceError) -> FileIdentity? {
        try await real.identity(of: location)
    }
}
