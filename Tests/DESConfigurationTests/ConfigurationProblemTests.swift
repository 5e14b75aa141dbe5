import DESConfiguration
import Testing

struct ConfigurationProblemTests {
    @Test(
        "a wrong value is reported with key, line, what was expected and what was found",
        arguments: [
            ("packer: {n_bits: 20}", "packer.n_bits: expected a whole number from 4 to 16, found \"20\""),
            ("packer: {n_bits: eight}", "packer.n_bits: expected a whole number from 4 to 16, found \"eight\""),
            ("packer: {n_bits: 8.5}", "packer.n_bits: expected a whole number from 4 to 16, found \"8.5\""),
            ("packer: {n_bits: 010}", "packer.n_bits: expected a whole number from 4 to 16, found \"010\""),
            ("packer: {n_bits: [8]}", "packer.n_bits: expected a whole number from 4 to 16, found a list"),
            ("packer: {n_bits: {a: 8}}", "packer.n_bits: expected a whole number from 4 to 16, found a mapping"),
            (
                "packer: {max_shard_size: 0}",
                "packer.max_shard_size: expected a number of bytes, at least 1 "
                    + "(such as 268435456, 256MiB or 256MB), found \"0\""
            ),
            (
                "pipeline: {memory_budget: 256M}",
                "pipeline.memory_budget: expected a number of bytes, at least 1048576 "
                    + "(such as 268435456, 256MiB or 256MB), found \"256M\""
            ),
            (
                "pipeline: {memory_budget: 99999999TiB}",
                "pipeline.memory_budget: expected a number of bytes, at least 1048576 "
                    + "(such as 268435456, 256MiB or 256MB), found \"99999999TiB\""
            ),
            (
                "migration: {batch_size: 99999999999999999999}",
                "migration.batch_size: expected a whole number from 1 to 100000, found \"99999999999999999999\""
            ),
            (
                "migration: {archive_age_days: -1}",
                "migration.archive_age_days: expected a number from 0 to 365000, found \"-1\""
            ),
            (
                "migration: {archive_age_days: nan}",
                "migration.archive_age_days: expected a number from 0 to 365000, found \"nan\""
            ),
            ("migration: {max_files: 0}", "migration.max_files: expected a whole number, at least 1, found \"0\""),
            (
                "migration: {delete_source_files: maybe}",
                "migration.delete_source_files: expected true or false, found \"maybe\""
            ),
            ("migration: {source_roots: /a}", "migration.source_roots: expected a list of paths, found a single value"),
            ("migration: {source_roots: [/a, '']}", "migration.source_roots[1]: expected text, found an empty value"),
            ("migration: {source_roots: [[/a]]}", "migration.source_roots[0]: expected text, found a list"),
            (
                "migration: {meta_columns: [a, crc32]}",
                "migration.meta_columns[1]: expected a column other than created_at and crc32, "
                    + "which are kept with every file, found \"crc32\""
            ),
            ("migration: {meta_columns: [a, a]}", "migration.meta_columns[1]: expected each column once, found \"a\""),
            (
                "packer: {compression: {codec: gzip}}",
                "packer.compression.codec: expected one of zstd, lz4, none, found \"gzip\""
            ),
            (
                "packer: {compression: {codec: lz4, level: 13}}",
                "packer.compression.level: expected a whole number from 0 to 12, found \"13\""
            ),
            (
                "packer: {compression: {skip_extensions: [tar.gz]}}",
                "packer.compression.skip_extensions[0]: expected what follows the last dot of a file name, "
                    + "such as gz, found \"tar.gz\""
            ),
            ("packer: {compression: zstd}", "packer.compression: expected a mapping, found a single value"),
            ("packer: [1]", "packer: expected a mapping, found a list"),
            ("packer: {output_dir: ''}", "packer.output_dir: expected a path, found an empty value"),
            (
                "packer: {output_dir: true}",
                "packer.output_dir: expected a path, found \"true\" (put it in quotes if it is meant as text)"
            ),
            ("packer: {output_dir: \"a\\0b\"}", "packer.output_dir: expected a path, found text with a NUL character"),
            (
                "packer: {output_dir: /o, staging_dir: /x/../o/}",
                "packer.staging_dir: must be another folder than output_dir (such as its subfolder .staging)"
            ),
            (
                "packer: {bigfiles_prefix: ../x}",
                "packer.bigfiles_prefix: expected a relative folder name without . and .., found \"../x\""
            ),
            (
                "packer: {s3_source: {max_retries: 'http://u:secret@h'}}",
                "packer.s3_source.max_retries: expected a whole number from 0 to 100, found a URL (not shown)"
            ),
            ("storage: {type: ftp, bucket: b}", "storage.type: expected one of local, s3, found \"ftp\""),
            ("storage: {bucket: b}", "storage.bucket: has a meaning only with storage.type: s3"),
            ("storage: {type: s3}", "storage.bucket: missing; expected the name of a bucket (or zones)"),
            ("storage: {type: s3, zones: {a: 1}}", "storage.zones: expected a list of mappings, found a mapping"),
            (
                "storage: {type: s3, bucket: b, access_key_id: a}",
                "storage.secret_access_key: missing; access_key_id and secret_access_key go together"
            ),
            (
                "storage: {type: s3, bucket: b, endpoint_url: 'objects.example.com'}",
                "storage.endpoint_url: expected a URL such as https://s3.example.com:9000, without a path, "
                    + "found \"objects.example.com\""
            ),
            (
                "storage: {type: s3, bucket: b, endpoint_url: 'https://user:secret@host/path'}",
                "storage.endpoint_url: expected a URL such as https://s3.example.com:9000, without a path, "
                    + "found a URL (not shown)"
            ),
            (
                "storage: {type: s3, zones: [{name: a, range: {start: 0, end: 100}, s3: {bucket: a}}]}",
                "storage.zones: no zone has shards 101 to 255"
            ),
            (
                "storage: {type: s3, bucket: b, zones: [{name: a, range: {start: 0, end: 255}}, "
                    + "{name: c, range: {start: 9, end: 10}}]}",
                "storage.zones: the zones a and c both have shards 9 to 10"
            ),
            (
                "storage: {type: s3, zones: [{name: a, range: {start: 0}, s3: {bucket: a}}]}",
                "storage.zones[0].range.end: missing; expected a shard number from 0 to 255"
            ),
            ("metrics: {port: 65536}", "metrics.port: expected a whole number from 0 to 65535, found \"65536\""),
            (
                "logging: {level: loud}",
                "logging.level: expected one of trace, debug, info, notice, warning, warn, error, critical, fatal, "
                    + "found \"loud\""
            ),
            ("workers: 3", "workers: expected a mapping, found a single value"),
            (
                "workers: {coordination_url: 'mysql://h/db'}",
                "workers.coordination_url: the work of many workers is held by PostgreSQL: expected postgresql://…"
            ),
            (
                "workers: {coordination_url: 'postgresql://h/db', lease_seconds: 1}",
                "workers.lease_seconds: expected a whole number from 5 to 86400, found \"1\""
            ),
            (
                "migration: {mode: watermark, delete_source_files: true}",
                "migration.delete_source_files: cannot be used with mode watermark, which changes nothing at the source"
            ),
            ("migration: {mode: mark2}", "migration.mode: expected one of mark, watermark, found \"mark2\""),
            (
                "migration: {watermark_url: 'mysql://h/db'}",
                "migration.watermark_url: the watermark is kept in PostgreSQL or SQLite"
            ),
        ])
    func wrongValue(text: String, problem: String) throws {
        #expect(try problems(inMinimalAnd: text).first == "line 2: " + problem)
    }

    @Test(
        "an unknown key comes with the key that was probably meant",
        arguments: [
            ("packer: {n_bit: 8}", "packer.n_bit: unknown key; did you mean n_bits?"),
            ("packer: {maxShardSize: 8}", "packer.maxShardSize: unknown key; did you mean max_shard_size?"),
            ("migration: {batch: 8}", "migration.batch: unknown key; did you mean batch_size?"),
            ("migration: {bacth_size: 8}", "migration.bacth_size: unknown key; did you mean batch_size?"),
            ("migration: {n_bits: 8}", "migration.n_bits: unknown key here; did you mean packer.n_bits?"),
            ("n_bits: 8", "n_bits: unknown key here; did you mean packer.n_bits?"),
            (
                "packer: {level: 3}",
                "packer.level: unknown key here; did you mean packer.compression.level or logging.level?"
            ),
            ("loging: {level: info}", "loging: unknown key; did you mean logging?"),
            ("metrics: {path: /m}", "metrics.path: unknown key; known in metrics: host, port"),
            (
                "password: hidden",
                "password: unknown key; known at the top level: database, migration, packer, storage, pipeline, "
                    + "metrics, logging, workers"
            ),
            (
                "metrics: {'postgresql://u:hidden@h': 1}",
                "metrics.(a URL, not shown): unknown key; known in metrics: host, port"
            ),
            ("metrics: {x-note: 1}", "metrics.x-note: unknown key; known in metrics: host, port"),
        ])
    func unknownKey(text: String, problem: String) throws {
        #expect(try problems(inMinimalAnd: text) == ["line 2: " + problem])
    }

    @Test("all problems are reported at once, in file order, with a count")
    func all() throws {
        let text = """
            packer:
              n_bits: 99
              colour: red
              output_dir: a
              n_bits: 98
            migration:
              batch_size: many
            database:
              table_name: [t]
              archived_column: uid
            """
        let error = try #require(throws: ConfigurationError.self) {
            try parse(text, environment: ["DES_BIG_FILE_THRESHOLD_BYTES": "-1", "DES_BIGFILES_PREFIX": "/abs"])
        }
        #expect(
            error.description == """
                9 problems in the configuration config.yaml:
                  line 3: packer.colour: unknown key; known in packer: output_dir, max_shard_size, n_bits, \
                compression, big_file_threshold_bytes, bigfiles_prefix, staging_dir, s3_source
                  line 5: packer.n_bits: duplicate key; already set in line 2
                  line 5: packer.n_bits: expected a whole number from 4 to 16, found "98"
                  line 7: migration.batch_size: expected a whole number from 1 to 100000, found "many"
                  line 8: database.url: missing; expected a database URL: sqlite:///relative.db, \
                sqlite:////absolute.db, postgresql://…, mysql://…, mssql://…, oracle://… or odbc:…
                  line 9: database.table_name: expected the name of a table, found a list
                  line 10: database.archived_column: must be another column than uid_column: marking would overwrite it
                  environment variable DES_BIG_FILE_THRESHOLD_BYTES: expected a number of bytes, at least 1 \
                (such as 268435456, 256MiB or 256MB), found "-1"
                  environment variable DES_BIGFILES_PREFIX: expected a relative folder name without . and .., \
                found "/abs"
                """)
    }

    @Test(
        "a wrong database section or URL never shows what it holds",
        arguments: [
            ("database: postgresql://u:secret@h/db", ["line 1: database: expected a mapping, found a single value"]),
            (
                "database: {url: [secret]}",
                [
                    "line 1: database.url: expected a database URL: sqlite:///relative.db, sqlite:////absolute.db, "
                        + "postgresql://…, mysql://…, mssql://…, oracle://… or odbc:…, found a list"
                ]
            ),
            (
                "database: {url: 'db2://u:secret@h'}",
                [
                    "line 1: database.url: unknown database \"db2\"; known are sqlite, postgresql, mysql, mssql, oracle, odbc"
                ]
            ),
            (
                "packer: {}",
                [
                    "database.url: missing; expected a database URL: sqlite:///relative.db, sqlite:////absolute.db, "
                        + "postgresql://…, mysql://…, mssql://…, oracle://… or odbc:…"
                ]
            ),
        ])
    func secrets(text: String, expected: [String]) throws {
        #expect(try problems(in: text) == expected)
    }

    @Test("long values and control characters are shown short and escaped")
    func display() throws {
        let long = String(repeating: "x", count: 100)
        let found = try problems(inMinimalAnd: "packer: {n_bits: \"\\e[31m\(long)\"}")
        #expect(found.first?.contains("\u{1B}") == false)
        #expect(found.first?.hasSuffix("x…\"") == true)
    }
}
