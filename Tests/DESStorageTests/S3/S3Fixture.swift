import DESBase
import DESS3
import DESStorage
import DESTestSupport
import Foundation

/// A store in the test server, with a prefix of its own, and a folder for staged files.
struct S3Fixture {
    let folder: TemporaryFolder
    let server: DatabaseServer
    let threads = ThreadPool(name: "des-test", count: 2)
    let prefix = "t-\(UUID().uuidString)/"

    init() throws {
        folder = try TemporaryFolder()
        server = try S3TestServer.shared()
    }

    /// - Parameters:
    ///   - url: of a proxy, instead of the server's.
    ///   - isReader: as the user who may only read.
    func client(url: String? = nil, isReader: Bool = false, checksum: S3Settings.Checksum = .md5) throws -> S3Client {
        guard let endpoint = S3Endpoint(url: url ?? server["URL"], region: server["REGION"]) else {
            throw HTTPError(.unusable, "no endpoint")
        }
        let keys = S3StaticCredentials(
            accessKeyID: server[isReader ? "READER_ACCESS_KEY" : "ACCESS_KEY"],
            secretAccessKey: server[isReader ? "READER_SECRET_KEY" : "SECRET_KEY"])
        return S3Client(
            S3Settings(
                endpoint: endpoint, checksum: checksum,
                retry: S3RetryPolicy(
                    firstDelay: .milliseconds(5), longestDelay: .milliseconds(50),
                    budget: .init(capacity: 1000, perSecond: 1000))),
            credentials: S3CredentialChain([keys]), http: try CurlTransport(HTTPSettings(proxy: .none)),
            threads: ThreadPool(name: "des-test", count: 1))
    }

    /// Files above 6 MiB go in parts of 5 MiB.
    func store(
        url: String? = nil, isReader: Bool = false, bucket: String? = nil, readsBack: Bool = false,
        journal: Bool = true
    ) throws -> S3Store {
        S3Store(
            S3StoreSettings(
                bucket: bucket ?? server["BUCKET"], prefix: prefix, multipartThreshold: 6 << 20, partSize: 5 << 20,
                readsBack: readsBack),
            client: try client(url: url, isReader: isReader), threads: threads,
            journal: journal ? UploadJournal(folder: folder("uploads"), threads: threads) : nil)
    }

    func staged(_ key: String, _ bytes: [UInt8]) throws -> StagedFile {
        let path = folder("staged-\(UUID().uuidString)")
        try Data(bytes).write(to: URL(filePath: path))
        return StagedFile(path: path, key: key, size: UInt64(bytes.count))
    }

    /// Bytes that differ from block to block, so that parts in a wrong order are noticed.
    static func bytes(_ count: Int, seed: UInt8 = 1) -> [UInt8] {
        let block = (0..<min(count, 4096)).map { UInt8(truncatingIfNeeded: ($0 &* 31) ^ ($0 >> 8)) &+ seed }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + block.count)
        while bytes.count < count {
            let number = bytes.count / 4096
            bytes += block
            withUnsafeBytes(of: number) {
                bytes.replaceSubrange(
                    bytes.count - block.count..<bytes.count - block.count + min(8, block.count),
                    with: $0.prefix(block.count))
            }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}

extension Result where Failure == StorageError {
    var error: StorageError? { if case .failure(let error) = self { error } else { nil } }
}
