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

    /// `region_name`; nil: the one of the credentials' profile.
    package var regionName: String?

    /// `endpoint_url`: another service than AWS; nil: AWS. May hold a password: not to be shown.
    package var endpointURL: String?

    /// `zones`: a list that is carried on as it is; nil when absent.
    package var zones: OpaqueValue?

    /// Makes a configuration.
    package init(
        bucket: String?, prefix: String? = nil, regionName: String? = nil, endpointURL: String? = nil,
        zones: OpaqueValue? = nil
    ) {
        self.bucket = bucket
        self.prefix = prefix
        self.regionName = regionName
        self.endpointURL = endpointURL
        self.zones = zones
    }
}

extension StorageConfiguration {
    private enum Kind {
        case local
        case s3
    }

    /// Reads the section.
    init(_ section: ConfigurationSection) {
        // nil when the type is wrong: then nothing can be said about the other keys.
        let kind: Kind? = section.choice("type", of: ["local": .local, "s3": .s3], default: nil)
        let s3 = S3StorageConfiguration(
            bucket: section.string("bucket", expected: "the name of a bucket"),
            prefix: section.string("prefix", expected: "the beginning of a key"),
            regionName: section.string("region_name", expected: "the name of a region"),
            endpointURL: section.string("endpoint_url", expected: "a URL"),
            zones: section.opaque("zones", kind: .list))
        let isLocal = kind == .local || (kind == nil && !section.contains("type"))
        if isLocal {
            for key in ["bucket", "prefix", "region_name", "endpoint_url", "zones"] where section.contains(key) {
                section.report(key, "has a meaning only with storage.type: s3")
            }
        }
        if kind == .s3, !section.contains("bucket"), !section.contains("zones") {
            section.report("bucket", "missing; expected the name of a bucket (or zones)")
        }
        self = kind == .s3 ? .s3(s3) : .local
    }
}
