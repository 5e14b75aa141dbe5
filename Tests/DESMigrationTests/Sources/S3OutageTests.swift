import DESBase
import DESCatalog
import DESCatalogWatermark
import DESMigration
import DESShard
import Foundation
import Testing

@testable import DESS3

/// Behind a watermark nothing is given up for what a service, a bucket or a page of somebody else answers.
@Suite struct S3OutageTests {
    /// What the service answers instead of an object.
    enum Outage: CaseIterable {
        case noConnection, noHost, unknownCertificate, cutOff, slowDown, serviceUnavailable, badGateway, expiredToken,
            wrongClock
        case wrongKey, wrongSecret, denied, noBucket, keyOfServiceDisabled, keyOfServiceDenied, pageForbidden, pageOK,
            garbage

        func answer() throws -> HTTPResponse {
            switch self {
            case .noConnection: throw HTTPError(.cannotConnect, "Connection refused")
            case .noHost: throw HTTPError(.unknownHost, "no such host")
            case .unknownCertificate: throw HTTPError(.untrustedCertificate, "self-signed certificate")
            case .cutOff: throw HTTPError(.connectionLost, "Connection reset by peer")
            case .slowDown: return S3OutageTests.error("SlowDown", 503)
            case .serviceUnavailable: return S3OutageTests.answer(503, "no healthy upstream")
            case .badGateway: return S3OutageTests.answer(502, "<html>Bad Gateway</html>")
            case .expiredToken: return S3OutageTests.error("ExpiredToken", 400)
            case .wrongClock: return S3OutageTests.error("RequestTimeTooSkewed", 403)
            case .wrongKey: return S3OutageTests.error("InvalidAccessKeyId", 403)
            case .wrongSecret: return S3OutageTests.error("SignatureDoesNotMatch", 403)
            case .denied: return S3OutageTests.error("AccessDenied", 403)
            case .noBucket: return S3OutageTests.error("NoSuchBucket", 404)
            case .keyOfServiceDisabled: return S3OutageTests.error("KMS.DisabledException", 400)
            case .keyOfServiceDenied:
                return S3OutageTests.error("AccessDenied", 403, "not authorized to perform: kms:Decrypt")
            case .pageForbidden: return S3OutageTests.answer(403, "<html><body>Request blocked</body></html>")
            case .pageOK: return S3OutageTests.answer(200, "<html><body>Please log in</body></html>")
            case .garbage: return S3OutageTests.answer(404, "not found")
            }
        }
    }

    /// Objects of two buckets as a service would answer for them; what a test wants answered first.
    private struct Service: HTTPExchange {
        let objects: [String: [UInt8]]
        let instead: @Sendable (String) throws -> HTTPResponse?

        func send(_ request: HTTPRequest) async throws -> HTTPResponse {
            let path = String(request.url.dropFirst("http://s3.test".count))
            if let answer = try instead(path) { return answer }
            guard let bytes = objects[path] else { return error("NoSuchKey", 404) }
            let etag = (PayloadDigests.of(bytes, .md5).md5 ?? []).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            let headers = [
                ("ETag", "\"\(etag.joined())\""), ("Content-Length", "\(bytes.count)"), ("x-amz-request-id", "1"),
            ]
            return HTTPResponse(status: 200, headers: headers, body: request.method == .head ? [] : bytes)
        }
    }

    private static func error(_ code: String, _ status: Int, _ message: String = "no") -> HTTPResponse {
        let text = "<Error><Code>\(code)</Code><Message>\(message)</Message></Error>"
        return HTTPResponse(status: status, headers: [("x-amz-request-id", "1")], body: Array(text.utf8))
    }

    private static func answer(_ status: Int, _ text: String) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("Content-Length", "\(text.utf8.count)")], body: Array(text.utf8))
    }

    private let setting: PipelineWatermark
    private var objects: [String: [UInt8]] = [:]

    /// Twenty objects of two buckets on two days.
    init() throws {
        setting = try PipelineWatermark()
        for number in 0..<20 {
            let bytes = PipelineFile.bytes(40 + number, seed: number)
            let path = "\(number.isMultiple(of: 2) ? "even" : "odd")/in/\(number)"
            objects["/" + path] = bytes
            try setting.fixture.addRow(uid: "\(number)", day: number / 10, path: "s3://\(path)", bytes: bytes)
        }
    }

    private func cycle(_ instead: @escaping @Sendable (String) throws -> HTTPResponse? = { _ in nil }) async throws
        -> PipelineOutcome
    {
        let endpoint = try #require(S3Endpoint(url: "http://s3.test", region: "us-east-1", style: .path))
        let client = S3Client(
            S3Settings(
                endpoint: endpoint,
                retry: S3RetryPolicy(firstDelay: .zero, longestDelay: .zero, deadline: .seconds(1), maximumAttempts: 1)),
            credentials: S3CredentialChain([S3StaticCredentials(accessKeyID: "a", secretAccessKey: "s")]),
            http: Service(objects: objects, instead: instead), threads: ThreadPool(name: "des-test", count: 1))
        return try await setting.run { local in RoutedSourceFiles(local: local, s3: S3SourceFiles(client: client)) }
    }

    @Test(arguments: Outage.allCases)
    func `During an outage the watermark waits, and afterwards all is migrated`(outage: Outage) async throws {
        for _ in 0..<ArchiveFailure.attempts + 1 {
            let outcome = try await cycle { _ in try outage.answer() }
            outcome.expectBooks(migrated: 0, failed: 20)
            #expect(outcome.logged("the watermark waits"))
            #expect(try await setting.isWaiting())
            #expect(try await setting.setAside().isEmpty)
        }
        try await cycle().expectBooks(migrated: 20)
        #expect(try await setting.watermark() == PipelineWatermark.midnight(2))
        #expect(try setting.entries() == 20)
    }

    @Test(arguments: [Outage.denied, .noBucket, .keyOfServiceDisabled, .slowDown])
    func `If one bucket is out of reach the other one is migrated, and nothing is given up`(outage: Outage) async throws
    {
        for number in 0..<ArchiveFailure.attempts + 1 {
            let outcome = try await cycle { $0.hasPrefix("/even/") ? try outage.answer() : nil }
            outcome.expectBooks(migrated: number == 0 ? 10 : 0, failed: 10)
            #expect(try await setting.isWaiting())
            #expect(try await setting.setAside().isEmpty)
        }
        try await cycle().expectBooks(migrated: 10)
        #expect(try setting.entries() == 20)
    }

    @Test(arguments: ["AccessDenied", "InvalidObjectState"])
    func `A single object that is closed is given up, once others of its bucket were read in three cycles`(
        code: String
    ) async throws {
        for number in 1...ArchiveFailure.attempts {
            #expect(try await setting.setAside().isEmpty)
            let outcome = try await cycle { $0 == "/even/in/4" ? Self.error(code, 403) : nil }
            outcome.expectBooks(migrated: number == 1 ? 19 : 0, failed: 1)
        }
        #expect(try await setting.setAside() == ["4"])
        #expect(try await setting.watermark() == PipelineWatermark.midnight(2))
    }

    @Test func `A single object that is gone is given up at once, all objects of a day are not`() async throws {
        let outcome = try await cycle { path in
            path == "/odd/in/3" || path.hasPrefix("/even/in/1") || path.hasPrefix("/odd/in/1") && path != "/odd/in/1"
                ? Self.error("NoSuchKey", 404) : nil
        }
        // 3 of day 0, and 10 to 19 of day 1.
        outcome.expectBooks(migrated: 9, failed: 11)
        #expect(try await setting.setAside() == ["3"])
        #expect(try await setting.watermark() == PipelineWatermark.midnight(1))
        try await cycle().expectBooks(migrated: 10)
        #expect(try await setting.watermark() == PipelineWatermark.midnight(2))
    }
}
