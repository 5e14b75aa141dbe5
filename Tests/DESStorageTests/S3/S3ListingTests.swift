@testable import DESS3
import DESBase
import Synchronization
import Testing

@testable import DESStorage

/// Listing a store in a service that does not list as it is asked to.
@Suite(.timeLimit(.minutes(1))) struct S3ListingTests {
    /// Lists the same keys whatever it is asked.
    private final class OnePageService: HTTPExchange {
        private let keys: [String]
        private let isTruncated: Bool
        private let count = Mutex(0)
        var requests: Int { count.withLock { $0 } }

        init(_ keys: [String], isTruncated: Bool) {
            self.keys = keys
            self.isTruncated = isTruncated
        }

        func send(_ request: HTTPRequest) async throws -> HTTPResponse {
            count.withLock { $0 += 1 }
            let entries = keys.map { "<Contents><Key>\($0)</Key><Size>1</Size></Contents>" }.joined()
            let more =
                isTruncated ? "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>" : ""
            let body = "<ListBucketResult>\(entries)\(more)</ListBucketResult>"
            return HTTPResponse(status: 200, headers: [], body: Array(body.utf8))
        }
    }

    private func store(_ service: OnePageService) throws -> S3Store {
        let endpoint = try #require(S3Endpoint(url: "http://127.0.0.1:1", region: "r", style: .path))
        let keys = S3StaticCredentials(accessKeyID: "key", secretAccessKey: "secret")
        let threads = ThreadPool(name: "des-test", count: 1)
        return S3Store(
            S3StoreSettings(bucket: "b", prefix: "p/"),
            client: S3Client(
                S3Settings(endpoint: endpoint), credentials: S3CredentialChain([keys]), http: service, threads: threads),
            threads: threads)
    }

    @Test(arguments: [["p/a", "p/b", "p/c"], []])
    func `A listing that never ends is an error that nobody tries again`(keys: [String]) async throws {
        let service = OnePageService(keys, isTruncated: true)
        let store = try store(service)
        let error = await #expect(throws: StorageError.self) {
            var after: String?
            repeat {
                after = try await store.list(prefix: "", after: after, limit: 1000).next
            } while after != nil
        }
        #expect(error?.message.contains("repeats its listing") == true && error?.isTransient == false)
        #expect(service.requests == 2)
        // Neither is it taken for a store that holds nothing.
        if keys.isEmpty { await #expect(throws: StorageError.self) { try await store.isEmpty() } }
    }

    @Test func `What comes at once need not be in order`() async throws {
        let store = try store(OnePageService(["p/c", "p/a", "p/b"], isTruncated: false))
        let page = try await store.list(prefix: "", after: nil, limit: 1000)
        #expect(page.objects.map(\.key) == ["a", "b", "c"] && page.next == nil)
    }
}
