import Testing

import DESBase
@testable import DESS3

/// Services that do not list as they are asked to.
@Suite struct ListingTests {
    private func client(_ http: FakeExchange) throws -> S3Client {
        let endpoint = try #require(S3Endpoint(url: "http://127.0.0.1:1", region: "r", style: .path))
        let keys = S3StaticCredentials(accessKeyID: "key", secretAccessKey: "secret")
        return S3Client(
            S3Settings(endpoint: endpoint, retry: ServerAccess.quickRetry), credentials: S3CredentialChain([keys]),
            http: http, threads: ThreadPool(name: "des-test", count: 1))
    }

    private static func page(_ keys: [String], next: String?) -> HTTPResponse {
        let entries = keys.map { "<Contents><Key>\($0)</Key><Size>1</Size></Contents>" }.joined()
        let more = next.map { "<IsTruncated>true</IsTruncated><NextContinuationToken>\($0)</NextContinuationToken>" }
        return HTTPResponse(200, "<ListBucketResult>\(entries)\(more ?? "")</ListBucketResult>")
    }

    static let wrongPages: [(keys: [String], next: String?, after: String?, token: String?, why: String)] = [
        (["p/a", "p/b"], "t", "p/b", nil, "does not know start-after"), (["p/b"], nil, "p/b", nil, "start-after"),
        (["p/c", "p/a"], nil, "p/b", nil, "start-after"), (["p/e\u{301}"], nil, "p/\u{E9}", nil, "start-after"),
        ([], "t", nil, "t", "same continuation-token"), (["p/c"], "t", nil, "t", "same continuation-token"),
        (["p/b", "p/a"], "t", nil, nil, "order of keys"), (["p/a", "p/a"], "t", nil, nil, "order of keys"),
        (["other"], nil, nil, nil, "prefix"), (["p"], nil, nil, nil, "prefix"),
    ]

    @Test(
        "A listing that does not go on where it was asked to is an error, and is asked for once", arguments: wrongPages)
    func faults(keys: [String], next: String?, after: String?, token: String?, why: String) async throws {
        let http = FakeExchange { _ in Self.page(keys, next: next) }
        let client = try client(http)
        let error = await s3Error {
            _ = try await client.listObjects(bucket: "b", prefix: "p/", startAfter: after, continuation: token)
        }
        #expect(error?.code == .invalidListing && error?.message.contains(why) == true, "\(String(describing: error))")
        #expect(error?.isTransient == false && error?.isNotFound == false && error?.concernsObject == false)
        #expect(http.requests.count == 1)
    }

    static let rightPages: [(keys: [String], next: String?, after: String?, token: String?)] = [
        (["p/a", "p/b"], "t", nil, nil), (["p/c"], "u", "p/b", "t"), ([], "u", nil, "t"), ([], nil, "p/b", nil),
        // All of it is there, so its order is nobody's trouble.
        (["p/b", "p/a"], nil, nil, nil), (["p/\u{E9}"], nil, "p/e\u{301}", nil),
    ]

    @Test("A listing that does is taken", arguments: rightPages)
    func sound(keys: [String], next: String?, after: String?, token: String?) async throws {
        let client = try client(FakeExchange { _ in Self.page(keys, next: next) })
        let page = try await client.listObjects(bucket: "b", prefix: "p/", startAfter: after, continuation: token)
        #expect(page.objects.map(\.key) == keys && page.continuation == next)
    }

    @Test func `Uploads that are listed again and again are an error as well`() async throws {
        let http = FakeExchange { _ in
            HTTPResponse(
                200,
                """
                <ListMultipartUploadsResult><Upload><Key>k</Key><UploadId>u</UploadId></Upload><IsTruncated>true</IsTruncated>\
                <NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker></ListMultipartUploadsResult>
                """)
        }
        let client = try client(http)
        let first = try await client.listMultipartUploads(bucket: "b")
        let error = await s3Error { _ = try await client.listMultipartUploads(bucket: "b", after: first.next) }
        #expect(error?.code == .invalidListing)
    }
}
