package import DESRouting

/// The file that `DES_ZONES_CONFIG` names: which bucket holds which shards.
package struct ZonesConfiguration: Sendable, Equatable {
    /// `n_bits`: what the shard numbers are counted by.
    package var bits: ShardBits
    /// `zones` and `allow_gaps`.
    package var storage: S3StorageConfiguration

    /// Reads the file at `path`.
    ///
    /// - Parameters:
    ///   - path: YAML or JSON, whatever its name.
    ///   - environment: replaces `${VAR}` in the file.
    ///   - bits: if the file has no `n_bits`; nil: 8.
    ///   - connection: what zones leave out.
    /// - Throws: `ConfigurationError` with everything that is wrong.
    package static func load(
        path: String, environment: [String: String], bits: ShardBits? = nil,
        connection: S3ConnectionConfiguration = S3ConnectionConfiguration()
    ) throws(ConfigurationError) -> (configuration: ZonesConfiguration, warnings: [String]) {
        let text = try ConfigurationFile.text(at: path)
        let (configuration, warnings) = try ConfigurationReader.read(
            text: text, fileName: path, environment: environment
        ) { root in
            let written = root.shardBits("n_bits")
            if let bits, let written, bits != written {
                root.report("n_bits", "is \(written), but DES_N_BITS is \(bits)")
            }
            let bits = written ?? bits ?? .standard
            var storage = S3StorageConfiguration(bucket: nil, connection: connection)
            storage.allowsGaps = root.boolean("allow_gaps", default: false)
            storage.zones = ZoneConfiguration.zones(root, bits: bits, storage: storage)
            if !root.contains("zones") { root.report("zones", "missing; expected a list of zones") }
            return ZonesConfiguration(bits: bits, storage: storage)
        }
        guard !configuration.storage.zones.isEmpty else {
            throw ConfigurationError(
                fileName: path,
                problems: [ConfigurationProblem(keyPath: "zones", message: "expected at least one zone")])
        }
        return (configuration, warnings)
    }
}
