import DESConfiguration
import Testing

struct ConfigurationPathTests {
    @Test(
        "a path that is not meant as it stands is refused at its key",
        arguments: [
            ("packer: {output_dir: '~/out'}", "packer.output_dir"),
            ("packer: {staging_dir: '$HOME/s'}", "packer.staging_dir"),
            ("packer: {bigfiles_prefix: '{{big}}'}", "packer.bigfiles_prefix"),
            ("migration: {source_roots: [/a, '~/in']}", "migration.source_roots[1]"),
            ("migration: {source_roots: ['gs://b/in']}", "migration.source_roots[0]"),
            ("migration: {source_roots: ['s3://b/{{in}}']}", "migration.source_roots[0]"),
            ("migration: {source_base: in}", "migration.source_base"),
            ("migration: {source_base: '~/in'}", "migration.source_base"),
            ("migration: {watermark_url: 'sqlite:///~/w.db'}", "migration.watermark_url"),
            ("storage: {type: s3, bucket: b, ca_file: '~/ca.pem'}", "storage.ca_file"),
            ("storage: {type: s3, bucket: 's3://b'}", "storage.bucket"),
            ("storage: {type: s3, bucket: b, prefix: ' p'}", "storage.prefix"),
            ("storage: {type: s3, bucket: b, endpoint_url: 'https://$HOST'}", "storage.endpoint_url"),
            ("storage: {type: s3, bucket: b, endpoint_url: 'https://{{host}}'}", "storage.endpoint_url"),
            (
                "storage: {type: s3, zones: [{name: a, range: {start: 0, end: 255}, s3: {bucket: '{{a}}'}}]}",
                "storage.zones[0].s3.bucket"
            ),
        ])
    func refused(text: String, key: String) throws {
        let found = try problems(inMinimalAnd: text)
        #expect(found.first?.hasPrefix("line 2: \(key): ") == true, "\(found)")
    }

    @Test(
        "what a variable holds is looked at like what stands in the file",
        arguments: ["~/out", "'/srv/out'", "/srv/out\n"])
    func fromVariable(value: String) throws {
        let found = try problems(inMinimalAnd: "packer: {output_dir: '${OUT}'}", environment: ["OUT": value])
        #expect(found.first?.hasPrefix("line 2: packer.output_dir: ") == true, "\(found)")
    }

    @Test("a path that may be meant is taken with a warning that names the key")
    func warned() throws {
        let configuration = try parse(
            minimalAnd:
                "packer: {output_dir: '/srv/$X/out', staging_dir: 'C:\\s'}\nmigration: {source_roots: ['/in/$Y']}")
        #expect(configuration.packer.outputDirectory == "/srv/$X/out")
        #expect(configuration.migration.sourceRoots == ["/in/$Y"])
        #expect(configuration.warnings.count == 3)
        for key in ["packer.output_dir: ", "packer.staging_dir: ", "migration.source_roots[0]: "] {
            #expect(configuration.warnings.contains { $0.hasPrefix(key) }, "\(configuration.warnings)")
        }
    }

    @Test("folders are compared by their bytes: two that look alike are two")
    func bytes() throws {
        let configuration = try parse(
            minimalAnd:
                "packer: {output_dir: \"/d/e\u{301}\", staging_dir: \"/d/\u{E9}\"}\nmigration: {source_roots: [\"/d/\u{E9}\"]}"
        )
        #expect(configuration.warnings.count == 1)
        #expect(configuration.warnings.first?.hasPrefix("packer.staging_dir") == true)
    }

    @Test("columns are compared by their bytes")
    func columns() throws {
        let configuration = try parse(
            "database: {url: 'sqlite:///c.db', uid_column: \"e\u{301}\", archived_column: \"\u{E9}\"}\n"
                + "migration: {meta_columns: [\"e\u{301}\", \"\u{E9}\"]}")
        #expect(configuration.migration.metaColumns.count == 2)
    }

    @Test("the folder of relative locations and the leave to delete sources of odd times are read")
    func newKeys() throws {
        let configuration = try parse(minimalAnd: "migration: {source_base: /data/in, allow_odd_times: true}")
        #expect(configuration.migration.sourceBase == "/data/in")
        #expect(configuration.migration.allowsOddTimes)
        let standard = try parse(minimalAnd: "")
        #expect(standard.migration.sourceBase == nil)
        #expect(!standard.migration.allowsOddTimes)
    }
}
