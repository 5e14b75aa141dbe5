import DESBase
import DESRouting
import DESS3
import DESStorage

extension Retriever {
    /// Reads the shards in a local directory.
    ///
    /// Each shard that is kept in memory keeps its file open: see ``RetrieverSettings/cachedShards``.
    public convenience init(directory: String, settings: RetrieverSettings = RetrieverSettings()) {
        let threads = ThreadPool(name: "des-retrieval", count: 4)
        self.init(store: DirectoryStore(root: directory, threads: threads, keepsNames: true), settings: settings)
    }

    /// Reads the shards of a place as people write it: the path of a folder, or `s3://bucket/prefix`.
    ///
    /// - Parameter environment: the `AWS_*` variables that say where the service of a bucket is, its region and credentials.
    /// - Throws: `RetrievalError` for a place that names no bucket, or an endpoint that is no URL.
    public convenience init(
        place: String, settings: RetrieverSettings = RetrieverSettings(), environment: [String: String]
    ) throws(RetrievalError) {
        switch Place(place) {
        case .folder(let folder): self.init(directory: folder, settings: settings)
        case .s3(let bucket, let prefix):
            let factory = try S3StoreFactory(environment, ThreadPool(name: "des-retrieval", count: 2))
            let around = factory.surroundings
            let backend = S3Backend(
                bucket: bucket, prefix: prefix, region: around.region ?? S3Endpoint.standardRegion,
                endpointURL: around.endpointURL)
            self.init(store: try factory.store(backend), settings: settings)
        case nil: throw RetrievalError(.refused, "the place \(place) is not of the form s3://bucket/prefix")
        }
    }

    /// Reads the shards below a prefix of a bucket.
    ///
    /// - Parameter environment: the `AWS_*` variables that credentials are looked for in, where the backend has none.
    /// - Throws: `RetrievalError` for an endpoint that is no URL.
    public convenience init(
        s3 backend: S3Backend, settings: RetrieverSettings = RetrieverSettings(), environment: [String: String]
    ) throws(RetrievalError) {
        self.init(
            store: try S3StoreFactory(environment, ThreadPool(name: "des-retrieval", count: 2)).store(backend),
            settings: settings)
    }

    /// Reads shards that are spread over several places by their numbers.
    ///
    /// - Parameter allowsGaps: whether some shards may be in no zone.
    /// - Throws: `RetrievalError` for an endpoint that is no URL; `ZoneMap.Problems`.
    public convenience init(
        zones: [ZoneBackend], allowsGaps: Bool = false, settings: RetrieverSettings = RetrieverSettings(),
        environment: [String: String]
    ) throws {
        let map = try ZoneMap(
            zones.map { ZoneMap.Zone(name: $0.name, shards: $0.shards) }, bits: settings.bits, allowsGaps: allowsGaps)
        let factory = try S3StoreFactory(environment, ThreadPool(name: "des-retrieval", count: 2))
        var stores: [String: any ObjectStore] = [:]
        for zone in zones { stores[zone.name] = try factory.store(zone.place) }
        guard let store = ZonedStore(map, stores: stores) else {
            throw RetrievalError(.refused, "a zone has no place")
        }
        self.init(store: store, settings: settings)
    }
}

/// Makes stores that share their connections.
private struct S3StoreFactory {
    /// A reader waits for its answer: rather an error that can be tried again than minutes of trying.
    private static let retry = S3RetryPolicy(deadline: .seconds(10), maximumAttempts: 4)

    private let http: CurlTransport
    let surroundings: S3Surroundings
    private let threads: ThreadPool

    init(_ environment: [String: String], _ threads: ThreadPool) throws(RetrievalError) {
        surroundings = S3Surroundings(environment: environment, threads: threads)
        var settings = HTTPSettings()
        settings.authorityFile = surroundings.authorityFile
        do { http = try CurlTransport(settings) } catch {
            throw RetrievalError(.refused, "HTTP cannot be used: \(error)")
        }
        self.threads = threads
    }

    func store(_ backend: S3Backend) throws(RetrievalError) -> S3Store {
        guard let endpoint = S3Endpoint(url: backend.endpointURL, region: backend.region) else {
            throw RetrievalError(.refused, "the endpoint of \(backend.bucket) is not of the form https://HOST:PORT")
        }
        let credentials =
            backend.keys.map {
                S3CredentialChain([
                    S3StaticCredentials(
                        accessKeyID: $0.accessKeyID, secretAccessKey: $0.secretAccessKey, sessionToken: $0.sessionToken)
                ])
            } ?? S3CredentialChain(profile: nil, surroundings, http: http)
        let client = S3Client(
            S3Settings(endpoint: endpoint, retry: Self.retry), credentials: credentials, http: http, threads: threads)
        return S3Store(
            S3StoreSettings(bucket: backend.bucket, prefix: backend.prefix), client: client, threads: threads)
    }
}
