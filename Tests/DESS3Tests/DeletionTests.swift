import Testing

import DESBase
@testable import DESS3

/// Deletions of objects that must still be what they were when they were looked up.
@Suite struct DeletionTests {
    private static let objects = [S3Deletion("a&b", ifMatch: "\"1<2\""), S3Deletion("c")]
    private static let conditional =
        "<Delete><Object><Key>a&amp;b</Key><ETag>&quot;1&lt;2&quot;</ETag></Object><Object><Key>c</Key></Object></Delete>"

    private func client(_ http: FakeExchange) throws -> S3Client {
        let endpoint = try #require(S3Endpoint(url: "http://127.0.0.1:1", region: "r", style: .path))
        let keys = S3StaticCredentials(accessKeyID: "key", secretAccessKey: "secret")
        return S3Client(
            S3Settings(endpoint: endpoint, retry: ServerAccess.quickRetry), credentials: S3CredentialChain([keys]),
            http: http, threads: ThreadPool(name: "des-test", count: 1))
    }

    @Test("An object that has another entity tag by now stays, and is told apart from what failed")
    func changed() async throws {
        let http = FakeExchange { _ in
            HTTPResponse(
                200,
                """
                <DeleteResult><Deleted><Key>c</Key></Deleted><Error><Key>a&amp;b</Key>\
                <Code>PreconditionFailed</Code><Message>no</Message></Error></DeleteResult>
                """)
        }
        let results = try await client(http).deleteObjects(bucket: "bucket", Self.objects)
        #expect(http.requests.map(\.text) == [Self.conditional])
        let error = await s3Error { try results[0].get() }
        #expect(error?.isPreconditionFailed == true)
        #expect((try? results[1].get()) != nil)
    }

    @Test(
        "A service that refuses conditions is asked without them, and no other refusal is",
        arguments: [("MalformedXML", 400, true), ("NotImplemented", 501, true), ("InvalidRequest", 400, false)])
    func unknown(code: String, status: Int, isRepeated: Bool) async throws {
        let http = FakeExchange { request in
            request.text.contains("ETag")
                ? HTTPResponse(status, "<Error><Code>\(code)</Code><Message>no</Message></Error>")
                : HTTPResponse(
                    200,
                    """
                    <DeleteResult><Deleted><Key>a&amp;b</Key></Deleted><Deleted><Key>c</Key></Deleted></DeleteResult>
                    """)
        }
        let client = try client(http)
        if isRepeated {
            let results = try await client.deleteObjects(bucket: "bucket", Self.objects)
            #expect(results.allSatisfy { (try? $0.get()) != nil })
            #expect(http.requests.last?.text.contains("ETag") == false)
        } else {
            await #expect(throws: S3Error.self) { try await client.deleteObjects(bucket: "bucket", Self.objects) }
        }
        #expect(http.requests.allSatisfy { $0.header("content-md5") != nil })
    }

    @Test("A key that no document can name has the condition in a header")
    func alone() async throws {
        let http = FakeExchange { _ in HTTPResponse(412, "<Error><Code>PreconditionFailed</Code></Error>") }
        let results = try await client(http).deleteObjects(
            bucket: "bucket", [S3Deletion("a\u{1}", ifMatch: "\"e\"")])
        #expect(http.requests.map { $0.header("if-match") } == ["\"e\""])
        let error = await s3Error { try results[0].get() }
        #expect(error?.isPreconditionFailed == true)
    }
}
