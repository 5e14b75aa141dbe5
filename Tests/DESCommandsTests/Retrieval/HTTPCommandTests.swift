import Foundation
import FoundationNetworking
import Glibc
import Testing

@Suite(.timeLimit(.minutes(5))) struct HTTPCommandTests {
    private static let day = "2026-01-05T10:00:00Z"
    private static let names = (0..<40).map { "doc-\($0)" }

    private let place: Workspace

    init() throws { place = try Workspace() }

    /// Packs files and serves them.
    private func serve(_ environment: [String: String] = [:]) async throws -> (run: CommandRun, port: Int) {
        if !place.exists("shards") { try await pack() }
        let base = ["DES_BASE_DIR": "shards", "DES_HOST": "127.0.0.1", "DES_PORT": "0", "DES_LOG_FORMAT": "json"]
        let run = try place.start("des-http", environment: base.merging(environment) { $1 })
        try await run.wait(for: "serving files", in: run.errors)
        let line = try #require(run.errors.text.split(separator: "\n").first { $0.contains("serving files") })
        let fields = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        return (run, try #require((fields["port"] as? String).flatMap { Int($0) } ?? fields["port"] as? Int))
    }

    private func pack() async throws {
        var entries: [[String: Any]] = []
        for name in Self.names {
            try place.write("contents of \(name)", to: name)
            let size = try place.bytes(name).count
            let path = "\(place.path)/\(name)"
            entries.append(["uid": name, "created_at": Self.day, "size_bytes": size, "source_path": path])
        }
        try place.write(JSONSerialization.data(withJSONObject: entries), to: "manifest.json")
        let packed = try await place.run("des-pack", "--input-json", "manifest.json", "--output-dir", "shards")
        try #require(packed.end == .exit(0), "\(packed.errors)")
    }

    private func get(
        _ path: String, _ port: Int, key: String? = nil
    ) async throws -> (status: Int, body: String, headers: HTTPURLResponse) {
        var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
        request.cachePolicy = .reloadIgnoringLocalCacheData
        if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
        let (data, response) = try await URLSession.shared.data(for: request)
        let http = try #require(response as? HTTPURLResponse)
        return (http.statusCode, String(decoding: data, as: UTF8.self), http)
    }

    private static func file(_ name: String) -> String { "/files/\(name)?created_at=\(day)" }

    static let signals: [(signal: Int32, code: Int32)] = [(SIGTERM, 143), (SIGINT, 130)]

    @Test(
        "packed files are served, and a signal ends the service in good order",
        arguments: signals)
    func serving(_ signal: Int32, _ code: Int32) async throws {
        let (run, port) = try await serve()
        for name in Self.names {
            let answer = try await get(Self.file(name), port)
            #expect(answer.status == 200 && answer.body == "contents of \(name)")
        }
        #expect(try await get(Self.file("other"), port).status == 404)
        #expect(try await get("/health/ready", port).status == 200)
        let metrics = try await get("/metrics", port).body
        #expect(metrics.contains("des_retrievals_total{backend=\"local\",status=\"200\"} \(Self.names.count)\n"))
        run.send(signal)
        let result = await run.finish()
        #expect(result.end == .exit(code))
        #expect(result.output.isEmpty)
        #expect(result.errors.contains("\"path\":\"/files/other\"") || result.errors.contains("/files/other"))
    }

    @Test("in the place of its folder an empty one answers for no file, and the folder goes on when it is back")
    func replacedFolder() async throws {
        let (run, port) = try await serve()
        #expect(try await get(Self.file("doc-0"), port).status == 200)
        let (folder, away) = ("\(place.path)/shards", "\(place.path)/away")
        try #require(rename(folder, away) == 0 && mkdir(folder, 0o755) == 0)
        for path in [Self.file("other"), "/meta/other?created_at=\(Self.day)", "/health/ready"] {
            #expect(try await get(path, port).status == 503, "\(path)")
        }
        let metrics = try await get("/metrics", port).body
        #expect(metrics.contains("des_store_read_failures_total{backend=\"local\",type=\"list\"} 2\n"))
        #expect(metrics.contains("des_retrievals_total{backend=\"local\",status=\"404\"} 0\n"))
        try #require(rmdir(folder) == 0 && rename(away, folder) == 0)
        for name in Self.names { #expect(try await get(Self.file(name), port).status == 200) }
        #expect(try await get(Self.file("other"), port).status == 404)
        run.send(SIGTERM)
        #expect(await run.finish().errors.contains("is its disk still mounted?"))
    }

    @Test("over a folder that is no store nothing is unknown, until shards are there")
    func noStoreYet() async throws {
        try #require(mkdir("\(place.path)/empty", 0o755) == 0)
        let (run, port) = try await serve(["DES_BASE_DIR": "empty"])
        for _ in 0..<2 { #expect(try await get(Self.file("doc-0"), port).status == 503) }
        for shard in place.names("shards") where shard.hasSuffix(".des") {
            try place.write(place.bytes("shards/\(shard)"), to: "empty/\(shard)")
        }
        #expect(try await get(Self.file("doc-0"), port).status == 200)
        #expect(try await get(Self.file("other"), port).status == 404)
        run.send(SIGTERM)
        _ = await run.finish()
    }

    @Test("with a file of keys only they let in, and new keys count after SIGHUP")
    func keys() async throws {
        func newKey(_ id: String) async throws -> (text: String, entry: String) {
            let made = try await place.run("des-http", "--generate-key", "--key-id", id)
            #expect(made.end == .exit(0))
            let lines = made.output.split(separator: "\n")
            let text = try #require(lines.first { $0.hasPrefix("des_") })
            return (String(text), lines.drop { !$0.contains("- id:") }.joined(separator: "\n"))
        }
        func write(_ entries: String...) throws {
            try place.write("keys:\n" + entries.joined(separator: "\n") + "\n", to: "keys.yaml")
        }
        let (first, second) = (try await newKey("first"), try await newKey("second"))
        try write(first.entry)
        let (run, port) = try await serve(["DES_API_KEYS_FILE": "keys.yaml"])
        let path = Self.file("doc-1")
        let anonymous = try await get(path, port)
        #expect(anonymous.status == 401)
        #expect(anonymous.headers.value(forHTTPHeaderField: "WWW-Authenticate") == "Bearer")
        #expect(try await get(path, port, key: first.text).status == 200)
        #expect(try await get(path, port, key: second.text).status == 401)
        #expect(try await get("/health/live", port).status == 200)

        try write("  - {id: broken}")
        run.send(SIGHUP)
        try await run.wait(for: "the API keys stay as they were", in: run.errors)
        #expect(try await get(path, port, key: first.text).status == 200)
        try write(second.entry + "\n    prefixes: [doc-1]")
        run.send(SIGHUP)
        try await run.wait(for: "the API keys were read again", in: run.errors)
        #expect(try await get(path, port, key: first.text).status == 401)
        #expect(try await get(path, port, key: second.text).status == 200)
        #expect(try await get(Self.file("doc-2"), port, key: second.text).status == 403)
        run.send(SIGTERM)
        let result = await run.finish()
        #expect(result.end == .exit(143))
        for secret in [first.text, second.text] { #expect(!result.everything.contains(secret)) }
    }

    @Test("what is wrong with the environment is told at once, with exit code 78")
    func configuration() async throws {
        for arguments in [["--check-config"], []] {
            let result = try await CommandRun(
                "des-http", arguments, environment: ["DES_BACKEND": "s3", "DES_PORT": "http", "DES_N_BITS": "99"],
                in: place.path
            ).finish()
            #expect(result.end == .exit(78))
            for variable in ["DES_S3_BUCKET: missing", "DES_PORT: expected", "DES_N_BITS: expected"] {
                #expect(result.errors.contains(variable))
            }
        }
    }

    @Test("a checked configuration starts nothing; a variable that looks misspelt is warned of")
    func check() async throws {
        let environment = ["DES_BASE_DIR": ".", "DES_CACHE_BTES": "1"]
        let result = try await place.run("des-http", "--check-config", environment: environment)
        #expect(result.end == .exit(0))
        #expect(result.output == "the configuration is valid\n")
        #expect(result.errors.contains("did you mean DES_CACHE_BYTES?"))
    }

    @Test("an address that is taken is fatal")
    func takenPort() async throws {
        let (run, port) = try await serve()
        let environment = ["DES_BASE_DIR": "shards", "DES_HOST": "127.0.0.1", "DES_PORT": "\(port)"]
        let second = try await place.run("des-http", environment: environment)
        #expect(second.end == .exit(1))
        #expect(second.errors.contains("cannot serve files on 127.0.0.1 port \(port)"))
        run.send(SIGTERM)
        #expect(await run.finish().end == .exit(143))
    }

    static let usage: [[String]] = [
        ["--key-id", "a"], ["--generate-key", "--key-id", "a b"], ["--generate-key", "--check-config"],
        ["--port", "1"],
    ]

    @Test("options that do not fit are exit code 64", arguments: usage)
    func badUsage(_ arguments: [String]) async throws {
        #expect(try await CommandRun("des-http", arguments, in: place.path).finish().end == .exit(64))
    }
}
