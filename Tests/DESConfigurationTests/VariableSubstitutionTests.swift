import DESRouting
import DESShard
import Testing

@testable import DESConfiguration

struct VariableSubstitutionTests {
    private let substitution = VariableSubstitution(environment: [
        "A": "1", "EMPTY": "", "NESTED": "${A}", "a.b-c": "x",
    ])

    @Test(
        "variables and defaults are replaced, everything else stays",
        arguments: [
            ("plain", "plain"), ("", ""), ("${A}", "1"), ("<${A}${A}>", "<11>"), ("${UNSET:d}", "d"),
            ("${UNSET:}", ""), ("${A:d}", "1"), ("${EMPTY:d}", ""), ("${UNSET:http://h:1/x}", "http://h:1/x"),
            ("${NESTED}", "${A}"), ("$A $ $$ $5 p$$w", "$A $ $$ $5 p$$w"), ("$${A}", "${A}"), ("a$${", "a${"),
            ("${a.b-c}", "x"), ("tail$", "tail$"),
        ])
    func replacing(text: String, expected: String) {
        let result = substitution.expand(text)
        #expect(result.text == expected)
        #expect(result.complaints.isEmpty)
    }

    @Test(
        "what cannot be replaced is named, each once",
        arguments: [
            ("${X} ${A} ${Y}", ["X", "Y"]), ("${A", ["without its"]), ("${}", ["name of a variable"]),
            ("${a b}", ["name of a variable"]), ("${X:${A}}", ["cannot hold another"]),
        ])
    func complaining(text: String, fragments: [String]) {
        let complaints = substitution.expand(text).complaints
        #expect(complaints.count == fragments.count)
        for (complaint, fragment) in zip(complaints, fragments) {
            #expect(complaint.contains(fragment))
        }
    }

    @Test(
        "the forms of shells are refused, with what to write instead, whether the variable is set or not",
        arguments: [
            (":-/srv/out", "${V:default}"), (":=/srv/out", "${V:default}"), (":?must be set", "write ${V}:"),
            (":+/srv/out", "whole value"), ("-/srv/out", "${V:default}"), ("=/srv/out", "${V:default}"),
            ("?must be set", "write ${V}:"), ("+/srv/out", "whole value"), ("%/", "whole value"),
            ("##*/", "whole value"),
            ("/a/b", "whole value"), ("^^", "whole value"), (",,", "whole value"), ("@Q", "whole value"),
            (":-", "${V:default}"),
            (":?", "write ${V}:"),
        ])
    func shellForms(form: String, advice: String) {
        for environment in [[:], ["V": "secret"]] {
            let result = VariableSubstitution(environment: environment).expand("a${V\(form)}b")
            #expect(result.complaints.count == 1)
            #expect(result.complaints.first?.contains(advice) == true, "\(result.complaints)")
            #expect(!result.text.contains("srv") && !result.text.contains("secret"))
        }
    }

    @Test(
        "what only a shell reads another way is no silent default",
        arguments: ["${HOST-localhost:80}", "${U-http://h/x}", "${!V}", "${#V}", "${V:-${W}}"])
    func dangerous(text: String) {
        #expect(substitution.expand(text).complaints.count == 1)
    }

    @Test("a negative number is a default with a blank before it")
    func negativeDefault() throws {
        let configuration = try parse(minimalAnd: "packer: {compression: {level: '${LEVEL: -3}'}}")
        #expect(configuration.packer.compression.level == -3)
    }

    @Test("a combining character behind a bracket or a dollar sign hides neither")
    func combining() {
        #expect(Array(substitution.expand("${A}\u{301}").text.utf8) == Array("1\u{301}".utf8))
        #expect(substitution.expand("$\u{301}{A}").complaints.isEmpty)
    }

    @Test("variables are replaced in lists, nested sections, numbers and opaque parts")
    func everywhere() throws {
        let configuration = try parse(
            """
            database: {url: "postgresql://u:${PW}@h/db", size_bytes_column: "${SIZE:}"}
            migration: {source_roots: ["${ROOT}/a", "/b"], batch_size: "${BATCH}", delete_source_files: "${DELETE:yes}"}
            packer: {n_bits: "8", compression: {codec: "${CODEC:lz4}"}, s3_source: {endpoint_url: "${ENDPOINT:}"}}
            storage: {type: s3, bucket: "b${BUCKET}", access_key_id: "${PW}", secret_access_key: "${PW}"}
            """, environment: ["PW": "a/b", "ROOT": "/r", "BATCH": " 20\n", "BUCKET": "-r"])
        #expect(configuration.database.url == .postgresql("postgresql://u:a%2Fb@h/db"))
        #expect(configuration.database.sizeBytesColumn == nil)
        #expect(configuration.migration.sourceRoots == ["/r/a", "/b"])
        #expect(configuration.migration.batchSize == 20)
        #expect(configuration.migration.deletesSourceFiles)
        #expect(configuration.packer.bits == .standard)
        #expect(configuration.packer.compression.codec == .lz4)
        #expect(configuration.packer.s3Source.connection.endpointURL == nil)
        guard case .s3(let storage) = configuration.storage else {
            Issue.record("the storage is not S3")
            return
        }
        #expect(storage.bucket == "b-r")
        #expect(storage.connection.keys == .init(accessKeyID: "a/b", secretAccessKey: "a/b"))
        #expect(!"\(storage)".contains("a/b"))
    }

    @Test("an unset variable is an error that names key and variable, and no value of the environment")
    func unset() throws {
        let found = try problems(
            in: """
                database:
                  url: postgresql://${DB_USER}:${DB_PASSWORD}@h/db
                migration:
                  source_roots: [/a, "${ROOT}"]
                  batch_size: ${BATCH}
                storage: {type: s3, bucket: b, secret_access_key: "${TOKEN}", access_key_id: a}
                """, environment: ["DB_USER": "hidden", "BATCH": "hidden2"])
        #expect(
            found == [
                "line 2: database.url: the environment variable DB_PASSWORD is not set "
                    + "(to give a default, write ${DB_PASSWORD:default})",
                "line 4: migration.source_roots[1]: the environment variable ROOT is not set "
                    + "(to give a default, write ${ROOT:default})",
                "line 5: migration.batch_size: expected a whole number from 1 to 100000, "
                    + "found something else in ${BATCH} (value not shown)",
                "line 6: storage.secret_access_key: the environment variable TOKEN is not set "
                    + "(to give a default, write ${TOKEN:default})",
            ])
    }
}
