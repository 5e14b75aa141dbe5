import DESBase
import DESTestSupport
import Foundation

@testable import DESS3

/// A client of the test server, and a place of its own in the bucket.
struct ServerAccess: Sendable {
    let server: DatabaseServer
    let client: S3Client
    let bucket: String
    /// Keys of one test begin with it, so that tests do not see each other's.
    let prefix = UUID().uuidString + "/"

    init(
        url: String? = nil, style: S3Endpoint.Style = .path, region: String? = nil, bucket: String? = nil,
        checksum: S3Settings.Checksum = .md5, payloadSigning: S3Settings.PayloadSigning = .signed,
        retry: S3RetryPolicy = Self.quickRetry, http settings: HTTPSettings = HTTPSettings(proxy: .none),
        accessKey: String? = nil, secretKey: String? = nil, timing: S3Timing = .system(),
        onEvent: (@Sendable (S3Event) -> Void)? = nil
    ) throws {
        server = try S3TestServer.shared()
        guard
            let endpoint = S3Endpoint(url: url ?? server["URL"], region: region ?? server["REGION"], style: style)
        else { throw HTTPError(.unusable, "no endpoint") }
        self.bucket = bucket ?? server["BUCKET"]
        let keys = S3StaticCredentials(
            accessKeyID: accessKey ?? server["ACCESS_KEY"], secretAccessKey: secretKey ?? server["SECRET_KEY"])
        client = S3Client(
            S3Settings(endpoint: endpoint, payloadSigning: payloadSigning, checksum: checksum, retry: retry),
            credentials: S3CredentialChain([keys]), http: try CurlTransport(settings),
            threads: ThreadPool(name: "des-test", count: 1), timing: timing, onEvent: onEvent)
    }

    static let quickRetry = S3RetryPolicy(
        firstDelay: .milliseconds(5), longestDelay: .milliseconds(50), deadline: .seconds(20),
        budget: .init(capacity: 1000, perSecond: 1000))

    func location(_ name: String) -> S3Location { S3Location(bucket: bucket, key: prefix + name) }

    /// Creates a bucket, which the client itself never does.
    func createBucket(_ name: String, headers: [(name: String, value: String)] = []) async throws {
        var request = S3Request(S3Operation("CreateBucket", "create"), .put, bucket: name)
        request.body = .bytes([])
        request.headers = headers
        try await client.perform(request) { _, _ in }
    }
}

/// Bytes that look random and are the same each time.
func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        withUnsafeBytes(of: state &* (state >> 32 | 1)) { bytes.append(contentsOf: $0) }
    }
    bytes.removeLast(bytes.count - count)
    return bytes
}

/// The error that the body throws; nil if it throws none.
func s3Error(_ body: () async throws -> Void) async -> S3Error? {
    do {
        try await body()
        return nil
    } catch {
        return error as? S3Error
    }
}

/// A file that is removed with this object.
final class TemporaryFile: Sendable {
    let path = "/tmp/des-s3-\(UUID().uuidString)"

    init(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: path)) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
