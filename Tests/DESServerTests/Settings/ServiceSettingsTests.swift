import DESHTTPFront
import DESConfiguration
import DESRetrieval
import DESRouting
import DESTelemetry
import DESTestSupport
import Foundation
import Logging
import Testing

@testable import DESServer

/// A folder with files that variables name.
private final class Place: Sendable {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    var path: String { folder.path }

    /// A certificate of its own and its key, in PEM.
    func certificate(_ name: String) throws -> (certificate: String, key: String) {
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/env")
        openssl.arguments =
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
            + ["-subj", "/CN=localhost", "-keyout", "\(path)/\(name).key", "-out", "\(path)/\(name).pem"]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        try #require(openssl.terminationStatus == 0)
        return ("\(path)/\(name).pem", "\(path)/\(name).key")
    }

    func file(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(path)/\(name)")
        return "\(path)/\(name)"
    }
}

@Suite struct ServiceSettingsTests {
    private let place: Place

    init() throws { place = try Place() }

    private func settings(_ more: [String: String] = [:]) throws -> ServiceSettings {
        try ServiceSettings(environment: ["DES_BASE_DIR": place.path, "HOME": "/root"].merging(more) { $1 })
    }

    private func problems(_ environment: [String: String]) throws -> [String] {
        try #require(throws: ConfigurationError.self) { try ServiceSettings(environment: environment) }
            .problems.map(\.description)
    }

    @Test("a folder is all that is needed")
    func defaults() throws {
        let settings = try settings()
        #expect(settings.backend == .local(folder: place.path))
        #expect(settings.retriever == RetrieverSettings())
        #expect(settings.server.host == "0.0.0.0" && settings.server.port == 8000)
        #expect(settings.server.tls == nil && settings.server.cors == nil)
        #expect(settings.server.maximumRequests == 1024 && settings.server.limits.maximumConnections == 4096)
        #expect(settings.server.limits.drainTimeout == .seconds(30))
        #expect(settings.server.limits.idleTimeout >= .seconds(75))
        #expect(settings.redis == nil && settings.keys == nil && settings.hasAccessLog)
        #expect(settings.logLevel == .info && settings.logFormat == .text && settings.warnings.isEmpty)
    }

    @Test("every variable is heard")
    func all() throws {
        let tls = try place.certificate("server")
        let keys = try place.file(
            "keys", "keys: [{id: a, hash: 'sha256:\(String(repeating: "ab", count: 32))'}]")
        let settings = try settings([
            "DES_BACKEND": "LOCAL", "DES_N_BITS": "10", "DES_BIGFILES_PREFIX": "big/files/",
            "DES_CACHE_BYTES": "1.5 MiB",
            "DES_MEMORY_BYTES": "64MB", "DES_LISTING_SECONDS": "0.5", "DES_NEGATIVE_SECONDS": "0", "DES_HOST": "::1",
            "DES_PORT": " 0 ", "DES_TLS_CERT": tls.certificate, "DES_TLS_KEY": tls.key, "DES_MAX_REQUESTS": "7",
            "DES_MAX_CONNECTIONS": "8", "DES_DRAIN_SECONDS": "9", "DES_IDLE_SECONDS": "600", "DES_ACCESS_LOG": "off",
            "DES_LOG_LEVEL": "Warn",
            "DES_LOG_FORMAT": "json", "DES_REDIS_URL": "redis://user:secret@cache:6380/2", "DES_API_KEYS_FILE": keys,
            "DES_CORS_ORIGINS": "https://a.example, http://b.example:8080", "DES_METRICS_OPEN": "on",
            "DES_S3_BUCKET": "",
        ])
        #expect(
            settings.retriever
                == RetrieverSettings(
                    bits: try #require(ShardBits(10)), bigFilesPrefix: "big/files", cacheBytes: 1_572_864,
                    listingLifetime: .milliseconds(500), negativeLifetime: .zero, memoryBytes: 64_000_000))
        #expect(settings.server.host == "::1" && settings.server.port == 0)
        #expect(settings.server.tls == .init(certificatePath: tls.certificate, keyPath: tls.key))
        #expect(settings.server.maximumRequests == 7 && settings.server.limits.maximumConnections == 8)
        #expect(settings.server.limits.drainTimeout == .seconds(9))
        #expect(settings.server.limits.idleTimeout == .seconds(600))
        #expect(settings.server.cors?.origins == ["https://a.example", "http://b.example:8080"])
        #expect(settings.redis?.place == "redis://cache:6380/2")
        #expect(settings.keys?.content.keys.map(\.id) == ["a"])
        #expect(!settings.hasAccessLog && settings.logLevel == .warning && settings.logFormat == .json)
        #expect(settings.warnings.isEmpty)
    }

    static let wrong: [(variable: String, value: String, expected: String)] = [
        ("DES_BACKEND", "s4", "expected one of local, s3, multi_s3, found \"s4\""),
        ("DES_BASE_DIR", "/does/not/exist", "expected the folder of the shards"),
        ("DES_BASE_DIR", "/dev/null", "is a character device"),
        ("DES_N_BITS", "3", "expected a whole number from 4 to 16, found \"3\""),
        ("DES_N_BITS", "08", "expected a whole number"),
        ("DES_PORT", "65536", "expected a whole number from 0 to 65535"),
        ("DES_PORT", "tcp://10.0.0.1:8000", "enableServiceLinks"),
        ("DES_CACHE_BYTES", "-1", "expected a number of bytes"),
        ("DES_CACHE_BYTES", "many", "such as 268435456, 256MiB"), ("DES_MEMORY_BYTES", "1KiB", "at least 33554432"),
        ("DES_LISTING_SECONDS", "nan", "expected a number of seconds from 0 to 86400"),
        ("DES_NEGATIVE_SECONDS", "-1", "expected a number of seconds"),
        ("DES_DRAIN_SECONDS", "1h", "expected a number"),
        ("DES_MAX_REQUESTS", "0", "expected a whole number from 1"),
        ("DES_MAX_CONNECTIONS", "x", "expected a whole number"),
        ("DES_BIGFILES_PREFIX", "../up", "expected a relative folder"),
        ("DES_BIGFILES_PREFIX", "/abs", "expected a relative"),
        ("DES_ACCESS_LOG", "maybe", "expected on or off"), ("DES_LOG_LEVEL", "loud", "expected one of trace"),
        ("DES_LOG_FORMAT", "xml", "expected one of text, json"),
        ("DES_CORS_ORIGINS", "https://a/b", "expected * or origins"),
        ("DES_CORS_ORIGINS", "HTTPS://A", "expected * or origins"), ("DES_CORS_ORIGINS", "a.example,", "expected * or"),
        ("DES_CORS_ORIGINS", "https://a\r\nX: y", "expected * or"), ("DES_METRICS_OPEN", "ajar", "DES_METRICS_OPEN"),
        ("DES_API_KEYS_FILE", "/does/not/exist", "cannot read the file: No such file"),
        ("DES_API_KEYS_FILE", "", "without keys everybody is let in"),
        ("DES_REDIS_URL", "http://u:hidden@h", "does not begin with redis://"),
    ]

    @Test("a wrong value is a problem with the name of its variable", arguments: wrong)
    func wrongValue(_ variable: String, _ value: String, _ expected: String) throws {
        let found = try problems(["DES_BASE_DIR": place.path].merging([variable: value]) { $1 })
        #expect(found.count == 1)
        #expect(found[0].hasPrefix("\(variable): ") && found[0].contains(expected), "\(found)")
        #expect(!found[0].contains("hidden"))
    }

    @Test("all problems are told at once")
    func together() throws {
        let variables = [
            "DES_N_BITS": "x", "DES_PORT": "x", "DES_CACHE_BYTES": "x", "DES_API_KEYS_FILE": "/x", "DES_TLS_KEY": "/x",
        ]
        let found = try problems(variables)
        for variable in variables.keys + ["DES_BASE_DIR", "DES_TLS_CERT"] {
            #expect(found.contains { $0.hasPrefix("\(variable): ") }, "\(variable) is missing in \(found)")
        }
    }

    @Test(
        "certificate and key go together",
        arguments: [("DES_TLS_CERT", "DES_TLS_KEY"), ("DES_TLS_KEY", "DES_TLS_CERT")])
    func halfTLS(_ given: String, _ missing: String) throws {
        let found = try problems(["DES_BASE_DIR": place.path, given: try place.file("pem", "")])
        #expect(found == ["\(missing): missing; \(given) is set, and they go together"])
    }

    @Test("a certificate and a key that are none are told apart")
    func badTLS() throws {
        let (certificate, key) = try place.certificate("one")
        let otherKey = try place.certificate("other").key
        let text = try place.file("text", "hello")
        for (certificate, key, wrong) in [
            (text, key, ["DES_TLS_CERT"]), (key, key, ["DES_TLS_CERT"]), (certificate, text, ["DES_TLS_KEY"]),
            (certificate, certificate, ["DES_TLS_KEY"]), (text, text, ["DES_TLS_CERT"]),
            (place.path, "/dev/null", ["DES_TLS_CERT"]), (certificate, otherKey, ["DES_TLS_KEY"]),
        ] {
            let found = try problems([
                "DES_BASE_DIR": place.path, "DES_TLS_CERT": certificate, "DES_TLS_KEY": key,
            ])
            #expect(found.map { String($0.prefix { $0 != ":" }) } == wrong, "\(found)")
        }
    }

    @Test("problems of the file of keys are told with their lines")
    func keys() throws {
        let file = try place.file("keys", "keys:\n  - {id: a}\n  - {id: '', hash: x}\n")
        let found = try problems(["DES_BASE_DIR": place.path, "DES_API_KEYS_FILE": file])
        #expect(found.count == 3)
        #expect(found.allSatisfy { $0.hasPrefix("DES_API_KEYS_FILE: \(file): line ") })
    }

    @Test("keys without TLS are warned of")
    func plainKeys() throws {
        let file = try place.file("keys", "keys: [{id: a, hash: 'sha256:\(String(repeating: "ab", count: 32))'}]")
        #expect(try settings(["DES_API_KEYS_FILE": file]).warnings.count == 1)
    }

    @Test("one bucket is a backend")
    func s3() throws {
        let settings = try ServiceSettings(environment: [
            "DES_BACKEND": "s3", "DES_S3_BUCKET": "archive", "DES_S3_REGION": "eu-central-1", "DES_S3_PREFIX": "des",
            "DES_S3_ENDPOINT_URL": "http://127.0.0.1:9000",
        ])
        let connection = S3ConnectionConfiguration(regionName: "eu-central-1", endpointURL: "http://127.0.0.1:9000")
        #expect(
            settings.backend == .s3(S3StorageConfiguration(bucket: "archive", prefix: "des", connection: connection)))
        #expect(settings.backend.name == "s3")
        #expect(try problems(["DES_BACKEND": "s3"]).map { $0.prefix(15) } == ["DES_S3_BUCKET: "])
        for url in ["s3.example.com", "https://s3.example.com/path", "https://user:hidden@s3.example.com", "ftp://x"] {
            let found = try problems(["DES_BACKEND": "s3", "DES_S3_BUCKET": "a", "DES_S3_ENDPOINT_URL": url])
            #expect(found.count == 1 && found[0].hasPrefix("DES_S3_ENDPOINT_URL: ") && !found[0].contains("hidden"))
        }
    }

    private static let zones = """
        n_bits: 4
        zones:
          - {name: low, range: {start: 0, end: 7}, s3: {bucket: a, prefix: x, region_name: us-west-2}}
          - {name: high, range: {start: 8, end: 15}, s3: {bucket: b, endpoint_url: "${ENDPOINT}"}}
        """

    @Test("zones have a file, YAML or JSON, and what a zone leaves out comes from the variables")
    func zones() throws {
        let environment = [
            "DES_BACKEND": "multi_s3", "DES_ZONES_CONFIG": try place.file("zones", Self.zones),
            "DES_S3_REGION": "eu-west-1", "ENDPOINT": "http://127.0.0.1:1",
        ]
        let settings = try ServiceSettings(environment: environment)
        guard case .multiS3(let storage) = settings.backend else { throw ConfigurationProblem(message: "no zones") }
        #expect(settings.retriever.bits.count == 4)
        #expect(storage.zones.map(\.name) == ["low", "high"] && storage.zones.map(\.bucket) == ["a", "b"])
        #expect(storage.zones.map(\.shards) == [0...7, 8...15])
        #expect(storage.zones.map(\.connection.regionName) == ["us-west-2", "eu-west-1"])
        #expect(storage.zones.map(\.connection.endpointURL) == [nil, "http://127.0.0.1:1"])

        let json = """
            {"zones": [{"name": "all", "range": {"start": 0, "end": 31}, "s3": {"bucket": "a"}}]}
            """
        let bits = try ServiceSettings(environment: [
            "DES_BACKEND": "multi_s3", "DES_ZONES_CONFIG": try place.file("json", json), "DES_N_BITS": "5",
        ])
        #expect(bits.retriever.bits.count == 5)
    }

    static let wrongZones: [(text: String, expected: String)] = [
        ("zones: [{name: a, range: {start: 1, end: 15}, s3: {bucket: a}}]", "zones"),
        ("zones: [{name: a, range: {start: 0, end: 16}, s3: {bucket: a}}]", "zones[0].range.end"),
        (
            "zones: [{name: a, range: {start: 0, end: 15}, s3: {bucket: a}}, {name: b, range: {start: 15, end: 15}, s3: {bucket: b}}]",
            "zones"
        ),
        ("zones: [{name: a, range: {start: 0, end: 15}}]", "zones[0].s3.bucket"), ("zones: []", "at least one zone"),
        ("allow_gaps: true", "zones: missing"), ("zones: [", "not valid YAML"), ("zonse: []", "did you mean zones?"),
    ]

    @Test("zones that do not fit are problems of their file", arguments: wrongZones)
    func badZones(_ text: String, _ expected: String) throws {
        let path = try place.file("zones", "n_bits: 4\n\(text)")
        let found = try problems(["DES_BACKEND": "multi_s3", "DES_ZONES_CONFIG": path])
        #expect(found.allSatisfy { $0.hasPrefix("DES_ZONES_CONFIG: \(path): ") })
        #expect(found.contains { $0.contains(expected) }, "\(found)")
    }

    @Test("gaps between zones are allowed on demand")
    func gaps() throws {
        let text = "n_bits: 4\nallow_gaps: true\nzones: [{name: a, range: {start: 1, end: 15}, s3: {bucket: a}}]"
        let settings = try ServiceSettings(environment: [
            "DES_BACKEND": "multi_s3", "DES_ZONES_CONFIG": try place.file("zones", text),
        ])
        guard case .multiS3(let storage) = settings.backend else { throw ConfigurationProblem(message: "no zones") }
        #expect(storage.allowsGaps)
    }

    @Test("bits of the file and of the variable must agree, and a file of zones must be named")
    func disagreement() throws {
        let path = try place.file("zones", Self.zones.replacing("${ENDPOINT}", with: "http://h"))
        let found = try problems(["DES_BACKEND": "multi_s3", "DES_ZONES_CONFIG": path, "DES_N_BITS": "8"])
        #expect(found.contains { $0.contains("n_bits: is 4, but DES_N_BITS is 8") })
        #expect(try problems(["DES_BACKEND": "multi_s3"]).map { $0.prefix(18) } == ["DES_ZONES_CONFIG: "])
    }

    static let misspelt: [(variable: String, meant: String?)] = [
        ("DES_CACHE_BTES", "DES_CACHE_BYTES"), ("DES_API_KEY_FILE", "DES_API_KEYS_FILE"),
        ("DES_BASEDIR", "DES_BASE_DIR"),
        ("DES_S3_BUKCET", "DES_S3_BUCKET"), ("DES_NODE_ID", nil), ("DES_MARKER_BATCH_SIZE", nil), ("DES_DB_URL", nil),
        ("DES_BIG_FILE_THRESHOLD_BYTES", nil), ("DES_HTTP_PORT", nil), ("DES_HTTP_SERVICE_HOST", nil), ("PORT", nil),
        ("DES_HTTP_PORT_8000_TCP_ADDR", nil),
    ]

    @Test("a variable that looks misspelt is warned of, one of another program is not", arguments: misspelt)
    func misspeltVariable(_ variable: String, _ meant: String?) throws {
        let warnings = try settings([variable: "1"]).warnings
        #expect(
            warnings == (meant.map { ["the variable \(variable) is not known and ignored; did you mean \($0)?"] } ?? [])
        )
    }

    @Test("variables of another backend are warned of")
    func otherBackend() throws {
        let warnings = try settings(["DES_S3_BUCKET": "a", "DES_ZONES_CONFIG": "b"]).warnings
        #expect(warnings.count == 2)
        #expect(warnings.allSatisfy { $0.hasSuffix("has no meaning with DES_BACKEND local and is ignored") })
    }

    @Test("a misspelt variable is told beside other mistakes, of which it may be the cause")
    func misspeltBesideMistakes() throws {
        let found = try problems(["DES_BASEDIR": place.path, "DES_N_BITS": "99", "DES_PORTT": "1"])
        #expect(found.contains("DES_BASEDIR: is not known and ignored; did you mean DES_BASE_DIR?"), "\(found)")
        #expect(found.contains("DES_PORTT: is not known and ignored; did you mean DES_PORT?"))
        #expect(found.contains { $0.hasPrefix("DES_N_BITS: ") })
    }
}
