import DESRouting
import DESS3
import DESShard
import DESTelemetry
import Logging
@testable import DESConfiguration
import Testing

struct MigrationConfigurationTests {
    @Test(
        "a file with nothing but the URL has all defaults",
        arguments: [
            "database: {url: 'sqlite:///c.db'}", "{\"database\":{\"url\":\"sqlite:///c.db\"}}",
            "\u{FEFF}database:\r\n  url: sqlite:///c.db\r\n",
            "database: {url: 'sqlite:///c.db'}\nmigration:\npacker: ~\nmetrics: null\nlogging: {}\nx-note: [1, 2]",
            "database: {url: 'sqlite:///c.db', table_name: null}\npacker: {n_bits: null, compression: null}",
            "database: {url: 'sqlite:///c.db'}\nmigration: {max_files: null, watermark_url: null}",
            "{\n\t\"database\": {\n\t\t\"url\": \"sqlite:\\/\\/\\/c.db\"\n\t}\n}\n",
        ])
    func defaults(text: String) throws {
        let configuration = try parse(text)
        #expect(
            configuration == MigrationConfiguration(database: DatabaseConfiguration(url: .sqlite(path: "c.db"))))
        #expect(configuration.packer.stagingDirectory == "./des_output/.staging")
        #expect(configuration.migration.archiveAge == .seconds(7 * 86_400))
        #expect(configuration.packer.compression.level == 3)
        #expect(configuration.packer.compression.skipExtensions.contains("docx"))
        #expect(configuration.metrics == nil)
    }

    @Test("every key is read")
    func everyKey() throws {
        let configuration = try parse(
            """
            database:
              url: mysql://h/db
              table_name: archive.files
              uid_column: id
              created_at_column: made
              file_location_column: place
              size_bytes_column: null
              archived_column: "done already"
            migration:
              archive_age_days: 0.5
              batch_size: 100000
              delete_source_files: on
              max_files: 10
              max_bytes: 50GiB
              max_duration_seconds: 1.5
              max_delete: 3
              source_roots: [/data, rel]
              meta_columns: [owner]
            packer:
              output_dir: out/
              max_shard_size: 1e9
              n_bits: 16
              compression: {codec: LZ4, level: 12, skip_extensions: [.JPG, 7z, " gz"]}
              big_file_threshold_bytes: 1_000
              bigfiles_prefix: big/files/
              s3_source: {enabled: 1, region_name: r, endpoint_url: 'http://h', max_retries: 0, retry_delay_seconds: 0.5}
            storage:
              {type: S3, bucket: 123, prefix: p/, region_name: no, endpoint_url: 'http://e', addressing_style: path, ca_file: ca.pem,
               checksum: crc32, storage_class: STANDARD_IA, server_side_encryption: AES256, verify: readback, access_key_id: k,
               secret_access_key: s, zones: [
                 {name: a, range: {start: 0, end: 32767}, s3: {bucket: ba, region_name: ra, prefix: pa, profile: other}},
                 {name: b, range: {start: 32768, end: 65535}, s3: {endpoint_url: 'https://eb'}}]}
            pipeline: {readers: 1, compressors: 2, uploads: 3, memory_budget: 1 GB}
            metrics: {host: "::1", port: 0}
            logging: {level: WARN, format: text}
            workers: {coordination_url: "postgresql://u:p@h/w", lease_seconds: 30, unit_rows: 2000}
            """)
        #expect(
            configuration.database
                == DatabaseConfiguration(
                    url: .mysql("mysql://h/db"), tableName: "archive.files", uidColumn: "id", createdAtColumn: "made",
                    fileLocationColumn: "place", sizeBytesColumn: nil, archivedColumn: "done already"))
        #expect(
            configuration.migration
                == CycleConfiguration(
                    archiveAgeDays: 0.5, batchSize: 100_000, deletesSourceFiles: true, maxFiles: 10,
                    maxSizeInBytes: 50 << 30, maxDuration: .milliseconds(1500), maxDeletedFiles: 3,
                    sourceRoots: ["/data", "rel"], metaColumns: ["owner"]))
        #expect(
            configuration.packer
                == PackerConfiguration(
                    outputDirectory: "out/", maxShardSizeInBytes: 1_000_000_000, bits: try #require(ShardBits(16)),
                    compression: CompressionConfiguration(codec: .lz4, level: 12, skipExtensions: ["jpg", "7z", "gz"]),
                    bigFileThresholdInBytes: 1000, bigFilesPrefix: "big/files", stagingDirectory: "out/.staging",
                    s3Source: S3SourceConfiguration(
                        isEnabled: true,
                        connection: S3ConnectionConfiguration(regionName: "r", endpointURL: "http://h"), maxRetries: 0,
                        retryDelay: .milliseconds(500))))
        let connection = S3ConnectionConfiguration(
            regionName: "no", endpointURL: "http://e", addressingStyle: .path,
            keys: .init(accessKeyID: "k", secretAccessKey: "s"), authorityFile: "ca.pem", checksum: .crc32)
        var zoneA = connection
        (zoneA.regionName, zoneA.profile, zoneA.keys) = ("ra", "other", nil)
        var zoneB = connection
        zoneB.endpointURL = "https://eb"
        #expect(
            configuration.storage
                == .s3(
                    S3StorageConfiguration(
                        bucket: "123", prefix: "p/", connection: connection, storageClass: "STANDARD_IA",
                        encryption: "AES256", readsBack: true,
                        zones: [
                            ZoneConfiguration(
                                name: "a", shards: 0...32767, bucket: "ba", prefix: "pa", connection: zoneA),
                            ZoneConfiguration(
                                name: "b", shards: 32768...65535, bucket: "123", prefix: "p/", connection: zoneB),
                        ])))
        #expect(
            configuration.pipeline
                == PipelineConfiguration(readers: 1, compressors: 2, uploads: 3, memoryBudgetInBytes: 1_000_000_000))
        #expect(configuration.metrics == MetricsConfiguration(host: "::1", port: 0))
        #expect(configuration.logging.level == .warning && configuration.logging.format == .text)
        #expect(
            configuration.workers
                == WorkersConfiguration(
                    coordinationURL: .postgresql("postgresql://u:p@h/w"), leaseSeconds: 30, unitRows: 2000))
        #expect(configuration.warnings.isEmpty)
    }

    @Test(
        "sizes are plain or have a unit",
        arguments: [
            ("268435456", 268_435_456), ("256MiB", 268_435_456), ("256MB", 256_000_000), ("1GiB", 1 << 30),
            ("1.5 GiB", 3 << 29), ("2Gi", 2 << 30), ("2048kib", 2 << 20), ("1e9", 1_000_000_000),
            ("'8388608'", 8 << 20),
        ])
    func sizes(text: String, bytes: Int) throws {
        #expect(try parse(minimalAnd: "pipeline: {memory_budget: \(text)}").pipeline.memoryBudgetInBytes == bytes)
    }

    @Test(
        "booleans have the forms people write",
        arguments: [
            ("true", true), ("Yes", true), ("ON", true), ("1", true), ("'true'", true), ("false", false), ("no", false),
            ("Off", false), ("0", false), ("null", false), ("''", false),
        ])
    func booleans(text: String, expected: Bool) throws {
        #expect(
            try parse(minimalAnd: "migration: {delete_source_files: \(text)}").migration.deletesSourceFiles == expected)
    }

    @Test(
        "the level of a codec has that codec's range and default",
        arguments: [
            ("{}", .zstd, 3), ("{level: -7}", .zstd, -7), ("{level: 22}", .zstd, 22), ("{codec: lz4}", .lz4, 0),
            ("{codec: none}", .none, 0), ("{codec: none, level: 3}", .none, 3),
        ] as [(String, Codec, Int)])
    func levels(text: String, codec: Codec, level: Int) throws {
        let compression = try parse(minimalAnd: "packer: {compression: \(text)}").packer.compression
        #expect(compression.codec == codec)
        #expect(compression.level == level)
    }

    @Test("an empty list of extensions compresses everything")
    func noExtensions() throws {
        let configuration = try parse(minimalAnd: "packer: {compression: {skip_extensions: []}}")
        #expect(configuration.packer.compression.skipExtensions.isEmpty)
    }

    @Test("environment variables win over the file, empty ones do not")
    func overrides() throws {
        let text = "packer: {big_file_threshold_bytes: 5, bigfiles_prefix: file}"
        let overridden = try parse(
            minimalAnd: text, environment: ["DES_BIG_FILE_THRESHOLD_BYTES": "7", "DES_BIGFILES_PREFIX": "env"])
        #expect(overridden.packer.bigFileThresholdInBytes == 7)
        #expect(overridden.packer.bigFilesPrefix == "env")
        let empty = try parse(
            minimalAnd: text, environment: ["DES_BIG_FILE_THRESHOLD_BYTES": "", "DES_BIGFILES_PREFIX": ""])
        #expect(empty.packer.bigFileThresholdInBytes == 5)
        #expect(empty.packer.bigFilesPrefix == "file")
    }

    @Test("a misspelt variable is a warning, and is told beside mistakes")
    func misspelt() throws {
        let environment = ["DES_BIGFILE_PREFIX": "x", "DES_BASE_DIR": "/d", "DES_N_BITS": "8", "OTHER": "1"]
        let warning =
            "environment variable DES_BIGFILE_PREFIX: is not known and ignored; did you mean DES_BIGFILES_PREFIX?"
        #expect(try parse(minimalAnd: "", environment: environment).warnings == [warning])
        let found = try problems(inMinimalAnd: "packer: {n_bits: 99}", environment: environment)
        #expect(found.count == 2)
        #expect(found.last == warning)
    }

    @Test(
        "an output folder among the sources is a warning",
        arguments: [
            ("output_dir: /data/out", ["/data"], 1), ("output_dir: ./out", ["/home/des"], 1),
            ("output_dir: /data", ["/data/"], 1), ("output_dir: /data2", ["/data"], 0),
            ("output_dir: /data/../x", ["/data"], 0), ("output_dir: /x, staging_dir: /data/s", ["/data", "/d"], 1),
            ("output_dir: /data/o, staging_dir: /data/s", ["/data"], 2), ("output_dir: /data", ["/data/in"], 0),
        ])
    func warnings(packer: String, roots: [String], count: Int) throws {
        let configuration = try parse(minimalAnd: "packer: {\(packer)}\nmigration: {source_roots: \(roots)}")
        #expect(configuration.warnings.count == count)
    }

    @Test("a warning says which folder and why")
    func warningText() throws {
        let configuration = try parse(minimalAnd: "packer: {output_dir: /d/out}\nmigration: {source_roots: [/d]}")
        #expect(
            configuration.warnings == [
                "packer.output_dir: /d/out is inside the source root /d; its shards would be among the files to migrate"
            ])
    }
}
