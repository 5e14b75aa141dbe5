/// A prefix of a bucket in any S3-compatible storage.
public struct S3Backend: Sendable, Hashable {
    /// An access key, for when the standard places are not to be asked.
    public struct Keys: Sendable, Hashable {
        /// The key's name.
        public var accessKeyID: String
        /// Its secret.
        public var secretAccessKey: String
        /// Of temporary credentials.
        public var sessionToken: String?

        /// Makes a pair of keys.
        public init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
            self.accessKeyID = accessKeyID
            self.secretAccessKey = secretAccessKey
            self.sessionToken = sessionToken
        }
    }

    /// The bucket.
    public var bucket: String
    /// What the keys of all shards begin with, up to a `/`; empty: the bucket itself.
    public var prefix: String
    /// The bucket's region.
    public var region: String
    /// `https://HOST:PORT` of the service; nil for Amazon's.
    public var endpointURL: String?
    /// Nil: environment, web identity, profile, container, instance, in this order, as other clients of S3 do.
    public var keys: Keys?

    /// Describes a place; nothing is asked yet.
    public init(
        bucket: String, prefix: String = "", region: String = "us-east-1", endpointURL: String? = nil,
        keys: Keys? = nil
    ) {
        self.bucket = bucket
        self.prefix = prefix
        self.region = region
        self.endpointURL = endpointURL
        self.keys = keys
    }
}

/// A part of a store in S3: the shards of some numbers.
public struct ZoneBackend: Sendable, Hashable {
    /// What messages call it.
    public var name: String
    /// Shard numbers, both ends included.
    public var shards: ClosedRange<Int>
    /// Where they are.
    public var place: S3Backend

    /// Describes a zone.
    public init(name: String, shards: ClosedRange<Int>, place: S3Backend) {
        self.name = name
        self.shards = shards
        self.place = place
    }
}
