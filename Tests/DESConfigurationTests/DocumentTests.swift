@testable import DESConfiguration
import DESTestSupport
import FoundationEssentials
import Testing

struct DocumentTests {
    @Test(
        "a file that is no mapping is refused clearly",
        arguments: [
            ("", "the file is empty"), (" \n\n", "the file is empty"), ("# nothing\n", "the file holds no settings"),
            ("null", "the file holds no settings"),
            ("- a\n", "line 1, column 1: expected a mapping of sections at the top level, found a list"),
            ("# c\ntext", "line 2, column 1: expected a mapping of sections at the top level, found a single value"),
        ])
    func notAMapping(text: String, problem: String) throws {
        #expect(try problems(in: text) == [problem])
    }

    @Test(
        "a syntax error has line and column and quotes nothing",
        arguments: [
            ("database:\n  url: secret: x\n", "line 2, column 14: not valid YAML or JSON: "),
            ("database: {url: secret\n", "line 2, column 1: not valid YAML or JSON: "),
            ("database:\n\turl: secret\n", "line 2, column 1: not valid YAML or JSON: "),
            ("a: 1\n---\nsecret: 2\n", "line 2, column 1: not valid YAML or JSON: but found another document"),
            ("database: *secret\n", "line 1, column 11: not valid YAML or JSON: found undefined alias"),
            ("a: 1\nb: \u{1}secret\n", "line 2, column 4: not valid YAML or JSON: control characters are not allowed"),
        ])
    func syntaxError(text: String, beginning: String) throws {
        let found = try problems(in: text)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix(beginning) == true, "\(found)")
        #expect(found.first?.contains("secret") == false)
    }

    @Test("anchors, aliases and merge keys work; own keys win over merged ones and earlier merges over later ones")
    func mergeKeys() throws {
        let configuration = try parse(
            """
            x-one: &one {batch_size: 10, max_files: 1}
            x-two: &two {batch_size: 20, max_delete: 2}
            x-roots: &roots [/a, /b]
            database: {url: 'sqlite:///c.db'}
            migration:
              max_files: 5
              <<: [*one, *two]
              source_roots: *roots
            """)
        #expect(
            configuration.migration
                == CycleConfiguration(batchSize: 10, maxFiles: 5, maxDeletedFiles: 2, sourceRoots: ["/a", "/b"]))
    }

    @Test("a merge of something else and a key that is no word are reported")
    func wrongMerge() throws {
        #expect(
            try problems(inMinimalAnd: "packer:\n  <<: 5\n  [a]: 6\n") == [
                "line 3: packer.<<: expected a mapping or a list of mappings to merge",
                "line 4: packer: a key must be a word",
            ])
    }

    @Test(
        "duplicate keys are reported at the later one, in every style",
        arguments: [
            ("packer: {n_bits: 8, n_bits: 8}", ["line 2: packer.n_bits: duplicate key; already set in line 2"]),
            ("packer: {\"n_bits\": 8,\n n_bits: 8}", ["line 3: packer.n_bits: duplicate key; already set in line 2"]),
            (
                "logging: {}\nlogging: {}\nlogging: {}",
                [
                    "line 3: logging: duplicate key; already set in line 2",
                    "line 4: logging: duplicate key; already set in line 2",
                ]
            ),
            (
                "'pipeline': {readers: 1, uploads: 2,\n 'readers': 3}\n# ü\n'metrics': {port: 1,\r\n port: 2}",
                [
                    "line 3: pipeline.readers: duplicate key; already set in line 2",
                    "line 6: metrics.port: duplicate key; already set in line 5",
                ]
            ),
            ("workers: {!!str a: 1, !!str a: 2}", ["line 2, column 11: the key a stands twice in one mapping"]),
        ])
    func duplicates(text: String, expected: [String]) throws {
        #expect(try problems(inMinimalAnd: text) == expected)
    }

    @Test("aliases of aliases of aliases do not grow without bound")
    func aliasBomb() throws {
        var text = "x-a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        for level in 1...20 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "x-a\(level): &a\(level) [\(aliases)]\n"
        }
        let found = try problems(inMinimalAnd: text)
        #expect(found.count == 1)
        #expect(found.first?.hasSuffix("more than 100000 values when all aliases are resolved") == true)
    }

    @Test("JSON escapes of characters beyond the basic plane are read")
    func surrogates() throws {
        let configuration = try parse(
            #"{"database": {"url": "sqlite:///c.db"}, "packer": {"output_dir": "\ud83d\ude00\u00e4\\ud83d"}}"#)
        #expect(configuration.packer.outputDirectory == "😀ä\\ud83d")
    }

    @Test("a file is read from its path, and what cannot be read is said")
    func files() throws {
        let folder = try TemporaryFolder()
        func failure(_ path: String) throws -> String {
            try #require(throws: ConfigurationError.self) {
                try MigrationConfiguration.load(path: path, environment: [:])
            }.description
        }
        let file = folder.url.appending(path: "a config.json")
        try Data(#"{"database": {"url": "sqlite:///${NAME}"}}"#.utf8).write(to: file)
        let configuration = try MigrationConfiguration.load(path: file.path, environment: ["NAME": "n.db"])
        #expect(configuration.database.url == .sqlite(path: "n.db"))

        try Data([0x61, 0x3A, 0xFF]).write(to: file)
        #expect(
            try failure(file.path)
                == "1 problem in the configuration \(file.path):\n  line 1: the file is not UTF-8 text")
        try Data("a: 1\nü: 2\n".utf8 + [0x62, 0xFF]).write(to: file)
        #expect(try failure(file.path).hasSuffix("  line 3: the file is not UTF-8 text"))
        try Data([0xFF, 0xFE, 0x61, 0x00]).write(to: file)
        #expect(try failure(file.path).hasSuffix("the file is UTF-16 text; write it as UTF-8"))
        #expect(try failure(file.path + "/x").hasSuffix("cannot read the file: Not a directory"))
        #expect(try failure("/dev/zero").hasSuffix("cannot read the file: it has more than 64 MiB"))
        #expect(try failure("").hasSuffix("cannot read the file: its name is empty"))
        #expect(try failure(folder.path).hasSuffix("cannot read the file: it is a directory"))
        #expect(try failure(folder.path + "/none").hasSuffix("cannot read the file: no such file"))
    }
}
