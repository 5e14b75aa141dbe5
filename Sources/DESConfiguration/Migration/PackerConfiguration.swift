import DESBase
package import DESRouting
import DESShard

/// Section `packer`: how shards are made and where.
package struct PackerConfiguration: Sendable, Equatable {
    /// `output_dir`: the folder of the shards. Default `./des_output`.
    package var outputDirectory: String

    /// `max_shard_size`: a shard that reaches this many bytes is sealed, at least 1. Default 1,000,000,000.
    package var maxShardSizeInBytes: Int

    /// `n_bits`: routing bits, 4…16; 2^n_bits shards a day. Default 8.
    package var bits: ShardBits

    /// `compression`.
    package var compression: CompressionConfiguration

    /// `big_file_threshold_bytes`: larger files (not those of this size) are stored beside the shards, at least 1.
    /// Default 10,485,760. The environment variable `DES_BIG_FILE_THRESHOLD_BYTES` wins.
    package var bigFileThresholdInBytes: Int

    /// `bigfiles_prefix`: the folder of the big files, relative to that of the shards, without slashes at its ends.
    /// Default `_bigFiles`. The environment variable `DES_BIGFILES_PREFIX` wins.
    package var bigFilesPrefix: String

    /// `staging_dir`: the folder of shards that are not published and marked yet. Default `.staging` in `output_dir`.
    package var stagingDirectory: String

    /// `s3_source`: sources in S3.
    package var s3Source: S3SourceConfiguration

    /// Makes a configuration with the defaults of the file.
    package init(
        outputDirectory: String = "./des_output", maxShardSizeInBytes: Int = StoreDefaults.shardSize,
        bits: ShardBits = .standard,
        compression: CompressionConfiguration = CompressionConfiguration(),
        bigFileThresholdInBytes: Int = StoreDefaults.bigFileThreshold,
        bigFilesPrefix: String = StoreDefaults.bigFilesFolder, stagingDirectory: String? = nil,
        s3Source: S3SourceConfiguration = S3SourceConfiguration()
    ) {
        self.outputDirectory = outputDirectory
        self.maxShardSizeInBytes = maxShardSizeInBytes
        self.bits = bits
        self.compression = compression
        self.bigFileThresholdInBytes = bigFileThresholdInBytes
        self.bigFilesPrefix = bigFilesPrefix
        self.stagingDirectory =
            stagingDirectory ?? (outputDirectory.hasByteSuffix("/") ? outputDirectory : outputDirectory + "/")
            + ".staging"
        self.s3Source = s3Source
    }
}

extension PackerConfiguration {
    /// Wins over `big_file_threshold_bytes`.
    package static let thresholdVariable = "DES_BIG_FILE_THRESHOLD_BYTES"
    /// Wins over `bigfiles_prefix`; the retriever's variable, too.
    package static let bigFilesVariable = "DES_BIGFILES_PREFIX"

    /// Reads the section and the environment variables that win over it.
    init(_ section: ConfigurationSection) {
        section.reader.lookForMisspelt([Self.thresholdVariable, Self.bigFilesVariable])
        self.init(
            outputDirectory: section.path("output_dir", default: "./des_output"),
            maxShardSizeInBytes: section.byteCount("max_shard_size", in: 1...Int.max, default: StoreDefaults.shardSize),
            bits: section.shardBits("n_bits") ?? .standard,
            compression: CompressionConfiguration(section.section("compression")),
            bigFileThresholdInBytes: Self.bigFileThreshold(section),
            bigFilesPrefix: Self.bigFilesPrefix(section),
            stagingDirectory: section.path("staging_dir"),
            s3Source: S3SourceConfiguration(section.section("s3_source")))
    }

    private static func bigFileThreshold(_ section: ConfigurationSection) -> Int {
        let range = 1...Int.max
        let threshold = section.byteCount(
            "big_file_threshold_bytes", in: range, default: StoreDefaults.bigFileThreshold)
        return section.byteCount(fromVariable: thresholdVariable, in: range) ?? threshold
    }

    private static func bigFilesPrefix(_ section: ConfigurationSection) -> String {
        let expected = "a relative folder name without . and .."
        let prefix =
            section.value("bigfiles_prefix", expected: expected, parse: { WrittenPath($0).relativeFolder })
            ?? StoreDefaults.bigFilesFolder
        guard let text = section.variableValue(bigFilesVariable) else {
            return prefix
        }
        if let override = WrittenPath(text).relativeFolder {
            return override
        }
        section.reportVariable(bigFilesVariable, "expected \(expected), found \(Display.value(text))")
        return prefix
    }
}
