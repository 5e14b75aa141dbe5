import DESBase
import DESConfiguration
import DESRouting
import DESS3
import DESStorage
import Foundation
import Logging

/// Makes clients of S3 services, by the configuration first and by the standard `AWS_*` variables and files where that says
/// nothing.
struct S3Access: Sendable {
    let environment: [String: String]
    let logger: Logger

    init(environment: [String: String] = ProcessInfo.processInfo.environment, logger: Logger) {
        self.environment = environment
        self.logger = logger
    }

    /// - Throws: ``S3AccessError`` for an endpoint that is none; `HTTPError`.
    func client(
        _ connection: S3ConnectionConfiguration, retry: S3RetryPolicy = S3RetryPolicy(),
        http settings: HTTPSettings = HTTPSettings(), onEvent: (@Sendable (S3Event) -> Void)? = nil
    ) async throws -> S3Client {
        var settings = settings
        let surroundings = S3Surroundings(
            environment: environment, threads: ThreadPool(name: "des-credentials", count: 1))
        settings.authorityFile = connection.authorityFile ?? surroundings.authorityFile
        let http = try CurlTransport(settings)
        let credentials: S3CredentialChain
        var region = connection.regionName ?? surroundings.region
        if let keys = connection.keys {
            credentials = S3CredentialChain([
                S3StaticCredentials(
                    accessKeyID: keys.accessKeyID, secretAccessKey: keys.secretAccessKey,
                    sessionToken: keys.sessionToken)
            ])
        } else {
            credentials = S3CredentialChain(profile: connection.profile, surroundings, http: http)
            if region == nil {
                region = try? await ProfileCredentials(profile: connection.profile, surroundings, http: http).region()
            }
        }
        let url = connection.endpointURL ?? surroundings.endpointURL
        guard
            let endpoint = S3Endpoint(
                url: url, region: region ?? S3Endpoint.standardRegion,
                style: connection.addressingStyle)
        else {
            throw S3AccessError(
                description: "the endpoint URL of the S3 service is not of the form https://HOST or https://HOST:PORT")
        }
        let log = log
        return S3Client(
            S3Settings(endpoint: endpoint, checksum: connection.checksum, retry: retry),
            credentials: credentials, http: http, threads: ThreadPool(name: "des-s3-files", count: 2),
            onEvent: { event in
                log(event)
                onEvent?(event)
            })
    }

    /// The store that a configuration describes.
    ///
    /// - Parameters:
    ///   - bits: what the shard numbers of zones are counted by.
    ///   - staging: the folder where notes of uploads in parts are kept, one folder below it for each zone; nil for a store that
    ///     is only read.
    func store(
        _ configuration: S3StorageConfiguration, bits: ShardBits, staging: String?,
        retry: S3RetryPolicy = S3RetryPolicy(), http: HTTPSettings = HTTPSettings(),
        onEvent: (@Sendable (S3Event) -> Void)? = nil
    ) async throws -> any ObjectStore {
        let threads = ThreadPool(name: "des-store", count: 4)
        func store(_ bucket: String, _ prefix: String?, _ client: S3Client, notes: String) -> S3Store {
            var settings = S3StoreSettings(
                bucket: bucket, prefix: prefix ?? "", readsBack: configuration.readsBack, headers: [:])
            settings.headers["x-amz-storage-class"] = configuration.storageClass
            settings.headers["x-amz-server-side-encryption"] = configuration.encryption
            return S3Store(
                settings, client: client, threads: threads,
                journal: staging.map { UploadJournal(folder: "\($0)/uploads\(notes)", threads: threads) })
        }
        guard !configuration.zones.isEmpty else {
            return store(
                configuration.bucket ?? "", configuration.prefix,
                try await client(configuration.connection, retry: retry, http: http, onEvent: onEvent), notes: "")
        }
        var clients: [(connection: S3ConnectionConfiguration, client: S3Client)] = []
        var stores: [String: any ObjectStore] = [:]
        for (number, zone) in configuration.zones.enumerated() {
            let known = clients.first { $0.connection == zone.connection }?.client
            let client =
                if let known { known } else {
                    try await client(zone.connection, retry: retry, http: http, onEvent: onEvent)
                }
            clients.append((zone.connection, client))
            stores[zone.name] = store(zone.bucket, zone.prefix, client, notes: "/zone-\(number)")
        }
        let map = try ZoneMap(
            configuration.zones.map { ZoneMap.Zone(name: $0.name, shards: $0.shards) }, bits: bits,
            allowsGaps: configuration.allowsGaps)
        guard let zoned = ZonedStore(map, stores: stores) else {
            throw S3AccessError(description: "a zone has no store")
        }
        return zoned
    }

    /// What is learnt or tried again is told to whoever looks for the reason of slowness.
    private var log: @Sendable (S3Event) -> Void {
        let logger = logger
        return { event in
            switch event {
            case .attempted: break
            case .retrying(let error, let delay):
                logger.info("S3: trying again", metadata: ["in": "\(delay)", "error": "\(error)"])
            case .clockCorrected(let seconds):
                logger.warning(
                    "the clock of this machine and that of the S3 service differ; requests are signed by the service's",
                    metadata: ["seconds": "\(seconds)"])
            case .regionCorrected(let bucket, let region):
                logger.warning(
                    "a bucket is in another region than configured; it is asked there",
                    metadata: ["bucket": "\(bucket)", "region": "\(region)"])
            }
        }
    }
}

/// An S3 service cannot be used as configured.
struct S3AccessError: Error, CustomStringConvertible {
    let description: String
}
