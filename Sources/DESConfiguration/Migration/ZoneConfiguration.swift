import DESRouting

/// One of `storage.zones`: a range of the shards, and the bucket that holds it.
package struct ZoneConfiguration: Sendable, Equatable {
    /// `name`
    package var name: String
    /// `range: {start, end}`: shard numbers, both included.
    package var shards: ClosedRange<Int>
    /// `s3.bucket`
    package var bucket: String
    /// `s3.prefix`: what all keys begin with. Default: that of the storage.
    package var prefix: String?
    /// The other keys of `s3`; those that are missing are taken from the storage.
    package var connection: S3ConnectionConfiguration

    /// Makes a zone.
    package init(
        name: String, shards: ClosedRange<Int>, bucket: String, prefix: String? = nil,
        connection: S3ConnectionConfiguration = S3ConnectionConfiguration()
    ) {
        self.name = name
        self.shards = shards
        self.bucket = bucket
        self.prefix = prefix
        self.connection = connection
    }
}

extension ZoneConfiguration {
    /// Reads one element of the list; nil if something needed is missing or wrong, which is reported.
    init?(_ section: ConfigurationSection, bits: ShardBits, storage: S3StorageConfiguration) {
        let last = bits.shardCount - 1
        let name = section.string("name", expected: "the name of the zone")
        let range = section.section("range")
        let start = range.integer("start", in: 0...last)
        let end = range.integer("end", in: 0...last)
        let s3 = section.section("s3")
        let bucket = s3.bucket("bucket") ?? storage.bucket
        let prefix = s3.keyPrefix("prefix") ?? storage.prefix
        let connection = S3ConnectionConfiguration(s3, outer: storage.connection)
        if name == nil, !section.contains("name") { section.report("name", "missing; expected the name of the zone") }
        for key in ["start", "end"] where !range.contains(key) {
            range.report(key, "missing; expected a shard number from 0 to \(last)")
        }
        if bucket == nil, !s3.contains("bucket") { s3.report("bucket", "missing; expected the name of a bucket") }
        guard let name, let start, let end, let bucket else { return nil }
        guard start <= end else {
            range.report("end", "expected a number of at least start, \(start), found \(end)")
            return nil
        }
        self.init(name: name, shards: start...end, bucket: bucket, prefix: prefix, connection: connection)
    }

    /// Reads the list and checks that every shard is in exactly one zone.
    static func zones(
        _ section: ConfigurationSection, bits: ShardBits, storage: S3StorageConfiguration
    ) -> [ZoneConfiguration] {
        let allowsGaps = section.boolean("allow_gaps", default: false)
        let elements = section.sections("zones")
        let zones = elements.compactMap { ZoneConfiguration($0, bits: bits, storage: storage) }
        guard !zones.isEmpty, zones.count == elements.count else { return zones }
        do throws(ZoneMap.Problems) {
            _ = try ZoneMap(
                zones.map { ZoneMap.Zone(name: $0.name, shards: $0.shards) }, bits: bits, allowsGaps: allowsGaps)
        } catch {
            for message in error.messages { section.report("zones", message) }
        }
        return zones
    }
}
