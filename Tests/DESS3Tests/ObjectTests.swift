import DESBase
import DESTestSupport
import Testing

@testable import DESS3

/// Against a real server.
@Suite struct ObjectTests {
    @Test("What is written is read: whole, in ranges, and from the end", arguments: S3Settings.Checksum.allCases)
    func roundTrip(_ checksum: S3Settings.Checksum) async throws {
        let access = try ServerAccess(checksum: checksum)
        let (location, bytes) = (access.location("object"), pattern(100_000))
        let written = try await access.client.putObject(location, .bytes(bytes))
        let whole = try await access.client.getObject(location)
        #expect(whole.bytes == bytes)
        #expect(whole.attributes.etag == written.etag && !written.etag.isEmpty)
        let range = try await access.client.getObject(location, range: .bytes(10..<4106))
        #expect(range.bytes == Array(bytes[10..<4106]) && range.offset == 10 && range.attributes.size == 100_000)
        let cut = try await access.client.getObject(location, range: .bytes(99_990..<200_000))
        #expect(cut.bytes == Array(bytes[99_990...]))
        let tail = try await access.client.getObject(location, range: .suffix(500))
        #expect(tail.bytes == Array(bytes.suffix(500)) && tail.offset == 99_500 && tail.attributes.size == 100_000)
        let all = try await access.client.getObject(location, range: .suffix(1_000_000))
        #expect(all.bytes == bytes && all.offset == 0)
        let rest = try await access.client.getObject(location, range: .from(50_000))
        #expect(rest.bytes == Array(bytes[50_000...]))
        #expect(try await access.client.getObject(location, range: .bytes(5..<5)).bytes.isEmpty)
        let head = try await access.client.headObject(location)
        #expect(head.size == 100_000 && head.etag == written.etag && head.lastModified != nil)
        try await access.client.deleteObject(location)
        try await access.client.deleteObject(location)
        let missing = await s3Error { _ = try await access.client.getObject(location) }
        #expect(missing?.isNotFound == true)
        #expect(await s3Error { _ = try await access.client.headObject(location) }?.isNotFound == true)
    }

    @Test("An empty object has a size and no end to read")
    func empty() async throws {
        let access = try ServerAccess()
        let location = access.location("empty")
        _ = try await access.client.putObject(location, .bytes([]))
        #expect(try await access.client.headObject(location).size == 0)
        #expect(try await access.client.getObject(location).bytes.isEmpty)
        #expect(try await access.client.getObject(location, range: .suffix(10)).attributes.size == 0)
        let outside = await s3Error { _ = try await access.client.getObject(location, range: .bytes(0..<10)) }
        #expect(outside?.isRangeNotSatisfiable == true)
        let pieces = Collected()
        let attributes = try await access.client.getObject(location) { pieces.append($0) }
        #expect(attributes.size == 0 && pieces.bytes.isEmpty)
    }

    @Test(
        "A key may be any text",
        arguments: [
            "with space", "plus+plus", "what?", "100%", "%20", "/leading", "a//b", "ä€😀é", "../up", "./here", "a/../b",
            "~!*'();:@&=$,#[]", "\"quoted\"", "<tag>&amp;", "trailing/", "tab\tline\n", "ctrl\u{1}", "back\\slash",
            String(repeating: "k", count: 900),
        ])
    func keys(_ name: String) async throws {
        let access = try ServerAccess()
        // Nothing before a leading slash or dots.
        let locations = [access.location(name), S3Location(bucket: access.bucket, key: name)]
        for location in locations {
            let bytes = Array(location.key.utf8)
            _ = try await access.client.putObject(location, .bytes(bytes))
            #expect(try await access.client.getObject(location).bytes == bytes)
            // The server repeats the prefix in XML, which cannot hold every character.
            let prefix = String(location.key.prefix { $0 >= " " })
            let listed = try await access.client.listObjects(bucket: access.bucket, prefix: prefix)
            #expect(listed.objects.contains { $0.key == location.key && $0.size == UInt64(bytes.count) })
        }
        let results = try await access.client.deleteObjects(
            bucket: access.bucket, locations.map { S3Deletion($0.key) })
        #expect(results.allSatisfy { (try? $0.get()) != nil })
        for location in locations {
            #expect(await s3Error { _ = try await access.client.headObject(location) }?.isNotFound == true)
        }
    }

    @Test("Buckets are addressed by virtual host, too")
    func virtualHost() async throws {
        let access = try ServerAccess(url: "http://localhost:\(try port())", style: .virtualHost)
        let location = access.location("a b+c/ä")
        _ = try await access.client.putObject(location, .bytes([1, 2, 3]))
        #expect(try await access.client.getObject(location).bytes == [1, 2, 3])
        let page = try await access.client.listObjects(bucket: access.bucket, prefix: access.prefix)
        #expect(page.objects.map(\.key) == [location.key])
    }

    @Test("A file is sent in parts as it lies there, with its checksums computed or given", arguments: [true, false])
    func file(_ areDigestsGiven: Bool) async throws {
        let access = try ServerAccess()
        let bytes = pattern(3_000_000)
        let file = try TemporaryFile(bytes)
        let part = Array(bytes[1000..<2_500_000])
        let digests = areDigestsGiven ? PayloadDigests.of(part, [.md5, .sha256]) : PayloadDigests()
        let location = access.location("file")
        let open = try OpenFile(file.path)
        let written = try await access.client.putObject(location, .file(open, 1000..<2_500_000, digests: digests))
        #expect(written.etag == PayloadDigests.of(part, .md5).md5?.hexadecimal)
        #expect(try await access.client.getObject(location).bytes == part)
        let short = await s3Error {
            _ = try await access.client.putObject(location, .file(open, 0..<3_000_001, digests: PayloadDigests()))
        }
        #expect(short?.code == .unreadableBody)
        let wrong = PayloadDigests(sha256: [UInt8](repeating: 1, count: 32), md5: [UInt8](repeating: 1, count: 16))
        let refused = await s3Error {
            _ = try await access.client.putObject(location, .bytes([1, 2, 3], digests: wrong))
        }
        #expect(refused != nil && refused?.isNotFound == false)
        #expect(try await access.client.getObject(location).bytes == part)
    }

    @Test("A create-only write refuses to replace")
    func createOnly() async throws {
        let access = try ServerAccess()
        let location = access.location("once")
        _ = try await access.client.putObject(location, .bytes([1]), S3WriteOptions(isCreateOnly: true))
        let second = await s3Error {
            _ = try await access.client.putObject(location, .bytes([2]), S3WriteOptions(isCreateOnly: true))
        }
        #expect(second?.isPreconditionFailed == true && second?.attempts == 1)
        #expect(try await access.client.getObject(location).bytes == [1])
    }

    @Test("A read can insist on the entity tag")
    func ifMatch() async throws {
        let access = try ServerAccess()
        let location = access.location("tagged")
        let written = try await access.client.putObject(location, .bytes([1]))
        #expect(try await access.client.getObject(location, ifMatch: written.etag).bytes == [1])
        _ = try await access.client.putObject(location, .bytes([2]))
        let error = await s3Error { _ = try await access.client.getObject(location, ifMatch: written.etag) }
        #expect(error?.isPreconditionFailed == true)
    }

    @Test("An answer that is larger than the limit is an error, not memory")
    func limit() async throws {
        let access = try ServerAccess()
        let location = access.location("large")
        _ = try await access.client.putObject(location, .bytes(pattern(1 << 20)))
        let error = await s3Error { _ = try await access.client.getObject(location, limit: 1000) }
        #expect(error?.code == .tooLarge && error?.attempts == 1)
    }

    @Test("A large object comes in pieces, whole or a part of it")
    func pieces() async throws {
        let access = try ServerAccess()
        let (location, bytes) = (access.location("pieces"), pattern(5_000_000))
        _ = try await access.client.putObject(location, .bytes(bytes))
        let whole = Collected()
        let attributes = try await access.client.getObject(location) { whole.append($0) }
        #expect(whole.bytes == bytes && attributes.size == 5_000_000)
        let part = Collected()
        _ = try await access.client.getObject(location, range: .bytes(1_000_000..<4_000_000)) { part.append($0) }
        #expect(part.bytes == Array(bytes[1_000_000..<4_000_000]))
        struct Enough: Error {}
        await #expect(throws: Enough.self) { _ = try await access.client.getObject(location) { _ in throw Enough() } }
    }

    @Test("A listing goes on page by page, in order, after any key")
    func listing() async throws {
        let access = try ServerAccess()
        let names = (0..<25).map { "a/\($0 < 10 ? "0" : "")\($0) +%" }
        for name in names { _ = try await access.client.putObject(access.location(name), .bytes([1, 2])) }
        _ = try await access.client.putObject(access.location("b"), .bytes([]))
        var (found, pages, continuation) = ([String](), 0, String?.none)
        repeat {
            let page = try await access.client.listObjects(
                bucket: access.bucket, prefix: access.prefix + "a/", continuation: continuation, limit: 7)
            found += page.objects.map(\.key)
            continuation = page.continuation
            pages += 1
        } while continuation != nil
        #expect(found == names.map { access.prefix + $0 } && pages == 4)
        let later = try await access.client.listObjects(
            bucket: access.bucket, prefix: access.prefix, startAfter: access.prefix + names[20])
        #expect(later.objects.map(\.key) == names[21...].map { access.prefix + $0 } + [access.prefix + "b"])
        let folders = try await access.client.listObjects(
            bucket: access.bucket, prefix: access.prefix, delimiter: "/")
        #expect(folders.commonPrefixes == [access.prefix + "a/"])
        #expect(folders.objects.map(\.key) == [access.prefix + "b"])
    }

    @Test("A thousand objects are deleted by one request, each with a result")
    func deleteMany() async throws {
        let access = try ServerAccess()
        let keys = (0..<1000).map { access.prefix + "<\($0)>&" }
        for key in keys.prefix(20) {
            _ = try await access.client.putObject(S3Location(bucket: access.bucket, key: key), .bytes([1]))
        }
        let results = try await access.client.deleteObjects(bucket: access.bucket, keys.map { S3Deletion($0) })
        #expect(results.count == 1000 && results.allSatisfy { (try? $0.get()) != nil })
        #expect(try await access.client.listObjects(bucket: access.bucket, prefix: access.prefix).objects.isEmpty)
    }

    @Test("An upload in parts becomes an object, or leaves nothing when it is aborted")
    func multipart() async throws {
        let access = try ServerAccess()
        let location = access.location("parts ä+")
        let upload = try await access.client.createMultipartUpload(
            location, S3WriteOptions(contentType: "application/octet-stream", metadata: ["shard": "1"]))
        let bytes = pattern(12 << 20)
        let file = try TemporaryFile(bytes)
        let open = try OpenFile(file.path)
        var parts: [S3UploadedPart] = []
        for (number, range) in [(3, 10 << 20..<12 << 20), (1, 0..<5 << 20), (2, 5 << 20..<10 << 20)] {
            parts.append(
                try await access.client.uploadPart(
                    upload, number: number, .file(open, UInt64(range.lowerBound)..<UInt64(range.upperBound))))
        }
        let listed = try await access.client.listMultipartUploads(bucket: access.bucket, prefix: access.prefix)
        #expect(listed.uploads.map(\.location) == [location] && listed.uploads.map(\.id) == [upload.id])
        #expect(await s3Error { _ = try await access.client.headObject(location) }?.isNotFound == true)
        _ = try await access.client.completeMultipartUpload(upload, parts: parts, isCreateOnly: true)
        #expect(try await access.client.headObject(location).etag.hasSuffix("-3"))
        #expect(try await access.client.getObject(location).bytes == bytes)
        let aborted = try await access.client.createMultipartUpload(access.location("aborted"))
        _ = try await access.client.uploadPart(aborted, number: 1, .bytes([1]))
        try await access.client.abortMultipartUpload(aborted)
        try await access.client.abortMultipartUpload(aborted)
        #expect(
            try await access.client.listMultipartUploads(bucket: access.bucket, prefix: access.prefix).uploads.isEmpty)
        let late = await s3Error { _ = try await access.client.completeMultipartUpload(aborted, parts: parts) }
        // Ceph says "already in progress" with status 500.
        #expect(late?.code == .noSuchUpload || late?.isOutcomeUnknown == true)
        #expect(late?.isNotFound == false)
    }

    @Test("An object with a retention cannot be deleted")
    func retention() async throws {
        let bucket = "locked-\(UInt32.random(in: 0 ... .max))"
        let access = try ServerAccess(bucket: bucket)
        try await access.createBucket(bucket, headers: [("x-amz-bucket-object-lock-enabled", "true")])
        let until = Timestamp.now().adding(seconds: 86_400)
        let location = access.location("kept")
        let written = try await access.client.putObject(location, .bytes([1]))
        let version = try #require(written.versionID)
        try await access.client.putObjectRetention(
            location, S3Retention(mode: .governance, until: until), versionID: version)
        var request = S3Request(.deleteObject, .delete, location)
        request.query = [("versionId", version)]
        let refused = await s3Error { try await access.client.perform(request) { _, _ in } }
        #expect(refused?.isAccessDenied == true)
        _ = try await access.client.putObject(
            access.location("at once"), .bytes([1]),
            S3WriteOptions(retention: S3Retention(mode: .governance, until: until)))
    }

    private func port() throws -> String { try ServerAccess().server["PORT"] }
}
