package import DESConfiguration
package import DESRetrieval
import DESShard
package import DESTelemetry
package import Logging

/// What the environment says to the retriever service, everything checked.
package struct ServiceSettings: Sendable {
    /// `DES_BACKEND` and what goes with it.
    package enum Backend: Sendable, Equatable {
        /// A folder that is there.
        case local(folder: String)
        /// One bucket.
        case s3(S3StorageConfiguration)
        /// A bucket for each range of shards.
        case multiS3(S3StorageConfiguration)

        /// As in `DES_BACKEND`, and in the label `backend` of the metrics.
        package var name: String {
            switch self {
            case .local: "local"
            case .s3: "s3"
            case .multiS3: "multi_s3"
            }
        }
    }

    /// The file that `DES_API_KEYS_FILE` names, and what it held.
    package struct Keys: Sendable {
        /// To be read again when it changes.
        package let file: APIKeyFile
        /// What it holds now.
        package let content: APIKeyFile.Content
    }

    /// Where the shards are.
    package var backend: Backend
    /// How files are found, and what is kept in memory.
    package var retriever: RetrieverSettings
    /// Whether `DES_N_BITS` is set; if not, the store's own word counts.
    package var hasBits: Bool
    /// How the service listens.
    package var server: FileServerConfiguration
    /// `DES_REDIS_URL`; nil: no second cache.
    package var redis: RedisSettings?
    /// nil: everybody is let in.
    package var keys: Keys?
    /// `DES_ACCESS_LOG`
    package var hasAccessLog: Bool
    /// `DES_LOG_LEVEL`
    package var logLevel: Logger.Level
    /// `DES_LOG_FORMAT`
    package var logFormat: LoggingFormat
    /// Legal, but probably not meant; no secrets.
    package var warnings: [String]

    /// Reads the variables and the files that they name. Blocks.
    ///
    /// - Throws: `ConfigurationError` with everything that is wrong, each with its variable.
    package init(environment: [String: String]) throws(ConfigurationError) {
        var reader = EnvironmentReader(environment)
        let (backend, bits) = Self.backend(&reader)
        self.backend = backend
        hasBits = reader.contains(Variable.bits)
        retriever = RetrieverSettings(
            bits: bits,
            bigFilesPrefix: reader.relativeFolder(
                PackerConfiguration.bigFilesVariable, default: StoreDefaults.bigFilesFolder),
            cacheBytes: reader.byteCount("DES_CACHE_BYTES", in: 0...(1 << 50), default: 256 << 20),
            listingLifetime: reader.seconds("DES_LISTING_SECONDS", in: 0...86_400, default: .seconds(30)),
            negativeLifetime: reader.seconds("DES_NEGATIVE_SECONDS", in: 0...3600, default: .seconds(2)),
            memoryBytes: reader.byteCount("DES_MEMORY_BYTES", in: (32 << 20)...(1 << 50), default: 256 << 20))
        server = Self.server(&reader)
        redis = Self.redis(&reader)
        keys = Self.keys(&reader)
        hasAccessLog = reader.boolean("DES_ACCESS_LOG", default: true)
        logLevel =
            reader.value("DES_LOG_LEVEL", expected: "one of \(Logger.Level.names.joined(separator: ", "))") {
                Logger.Level(parsing: $0)
            } ?? .info
        logFormat = reader.choice("DES_LOG_FORMAT", of: ["text": .text, "json": .json], default: .text)
        if let keys {
            for warning in keys.content.warnings { reader.warn("DES_API_KEYS_FILE: \(warning)") }
            if server.tls == nil {
                reader.warn(
                    "DES_API_KEYS_FILE without DES_TLS_CERT: keys can be read on the way unless a proxy adds TLS")
            }
        }
        warnings = try reader.finish("DES_", others: Self.othersVariables)
    }

    /// Variables of the other programs, and those that Kubernetes makes of a service `des-http`.
    private static let othersVariables: Set<String> = [
        PackerConfiguration.thresholdVariable, "DES_NODE_ID", "DES_WRAP_BITS", "DES_SHARD_BITS", "DES_DB_URL",
        "DES_NAME_PREFIX", "DES_HTTP_PORT", "DES_HTTP_SERVICE_HOST", "DES_HTTP_SERVICE_PORT",
    ]

    private static func redis(_ reader: inout EnvironmentReader) -> RedisSettings? {
        let variable = "DES_REDIS_URL"
        guard let url = reader.text(variable) else { return nil }
        do throws(RedisURLError) { return try RedisSettings(url: url) } catch {
            reader.report(variable, error.description)
            return nil
        }
    }

    private static func keys(_ reader: inout EnvironmentReader) -> Keys? {
        let variable = "DES_API_KEYS_FILE"
        guard let path = reader.text(variable) else {
            if reader.environment[variable] != nil {
                reader.report(
                    variable,
                    "it is there, but empty, and without keys everybody is let in: name the file, or unset the variable"
                )
            }
            return nil
        }
        let file = APIKeyFile(path: path, environment: reader.environment)
        do throws(ConfigurationError) {
            return Keys(file: file, content: try file.read())
        } catch {
            reader.report(variable, error)
            return nil
        }
    }
}
