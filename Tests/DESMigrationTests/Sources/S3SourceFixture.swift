import DESBase
import DESMigration
import DESShard
import DESTestSupport
import Foundation
import Synchronization

@testable import DESS3

/// Sources in the test server, below a prefix of their own.
struct S3SourceFixture: Sendable {
    let server: DatabaseServer
    /// Past every proxy, for what the test itself does.
    let direct: S3Client
    let bucket: String
    let prefix = "source-\(UUID().uuidString)/"

    init(bucket: String? = nil) throws {
        server = try S3TestServer.shared()
        self.bucket = bucket ?? server["BUCKET"]
        direct = try Self.client(of: server)
    }

    static func client(
        of server: DatabaseServer, url: String? = nil, secretKey: String? = nil, accessKey: String? = nil,
        attempts: Int = .max, before: (@Sendable (HTTPRequest) async throws -> Void)? = nil
    ) throws -> S3Client {
        guard let endpoint = S3Endpoint(url: url ?? server["URL"], region: server["REGION"], style: .path) else {
            throw HTTPError(.unusable, "no endpoint")
        }
        let keys = S3StaticCredentials(
            accessKeyID: accessKey ?? server["ACCESS_KEY"], secretAccessKey: secretKey ?? server["SECRET_KEY"])
        let retry = S3RetryPolicy(
            firstDelay: .milliseconds(2), longestDelay: .milliseconds(20), deadline: .seconds(60),
            maximumAttempts: attempts, budget: .init(capacity: 10_000, perSecond: 10_000))
        let curl = try CurlTransport(HTTPSettings(proxy: .none))
        let http: any HTTPExchange = before.map { HookedExchange(real: curl, before: $0) } ?? curl
        return S3Client(
            S3Settings(endpoint: endpoint, retry: retry), credentials: S3CredentialChain([keys]), http: http,
            threads: ThreadPool(name: "des-test", count: 1))
    }

    /// The sources as a migration sees them.
    func files(
        url: String? = nil, secretKey: String? = nil, accessKey: String? = nil, attempts: Int = .max,
        roots: [S3Folder]? = nil, keeping kept: [S3KeptFolder] = [], meter: S3SourceMeter = S3SourceMeter(nil),
        before: (@Sendable (HTTPRequest) async throws -> Void)? = nil
    ) throws -> S3SourceFiles {
        let client = try Self.client(
            of: server, url: url, secretKey: secretKey, accessKey: accessKey, attempts: attempts, before: before)
        return S3SourceFiles(client: client, roots: roots, keeping: kept, meter: meter)
    }

    func place(_ name: String) -> S3Location { S3Location(bucket: bucket, key: prefix + name) }

    func location(_ name: String) -> String { place(name).description }

    @discardableResult func put(_ bytes: [UInt8], _ name: String) async throws -> String {
        _ = try await direct.putObject(place(name), .bytes(bytes))
        return location(name)
    }

    /// Puts that many small objects, `0`, `1`, …, several at a time.
    func putMany(_ count: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                if number >= 32 { try await group.next() }
                group.addTask { try await put(Self.bytes(10 + number % 50, seed: number), "\(number)") }
            }
            try await group.waitForAll()
        }
    }

    /// Keys that are there, without the prefix.
    func names() async throws -> Set<String> {
        var names: Set<String> = []
        var continuation: String?
        repeat {
            let page = try await direct.listObjects(bucket: bucket, prefix: prefix, continuation: continuation)
            names.formUnion(page.objects.map { String($0.key.dropFirst(prefix.count)) })
            continuation = page.continuation
        } while continuation != nil
        return names
    }

    static func bytes(_ count: Int, seed: Int = 1) -> [UInt8] { PipelineFile.bytes(count, seed: seed) }
}

/// Real requests, with something done before each.
struct HookedExchange: HTTPExchange {
    let real: any HTTPExchange
    let before: @Sendable (HTTPRequest) async throws -> Void

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        try await before(request)
        return try await real.send(request)
    }
}

extension SourceFiles {
    /// What a read gives, and what was appended behind three bytes that were in the buffer before.
    func readAll(_ location: String, threshold: UInt64 = 1 << 20) async throws -> (SourceRead, [UInt8]) {
        let buffer = ByteBuffer()
        [7, 8, 9].withUnsafeBytes { buffer.append($0) }
        let before = buffer.count
        let result = try await read(location, bigFileThreshold: threshold, into: buffer)
        return (result, Array(buffer.bytes.dropFirst(before)))
    }

    /// Why a read fails; nil if it does not, or if it left something in the buffer.
    func readFailure(_ location: String, threshold: UInt64 = 1 << 20) async -> SourceError? {
        let buffer = ByteBuffer()
        do throws(SourceError) {
            _ = try await read(location, bigFileThreshold: threshold, into: buffer)
            return nil
        } catch { return buffer.count == 0 ? error : nil }
    }

    /// All pieces together.
    func pieces(_ location: String, of identity: FileIdentity) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await readPieces(location, of: identity) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Why reading in pieces fails; nil if it does not.
    func piecesFailure(_ location: String, of identity: FileIdentity) async -> SourceError? {
        do {
            _ = try await pieces(location, of: identity)
            return nil
        } catch { return error as? SourceError }
    }
}

extension SourceRead {
    /// Of what was found.
    var identity: FileIdentity {
        switch self {
        case .contents(let identity), .bigFile(let identity): identity
        }
    }
}

extension S3ObjectAttributes {
    static func test(size: UInt64 = 5, etag: String = "a", versionID: String? = nil) -> S3ObjectAttributes {
        S3ObjectAttributes(size: size, etag: etag, lastModified: nil, versionID: versionID, crc32: nil)
    }
}
