import DESBase
import DESConfiguration
import DESTestSupport
import Foundation
import Logging
import NIOHTTP1
import Synchronization
import Testing

@testable import DESServer

/// A file of keys in a folder of its own.
private final class KeyFile: Sendable {
    private let folder: TemporaryFolder

    init(_ text: String) throws {
        folder = try TemporaryFolder()
        try write(text)
    }

    var path: String { folder("keys.yaml") }

    func write(_ text: String, mode: Int = 0o600) throws {
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    func remove() throws { try FileManager.default.removeItem(atPath: path) }

    var file: APIKeyFile { APIKeyFile(path: path, environment: [:]) }
}

/// Keeps what is logged.
private struct RecordingHandler: LogHandler {
    final class Lines: Sendable {
        let kept = Mutex<[String]>([])
    }

    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.kept.withLock { $0.append("\(event.level): \(event.message)") } }
}

private func hash(_ text: String) -> String {
    "sha256:" + APIKeySet.digest(text).map { String(format: "%02x", $0) }.joined()
}

private func admits(_ gate: APIKeyGate, _ key: String) -> Bool {
    let request = GateRequest(method: "GET", path: "/files/x", uid: "x", headers: ["X-API-Key": key])
    guard case .allow = gate.admit(request) else { return false }
    return true
}

@Suite struct APIKeyFileTests {
    @Test("all that a key can have is read, from YAML and from JSON")
    func whole() throws {
        let yaml = """
            keys:
              - id: reports
                hash: \(hash("a").uppercased().replacing("SHA256", with: "sha256"))
                read: false
                prefixes: [inv-, "2026"]
                rate_limit: 2.5
                burst: 10
                expires: 2030-01-31T12:00:00+02:00
              - {id: plain, hash: "\(hash("b"))"}
            """
        let json = """
            {"keys": [{"id": "reports", "hash": "\(hash("a"))", "read": false, "prefixes": ["inv-", "2026"],
            "rate_limit": 2.5, "burst": 10, "expires": "2030-01-31T10:00:00Z"}, {"id": "plain", "hash": "\(hash("b"))"}]}
            """
        for text in [yaml, json] {
            let (keys, warnings) = try APIKeyConfiguration.parse(text: text, fileName: "keys")
            #expect(warnings.isEmpty)
            #expect(
                keys == [
                    APIKeyConfiguration(
                        id: "reports", digest: APIKeySet.digest("a"), canRead: false, prefixes: ["inv-", "2026"],
                        requestsPerSecond: 2.5, burst: 10, expiresAt: Timestamp(parsing: "2030-01-31T10:00:00Z")),
                    APIKeyConfiguration(id: "plain", digest: APIKeySet.digest("b")),
                ])
        }
    }

    @Test("everything that is wrong is told at once, and no key or hash is in it")
    func problems() throws {
        let secret = "des_" + String(repeating: "5ec2e7", count: 12)
        let text = """
            keys:
              - {id: "\(secret)", hash: "\(hash("a"))"}
              - {id: a, hash: "\(secret)"}
              - {id: b, hash: "md5:\(secret)"}
              - {hash: "\(hash("c"))"}
              - {id: d}
              - {id: e, hash: "\(hash("e"))", prefixes: [], burst: 3, expires: tomorrow, reed: true}
              - {id: f, hash: "\(hash("f"))", rate_limit: 0, read: perhaps}
              - {id: g, hash: "\(hash("g"))"}
              - {id: g, hash: "\(hash("g"))"}
            """
        let error = try #require(throws: ConfigurationError.self) {
            try APIKeyConfiguration.parse(text: text, fileName: "keys.yaml")
        }
        let problems = error.problems.map(\.description).joined(separator: "\n")
        for part in [
            "line 2: keys[0].id: expected a name", "line 3: keys[1].hash: expected sha256:", "keys[2].hash",
            "keys[3].id: missing", "keys[4].hash: missing", "keys[5].prefixes", "keys[5].burst", "keys[5].expires",
            "keys[5].reed: unknown key; did you mean read?", "keys[6].rate_limit", "keys[6].read",
            "keys[8].id: there is another key of the name g", "keys[8].hash: is that of the key g too",
        ] {
            #expect(problems.contains(part), "\(part) is missing in \(problems)")
        }
        #expect(!problems.contains("5ec2e7"))
        for text in ["a", "c", "e", "g"] { #expect(!problems.contains(hash(text).dropFirst(7))) }
        #expect(error.problems.count == 13)
    }

    @Test("a key shows neither itself nor its hash")
    func hidden() {
        let key = APIKeyConfiguration(id: "reports", digest: [250, 251, 252])
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!(dumped + "\(key)" + String(reflecting: key)).contains("25"))
    }

    @Test("a new key opens the gate with its entry in the file, and is another one each time")
    func newKey() throws {
        var generator = SystemRandomNumberGenerator()
        let first = NewAPIKey(id: "1", using: &generator)
        let second = NewAPIKey(id: "null", using: &generator)
        #expect(first.text != second.text)
        #expect(first.text.wholeMatch(of: /des_[0-9a-f]{64}/) != nil)
        #expect(!first.entry.contains(first.text.dropFirst(4)))
        let text = "keys:\n\(first.entry)\n\(second.entry)\n"
        let (keys, _) = try APIKeyConfiguration.parse(text: text, fileName: "keys")
        let gate = APIKeyGate(APIKeySet(keys), clock: .system())
        #expect(admits(gate, first.text) && admits(gate, second.text))
        #expect(keys.map(\.id) == ["1", "null"])
    }

    @Test("a file that everybody can read, and keys that have expired, are warned of")
    func warnings() throws {
        let keys = try KeyFile("")
        let text = "keys: [{id: old, hash: '\(hash("a"))', expires: 2001-01-01}, {id: new, hash: '\(hash("b"))'}]"
        try keys.write(text, mode: 0o640)
        #expect(try keys.file.read().warnings == ["\(keys.path): keys that have expired and can be removed: old"])
        try keys.write(text, mode: 0o644)
        #expect(try keys.file.read().warnings.contains { $0.contains("can be read by everybody") })
    }

    @Test("a file that is not there, no file, or no text is an error that names it")
    func unreadable() throws {
        let keys = try KeyFile("")
        try Data([0x6B, 0xFF, 0xFE]).write(to: URL(filePath: keys.path))
        let missing = APIKeyFile(path: keys.path + "-not", environment: [:])
        let folder = APIKeyFile(path: FileManager.default.temporaryDirectory.path, environment: [:])
        for file in [keys.file, missing, folder, APIKeyFile(path: "/dev/null", environment: [:])] {
            let error = #expect(throws: ConfigurationError.self) { try file.read() }
            #expect(error?.description.contains("\(file.path):\n  cannot read the file: ") == true)
        }
    }

    @Test("the gate follows the file; one that is broken or gone changes nothing and is told once")
    func watch() async throws {
        let keys = try KeyFile("keys: [{id: a, hash: '\(hash("a"))'}]")
        let content = try keys.file.read()
        let gate = APIKeyGate(APIKeySet(content.keys), clock: .system())
        let lines = RecordingHandler.Lines()
        let watch = APIKeyFileWatch(
            keys.file, content: content, gate: gate, thread: ThreadPool(name: "des-test", count: 1),
            logger: Logger(label: "keys") { _ in RecordingHandler(lines: lines) })
        func logged() -> [String] {
            lines.kept.withLock { lines in
                defer { lines = [] }
                return lines
            }
        }
        await watch.look()
        #expect(admits(gate, "a") && logged().isEmpty)

        try keys.write("keys: [{id: b, hash: '\(hash("b"))'}]")
        await watch.look()
        #expect(!admits(gate, "a") && admits(gate, "b"))
        #expect(logged().count == 1)

        for broken in ["keys: [", "keys: [{id: c}]", ""] {
            try keys.write(broken)
            for _ in 0..<3 { await watch.look() }
            #expect(admits(gate, "b"))
            let lines = logged()
            #expect(lines.count == 1 && lines[0].hasPrefix("error: the API keys stay as they were"))
        }
        try keys.remove()
        for _ in 0..<3 { await watch.look() }
        #expect(admits(gate, "b") && logged().count == 1)

        try keys.write("keys: [{id: c, hash: '\(hash("c"))'}]")
        await watch.look()
        #expect(!admits(gate, "b") && admits(gate, "c"))
        #expect(logged() == ["notice: the API keys were read again"])
        await watch.look(isForced: true)
        #expect(logged() == ["notice: the API keys were read again"])
    }

    @Test("the file is looked at by itself, until the task ends")
    func polling() async throws {
        let keys = try KeyFile("keys: [{id: a, hash: '\(hash("a"))'}]")
        let content = try keys.file.read()
        let gate = APIKeyGate(APIKeySet(content.keys), clock: .system())
        let watch = APIKeyFileWatch(
            keys.file, content: content, gate: gate, interval: .milliseconds(5),
            thread: ThreadPool(name: "des-test", count: 1),
            logger: Logger(label: "keys") { _ in SwiftLogNoOpLogHandler() })
        await withTaskGroup { group in
            group.addTask { await watch.run() }
            try? keys.write("keys: [{id: b, hash: '\(hash("b"))'}]")
            await #expect(throws: Never.self) { try await waitUntil { admits(gate, "b") } }
            group.cancelAll()
        }
    }
}
