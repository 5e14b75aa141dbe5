import DESBase
import DESShard
import DESTelemetry
import DESTestSupport
import Synchronization
import Testing

@testable import DESMigration
@testable import DESS3

/// Against a real server.
@Suite(.serialized) struct S3SourceReadTests {
    private let fixture: S3SourceFixture

    init() throws { fixture = try S3SourceFixture() }

    @Test("A big file comes in pieces of 4 MiB, in order")
    func pieces() async throws {
        let bytes = S3SourceFixture.bytes(9_000_001)
        let location = try await fixture.put(bytes, "big")
        let files = try fixture.files()
        let (result, _) = try await files.readAll(location)
        var (sizes, read): ([Int], [UInt8]) = ([], [])
        try await files.readPieces(location, of: result.identity) { piece in
            sizes.append(piece.count)
            read.append(contentsOf: piece)
        }
        #expect(sizes == [4 << 20, 4 << 20, 9_000_001 - (8 << 20)])
        #expect(read == bytes)
    }

    @Test(
        "A key may be any text",
        arguments: [
            "with space", "plus+plus", "what?a=b&c", "100%", "%20%2F", "a//b", "ä€😀é", "e\u{301}", "../up", "trailing/",
            "tab\tline\n", "\u{301}combining", "#[]\"<&>",
        ])
    func keys(_ name: String) async throws {
        let bytes = Array(name.utf8)
        // Once with nothing before, but for a slash.
        for place in [fixture.place(name), S3Location(bucket: fixture.bucket, key: "/" + fixture.prefix + name)] {
            _ = try await fixture.direct.putObject(place, .bytes(bytes))
            let files = try fixture.files()
            let (result, read) = try await files.readAll(place.description)
            #expect(read == bytes)
            #expect(await files.delete(place.description, ifStill: result.identity) == .deleted)
            #expect(try await files.identity(of: place.description) == nil)
        }
    }

    @Test("No bucket, no right and wrong keys are something else than a missing object")
    func missing() async throws {
        let location = try await fixture.put([1], "there")
        let files = try fixture.files()
        let identity = try #require(try await files.identity(of: location))

        // All but the last say nothing of the object.
        let others: [(S3SourceFiles, String, String)] = [
            (files, "s3://no-such-bucket-here/there", "NoSuchBucket"),
            (try fixture.files(secretKey: "wrong"), location, "SignatureDoesNotMatch"),
            (try fixture.files(accessKey: "wrong"), location, "InvalidAccessKeyId"),
            (try fixture.files(secretKey: "wrong"), fixture.location("none"), "SignatureDoesNotMatch"),
            (files, "s3://\(fixture.bucket)/\(String(repeating: "k", count: 1025))", "1,024"),
        ]
        for (files, location, text) in others {
            let error = await files.readFailure(location)
            let reason = text == "1,024" ? FailureReason.unreadable : .unreachable
            #expect(error?.reason == reason && error?.message.contains(text) == true, "\(error as Any)")
            #expect(await files.piecesFailure(location, of: identity)?.reason == reason)
            await #expect(throws: SourceError.self) { try await files.identity(of: location) }
            guard case .kept(let why) = await files.delete(location, ifStill: identity) else {
                Issue.record("\(location) was not kept")
                continue
            }
            #expect(why.contains(text))
        }
    }

    @Test("An object that is replaced or deleted while it is read in pieces is noticed", arguments: [true, false])
    func changedDuring(_ isReplaced: Bool) async throws {
        let location = try await fixture.put(S3SourceFixture.bytes(9 << 20, seed: 1), "big")
        let identity = try #require(try await fixture.files().identity(of: location))
        let gets = Mutex(0)
        let files = try fixture.files { [fixture] request in
            guard request.method == .get,
                gets.withLock({
                    $0 += 1; return $0
                }) == 2
            else { return }
            if isReplaced {
                try await fixture.put(S3SourceFixture.bytes(9 << 20, seed: 2), "big")
            } else {
                try await fixture.direct.deleteObject(fixture.place("big"))
            }
        }
        let error = await files.piecesFailure(location, of: identity)
        #expect(error?.reason == (isReplaced ? .changed : .missing))
    }

    @Test("What the receiver of the pieces throws is thrown, and the reading ends")
    func thrown() async throws {
        let location = try await fixture.put(S3SourceFixture.bytes(20 << 20), "big")
        let gets = Mutex(0)
        let files = try fixture.files { request in if request.method == .get { gets.withLock { $0 += 1 } } }
        let identity = try #require(try await files.identity(of: location))
        await #expect(throws: PipelineFailure.self) {
            try await files.readPieces(location, of: identity) { _ in throw PipelineFailure("full") }
        }
        #expect(gets.withLock { $0 } <= 2)
    }

    @Test("Only objects inside of the roots are read")
    func roots() async throws {
        let inside = try await fixture.put([1], "in/x")
        let outside = try await fixture.put([1], "inside/x")
        let root = S3Folder(bucket: fixture.bucket, prefix: fixture.prefix + "in")
        let files = try fixture.files(roots: [root])
        let identity = try #require(try await files.identity(of: inside))
        #expect(await files.readFailure(outside)?.reason == .outsideRoots)
        #expect(await files.piecesFailure(outside, of: identity)?.reason == .outsideRoots)
        #expect(await files.delete(outside, ifStill: identity) != .deleted)
        #expect(await files.delete(inside, ifStill: identity) == .deleted)
        #expect(await (try fixture.files(roots: [])).readFailure(inside)?.reason == .outsideRoots)
    }

    @Test("In a bucket with versions the same content is another object")
    func versions() async throws {
        let bucket = "versions-\(fixture.prefix.dropFirst(7).prefix(8).lowercased())"
        let versioned = try S3SourceFixture(bucket: bucket)
        var request = S3Request(S3Operation("CreateBucket", "create"), .put, bucket: bucket)
        request.body = .bytes([])
        try await fixture.direct.perform(request) { _, _ in }
        let document = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        request.query = [("versioning", "")]
        request.body = .bytes(Array(document.utf8))
        try await fixture.direct.perform(request) { _, _ in }

        let location = try await versioned.put([1, 2, 3], "file")
        let files = try versioned.files()
        let (result, _) = try await files.readAll(location)
        #expect(try await files.identity(of: location) == result.identity)
        #expect(try await files.pieces(location, of: result.identity) == [1, 2, 3])
        try await versioned.put([1, 2, 3], "file")
        #expect(try await files.identity(of: location) != result.identity)
        #expect(await files.delete(location, ifStill: result.identity) == .kept("it has changed since it was packed"))
        let now = try #require(try await files.identity(of: location))
        #expect(await files.delete(location, ifStill: now) == .deleted)
        #expect(try await files.identity(of: location) == nil)
    }

    @Test("Reads are counted by how they ended, with their time and bytes")
    func metrics() async throws {
        let registry = PrometheusRegistry()
        try MigrationMetrics.registerAll(on: registry)
        let metrics = MigrationMetrics(factory: registry, failureReasons: [])
        let clock = Mutex(Duration.zero)
        let meter = S3SourceMeter(metrics) {
            clock.withLock {
                $0 += .seconds(2); return $0
            }
        }
        let files = try fixture.files(meter: meter)
        let small = try await fixture.put(S3SourceFixture.bytes(1000), "small")
        let big = try await fixture.put(S3SourceFixture.bytes(5 << 20), "big")
        _ = try await files.readAll(small)
        let (result, _) = try await files.readAll(big)
        _ = try await files.pieces(big, of: result.identity)
        _ = await files.readFailure(fixture.location("none"))
        _ = await files.readFailure("s3://no-such-bucket-here/x")
        _ = await files.piecesFailure(small, of: result.identity)
        let text = registry.text()
        for sample in [
            "des_s3_source_reads_total{status=\"success\"} 2", "des_s3_source_reads_total{status=\"missing\"} 1",
            "des_s3_source_reads_total{status=\"changed\"} 1", "des_s3_source_reads_total{status=\"error\"} 1",
            "des_s3_source_read_seconds_sum{status=\"success\"} 4",
            "des_s3_source_bytes_downloaded_total \(1000 + (5 << 20))",
        ] {
            #expect(text.contains("\n\(sample)\n"), "\(sample) is not in \(text)")
        }
    }
}
