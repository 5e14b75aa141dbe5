import DESBase
import DESShard
import Testing

@testable import DESMigration
@testable import DESS3

/// Without a server.
@Suite struct S3SourceRuleTests {
    @Test(
        "A key is all behind the bucket's slash, taken literally",
        arguments: [
            ("s3://b/k", "b", "k"), ("s3://b//k", "b", "/k"), ("s3://b/a b+c?d%20e#f", "b", "a b+c?d%20e#f"),
            ("S3://b/k", "b", "k"), ("s3://b/\u{301}a/b", "b", "\u{301}a/b"), ("s3://b/../x", "b", "../x"),
            ("s3://b/ä/€\n", "b", "ä/€\n"),
        ])
    func locations(_ text: String, _ bucket: String, _ key: String) throws {
        let place = try S3SourceLocation.parse(text)
        #expect(Array(place.bucket.utf8) == Array(bucket.utf8) && Array(place.key.utf8) == Array(key.utf8))
    }

    @Test(
        "What names no bucket or no key is an invalid row",
        arguments: ["s3://", "s3://b", "s3://b/", "s3:///k", "s3:/b/k", "/b/k"])
    func noLocations(_ text: String) {
        let error = #expect(throws: SourceError.self) { try S3SourceLocation.parse(text) }
        #expect(error?.reason == .invalidRow && error?.message.contains(text) == true)
    }

    @Test("Identities are equal if size, ETag and version are")
    func identities() {
        let all = [
            S3ObjectAttributes.test(), .test(size: 6), .test(etag: "b"), .test(etag: ""), .test(versionID: "v"),
            .test(versionID: "w"), .test(etag: "av"), .test(versionID: ""),
        ].map(FileIdentity.init)
        #expect(Set(all).count == all.count)
        #expect(FileIdentity(.test()) == all[0] && all[0].size == 5 && all[0].device == .max)
        var later = S3ObjectAttributes.test()
        later.lastModified = Timestamp(secondsSinceEpoch: 9)
        #expect(FileIdentity(later) == all[0])
        #expect(FileIdentity(.test(size: .max)).size == .max)
    }

    @Test(
        "A folder holds what is in it by every reading of the key",
        arguments: [
            ("s3://b/in", "s3://b/in/x", true), ("s3://b/in/", "s3://b/in/x", true), ("s3://b", "s3://b/x", true),
            ("s3://b/", "s3://b/x/y", true), ("s3://b/in", "s3://b/inside/x", false),
            ("s3://b/in", "s3://c/in/x", false), ("s3://b/in", "s3://b/in/../x", false),
            ("s3://b/in", "s3://b//in/x", false), ("s3://b/in", "s3://b/x/../in/x", false),
            ("s3://b/in", "s3://b/in", false), ("s3://b/in", "s3://b/in/a/../x", true),
        ])
    func roots(_ root: String, _ location: String, _ isInside: Bool) throws {
        let folder = try #require(S3Folder(root))
        #expect(folder.contains(try S3SourceLocation.parse(location)) == isInside)
    }

    @Test(
        "Whatever may be in a store's prefix belongs to it",
        arguments: [
            ("des", "s3://b/des/x", true), ("des/", "s3://b/des/a/b", true), ("/des", "s3://b/des/x", true),
            ("des", "s3://b/descent/x", false), ("des", "s3://b/other/x", false), ("des", "s3://c/des/x", false),
            ("des", "s3://B/des/x", true), ("des", "s3://b//des/x", true), ("des", "s3://b/in/../des/x", true),
            ("des", "s3://b/des/../in/x", true), ("des", "s3://b/./des/x", true),
        ])
    func keptPrefix(_ prefix: String, _ location: String, _ isKept: Bool) throws {
        let kept = S3KeptFolder(bucket: "b", prefix: prefix)
        #expect(kept.mayHold(try S3SourceLocation.parse(location)) == isKept)
    }

    @Test(
        "A store without a prefix keeps what has its names",
        arguments: [
            ("20240102_0A_0000.des", true), ("20240102_0A_ABCDEFGHIJKLMNOPQRSTUVWXYZ.des", true),
            ("any/20240102_0A_0000.des", true), ("_bigFiles/abc", true), ("/_bigFiles/abc", true),
            ("x/../_bigFiles/abc", true), ("_bigFiles", false), ("my_bigFiles/abc", false), ("photo.jpg", false),
            ("a/b.des", false), ("20240102_0A_0000.des/x", false),
        ])
    func keptBucket(_ key: String, _ isKept: Bool) {
        let kept = S3KeptFolder(bucket: "b", prefix: "")
        #expect(kept.mayHold(S3Location(bucket: "b", key: key)) == isKept)
    }

    @Test("Big files may have a prefix of another name")
    func keptBigFiles() {
        let kept = S3KeptFolder(bucket: "b", prefix: "", bigFilesPrefix: "large/ones")
        #expect(kept.mayHold(S3Location(bucket: "b", key: "large/ones/x")))
        #expect(!kept.mayHold(S3Location(bucket: "b", key: "large/x")))
    }

    @Test("Roots of one kind allow no source of the other kind")
    func sourceRoots() throws {
        let none = try SourceRoots([])
        #expect(none.local == [] && none.s3 == nil)
        let local = try SourceRoots(["/data"])
        #expect(local.local == ["/data"] && local.s3 == [])
        let remote = try SourceRoots(["s3://b/in"])
        #expect(remote.local == nil && remote.s3 == [S3Folder(bucket: "b", prefix: "in/")])
        let both = try SourceRoots(["/data", "s3://b"])
        #expect(both.local == ["/data"] && both.s3 == [S3Folder(bucket: "b")])
        #expect(throws: SourceSettingsError.self) { try SourceRoots(["s3://"]) }
    }

    @Test(
        "A bucket in another spelling is refused, whatever the service makes of it",
        arguments: [":b", "t:b", "b%2F", "b b", "ü"])
    func bucketSpellings(_ bucket: String) {
        let error = #expect(throws: SourceError.self) { try S3SourceLocation.parse("s3://\(bucket)/key") }
        #expect(error?.reason == .invalidRow)
    }

    @Test("What TLS or an MD5 vouches for is read once")
    func transferCheck() {
        let md5 = PayloadDigests.of([1, 2, 3], .md5).md5
        let tag = "5289df737df57326fcdd22597afb1fac"
        for isSecure in [true, false] {
            #expect(TransferCheck(isSecure: isSecure).judge(md5: md5, etag: tag) == .whole)
            #expect(
                TransferCheck(isSecure: isSecure).judge(md5: md5, etag: tag + "-2") == (isSecure ? .whole : .unknown))
        }
    }

    @Test("Retries end by their number", arguments: [0, 3, 100])
    func retries(_ count: Int) throws {
        let policy = S3SourceRetries(count: count, delay: .seconds(2)).policy
        #expect(policy.maximumAttempts == count + 1 && policy.firstDelay == .seconds(2))
        var (state, elapsed, tries) = (S3RetryState(policy), Duration.zero, 0)
        let error = S3Error(.stalled, message: "", operation: .getObject)
        while true {
            elapsed += .seconds(30)
            tries += 1
            guard case .retry(let delay) = state.failed(error, at: elapsed, random: 0.99, budget: { .zero }) else {
                break
            }
            elapsed += delay
        }
        #expect(tries == count + 1)
    }
}

/// Answers by what it is called.
private struct NamedSources: SourceFiles {
    let name: String

    func read(_ location: String, bigFileThreshold: UInt64, into buffer: ByteBuffer) async throws(SourceError)
        -> SourceRead
    {
        throw SourceError(.unreadable, name)
    }

    func readPieces(_ location: String, of identity: FileIdentity, _ body: (UnsafeRawBufferPointer) throws -> Void)
        async throws
    {
        throw SourceError(.unreadable, name)
    }

    func delete(_ location: String, ifStill identity: FileIdentity) async -> SourceDeletion { .kept(name) }

    func delete(_ sources: [PackedSource]) async -> [SourceDeletion] {
        sources.map { .kept("\(name) of \(sources.count): \($0.location)") }
    }

    func identity(of location: String) async throws(SourceError) -> FileIdentity? { nil }
}

@Suite struct RoutedSourceTests {
    private let identity = FileIdentity(.test())
    private let both = RoutedSourceFiles(local: NamedSources(name: "local"), s3: NamedSources(name: "s3"))

    @Test(
        "A location's beginning says where it is read",
        arguments: [("s3://b/k", "s3"), ("/a/b", "local"), ("s3/k", "local")])
    func routes(_ location: String, _ name: String) async throws {
        #expect(await both.readFailure(location)?.message == name)
        #expect(await both.piecesFailure(location, of: identity)?.message == name)
        #expect(await both.delete(location, ifStill: identity) == .kept(name))
        #expect(try await both.identity(of: location) == nil)
    }

    @Test("Deletions are answered in their order")
    func deletions() async {
        let locations = ["/1", "s3://b/2", "s3://b/3", "/4", "s3://b/5"]
        let answers = await both.delete(locations.map { PackedSource(location: $0, identity: identity) })
        #expect(
            answers == [
                .kept("local of 2: /1"), .kept("s3 of 3: s3://b/2"), .kept("s3 of 3: s3://b/3"),
                .kept("local of 2: /4"), .kept("s3 of 3: s3://b/5"),
            ])
    }

    @Test("Without sources in S3 the setting is named")
    func disabled() async {
        let files = RoutedSourceFiles(local: NamedSources(name: "local"), s3: nil)
        let error = await files.readFailure("s3://b/k")
        #expect(error?.reason == .unsupportedLocation)
        #expect(error?.message == "cannot read s3://b/k: packer.s3_source.enabled is false")
        let sources = ["/1", "s3://b/2"].map { PackedSource(location: $0, identity: identity) }
        let answers = await files.delete(sources)
        #expect(
            answers == [
                .kept("local of 1: /1"), .kept("cannot read s3://b/2: packer.s3_source.enabled is false"),
            ])
        await #expect(throws: SourceError.self) { try await files.identity(of: "s3://b/k") }
    }

    @Test("Roots in S3 only allow no local path")
    func roots() async throws {
        let files = try RoutedSourceFiles(roots: SourceRoots(["s3://b/in"]), keeping: [], deletes: true, s3: nil)
        #expect(await files.readFailure("/etc/hostname")?.reason == .outsideRoots)
        let anywhere = try RoutedSourceFiles(roots: SourceRoots([]), keeping: [], deletes: true, s3: nil)
        #expect(await anywhere.readFailure("/no/such/file")?.reason == .missing)
    }
}
