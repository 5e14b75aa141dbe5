import DESBase
import DESCatalog
import DESS3
import Glibc
import Testing

@testable import DESMigration

/// What a failure says something of.
@Suite struct FailureBlameTests {
    @Test(arguments: [
        (ENOENT, FailureReason.missing), (ENOTDIR, .missing), (EACCES, .unreadable), (EIO, .unreadable),
        (ELOOP, .unreadable), (EMFILE, .unreachable), (ENFILE, .unreachable), (ENOMEM, .unreachable),
        (ESTALE, .unreachable), (ETIMEDOUT, .unreachable), (EHOSTDOWN, .unreachable), (ENOTCONN, .unreachable),
        (EKEYEXPIRED, .unreachable), (EINTR, .unreachable), (ENODEV, .unreachable), (9999, .unreachable),
    ])
    func `a system call that fails blames the file only for what one file can have`(code: Int32, reason: FailureReason)
    {
        let error = SystemError(code: code, operation: "open", subject: "/data/a")
        #expect(SourceError(reading: error).reason == reason)
    }

    @Test func `a file that cannot be looked up for want of a right is in a closed folder`() {
        let error = SystemError(code: EACCES, operation: "look up", subject: "/data/a")
        #expect(SourceError(reading: error, isLookup: true).reason == .unreachable)
    }

    @Test(arguments: [
        ("NoSuchKey", 404, FailureReason.missing), ("AccessDenied", 403, .unreadable),
        ("InvalidObjectState", 403, .unreadable), ("KeyTooLongError", 400, .unreadable),
        ("NoSuchBucket", 404, .unreachable), ("InvalidAccessKeyId", 403, .unreachable),
        ("SignatureDoesNotMatch", 403, .unreachable), ("ExpiredToken", 400, .unreachable),
        ("InvalidToken", 400, .unreachable), ("RequestTimeTooSkewed", 403, .unreachable),
        ("SlowDown", 503, .unreachable), ("InternalError", 500, .unreachable), ("HTTP502", 502, .unreachable),
        ("KMS.DisabledException", 400, .unreachable), ("KMS.KMSInvalidStateException", 400, .unreachable),
        ("NotS3", 200, .unreachable), ("NotS3", 403, .unreachable), ("AllAccessDisabled", 403, .unreachable),
        ("AccountProblem", 403, .unreachable), ("PermanentRedirect", 301, .unreachable),
        ("AuthorizationHeaderMalformed", 400, .unreachable), ("NobodyKnows", 418, .unreachable),
        ("CannotConnect", 0, .unreachable), ("UnknownHost", 0, .unreachable), ("NoCredentials", 0, .unreachable),
        ("UntrustedCertificate", 0, .unreachable), ("ConnectionLost", 0, .unreachable), ("Stalled", 0, .unreachable),
    ])
    func `an answer of S3 blames the object only if it may be about this one alone`(
        code: String, status: Int, reason: FailureReason
    ) {
        let place = S3Location(bucket: "b", key: "k")
        let error = S3Error(
            S3Error.Code(rawValue: code), status: status == 0 ? nil : status, message: "", operation: .getObject,
            bucket: "b", key: "k")
        #expect(SourceError(readingS3: error, place).reason == reason)
    }

    @Test func `a right to a key of the service that is missing is no matter of the object`() {
        let error = S3Error(
            .accessDenied, status: 403, message: "User x is not authorized to perform: kms:Decrypt on the resource",
            operation: .getObject)
        #expect(SourceError(readingS3: error, S3Location(bucket: "b", key: "k")).reason == .unreachable)
        #expect(SourceError(readingS3: CancellationError(), S3Location(bucket: "b", key: "k")).reason == .unreachable)
    }

    @Test(arguments: [
        ("s3://bucket/a/b", "s3://bucket/"), ("S3://b/a", "S3://b/"), ("s3://b", "s3://b/"), ("/a/b", "/a/"),
        ("/a", "/"), ("/a/b//", "/a/"), ("a/b", "a/"), ("a", ""), ("", ""), ("/", "/"), ("file:///a/b", "file:///a/"),
        ("/a/\u{301}b", "/a/"),
    ])
    func `a place is the bucket or the folder`(location: String, prefix: String) {
        #expect(Array(SourcePlace(of: location).prefix.text.utf8) == Array(prefix.utf8))
    }

    @Test func `a folder is part of those above it, but not of one that disks are mounted in`() {
        func above(_ location: String) -> [String] { SourcePlace.andAbove(location).map(\.prefix.text) }
        #expect(above("/a/b/c/d/e/f") == ["/a/b/c/d/e/", "/a/b/c/d/", "/a/b/c/", "/a/b/"])
        #expect(above("/mnt/disk/x") == ["/mnt/disk/"])
        #expect(above("/x") == ["/"] && above("a/b/c/d") == ["a/b/c/"] && above("s3://b/c/d/e") == ["s3://b/"])
    }

    @Test func `look-alike folders are two places`() {
        #expect(SourcePlace(of: "/\u{E9}/a") != SourcePlace(of: "/e\u{301}/a"))
    }

    @Test func `a million failures are kept in bounded memory, and the rest holds the watermark`() {
        var shelf = FailureShelf(mostRows: 1000)
        for number in 0..<1_000_000 {
            shelf.add(
                unitKey(.integer(Int64(number))), number.isMultiple(of: 2) ? .missing : .unreachable, "no \(number)")
        }
        #expect(shelf.failures.count == 1000 && shelf.omitted == 499_000)
        #expect(shelf.surroundings.count == 500_000 && shelf.surroundings.first == "no 1")
    }

    @Test func `long texts are bounded by their bytes`() {
        var shelf = FailureShelf(mostRows: 1000, mostBytes: 1 << 20)
        let text = String(repeating: "x", count: 100_000)
        let key = RowKey(rowID: 1, uid: .text(text), createdAt: .null, location: .text("/a"))
        for _ in 0..<100 { shelf.add(key, .missing, text) }
        #expect(shelf.failures.count == 10 && shelf.omitted == 90)
        #expect(shelf.failures.allSatisfy { $0.message.utf8.count < 1000 })
    }

    @Test func `of more places than are counted nothing is known`() {
        var tally = PlaceTally(mostPlaces: 2)
        let locations = ["/a/x", "/b/x", "/c/x"]
        for location in locations + ["/a/y"] { tally.read(location) }
        tally.failed("/a/z")
        let places = locations.map { SourcePlace(of: $0) }
        #expect(tally.count(of: places[0]) == PlaceTally.Count(read: 2, failed: 1))
        #expect(tally.count(of: places[2]) == nil)
        #expect(tally.read == 4)
    }

    @Test func `a folder counts what is below it, a bucket all of its objects`() {
        var tally = PlaceTally()
        for location in ["/data/in/a/1", "/data/in/b/2", "s3://b/x/y", "s3://b/z", "s3://c"] { tally.read(location) }
        func read(_ location: String) -> Int? { tally.count(of: SourcePlace(of: location))?.read }
        #expect(read("/data/in/a/9") == 1 && read("/data/in/9") == 2 && read("/data/9") == nil)
        #expect(read("s3://b/k") == 2)
    }

    @Test func `a judgement names some kinds of doubt and counts the others`() {
        var judgement = Judgement()
        for number in 0..<1000 { judgement.doubt("place \(number % 50)") }
        #expect(judgement.doubts.count == 10 && judgement.doubts.allSatisfy { $0.count == 20 })
        #expect(judgement.others == 800)
    }

    @Test(arguments: [
        ("a", true), ("in/a", true), ("./a", true), ("../a", true), ("a b:c", true), ("1:a", true),
        ("/a", false), ("//a", false), ("s3://b/k", false), ("file:///a", false), ("https://x/y", false),
        ("data:text/plain,a", false), ("gs://b/k", false), ("a\0", false),
    ])
    func `a relative location has neither a root nor a scheme`(location: String, isRelative: Bool) {
        #expect(SourceAddress(location).isRelative == isRelative)
    }
}
