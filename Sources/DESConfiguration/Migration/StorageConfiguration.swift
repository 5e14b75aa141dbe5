import DESRouting

/// Section `storage`: where sealed shards are published.
package enum StorageConfiguration: Sendable, Equatable {
    /// `type: local` (the default): the folder `packer.output_dir`.
    case local

    /// `type: s3`.
    case s3(S3StorageConfiguration)
}

/// Section `storage` with `type: s3`.
package struct S3StorageConfiguration: Sendable, Equatable {
    /// `bucket`; nil only when there are zones, which name theirs.
    package var bucket: String?

    /// `prefix`: what all keys begin with. Default: nothing.
    package var prefix: String?

    /// How the service is reached.
    package var connection: S3ConnectionConfiguration

    /// `storage_class`: of the objects, as the service names it; nil: its default.
    package var storageClass: String?

    /// `server_side_encryption`: `AES256`, `aws:kms`; nil: the bucket's default.
    package var encryption: String?

    /// `verify: readback`: published shards are read back and compared. Default `checksum`: what the service confirms counts.
    package var readsBack: Bool

    /// `zones`: shard ranges in different buckets; empty: all in one.
    package var zones: [ZoneConfiguration]

    /// `allow_gaps`: whether some shards may be in no zone.
    package var allowsGaps: Bool

    /// Makes a configuration.
    package init(
        bucket: String?, prefix: String? = nil, connection: S3ConnectionConfiguration = S3ConnectionConfiguration(),
        storageClass: String? = nil, encryption: String? = nil, readsBack: Bool = false,
        zones: [ZoneConfiguration] = [], allowsGaps: Bool = false
    ) {
        self.bucket = bucket
        self.prefix = prefix
        self.connection = connection
        self.storageClass = storageClass
        self.encryption = encryption
        self.readsBack = readsBack
        self.zones = zones
        self.allowsGaps = allowsGaps
    }
}

extension StorageConfiguration {
    private enum Kind {
        case local
        case s3
    }

    private static let s3Keys =
        ["bucket", "prefix", "storage_class", "server_side_encryption", "verify", "zones", "allow_gaps"]
        + S3ConnectionConfiguration.keyNames

    /// Reads the section.
    ///
    /// - Parameter bits: what the shard numbers of zones are counted by.
    init(_ section: ConfigurationSection, bits: ShardBits) {
        // nil when the type is wrong: then nothing can be said about the other keys.
        let kind: Kind? = section.choice("type", of: ["local": .local, "s3": .s3], default: nil)
        var s3 = S3StorageConfiguration(
            bucket: section.bucket("bucket"),
            prefix: section.keyPrefix("prefix"),
            connection: S3ConnectionConfiguration(section),
            storageClass: StorageClass.read(section, "storage_class"),
            encryption: section.string("server_side_encryption", expected: "AES256 or aws:kms"),
            readsBack: section.choice("verify", of: ["checksum": false, "readback": true], default: false),
            allowsGaps: section.boolean("allow_gaps", default: false))
        s3.zones = ZoneConfiguration.zones(section, bits: bits, storage: s3)
        let isLocal = kind == .local || (kind == nil && !section.contains("type"))
        if isLocal {
            for key in Self.s3Keys where section.contains(key) {
                section.report(key, "has a meaning only with storage.type: s3")
            }
        }
        if kind == .s3, !section.contains("bucket"), !section.contains("zones") {
            section.report("bucket", "missing; expected the name of a bucket (or zones)")
        }
        self = kind == .s3 ? .s3(s3) : .local
    }
}
