import DESHTTPFront
import DESRetrieval
import DESServer
import DESTelemetry
import DESTestSupport
import Foundation
import Logging
import Synchronization
import Testing

private let query = "?created_at=2024-01-02T03:04:05.678Z"

@Suite(.timeLimit(.minutes(5))) struct ServiceTests {
    var service = TestService()

    init() { service.retriever.add("a", [1, 2, 3]) }

    @Test func `Readiness asks the store, but not for each probe`() async throws {
        try await service.run { server in
            for _ in 0..<5 {
                let answer = try await server.request("/health/ready")
                #expect(answer.status == 200)
            }
            #expect(service.retriever.state.withLock { $0.storeChecks } <= 3)
            service.retriever.state.withLock { $0.storeTrouble = .unavailable }
            try await waitUntil {
                let answer = try await server.request("/health/ready")
                return answer.status == 503
                    && answer.text == #"{"status":"store","reason":"the store cannot be read: unavailable"}"#
            }
            let live = try await server.request("/health/live")
            #expect(live.status == 200)
            service.retriever.state.withLock { $0.storeTrouble = nil }
            try await waitUntil { try await server.request("/health/ready").status == 200 }
        }
    }

    @Test func `A store that hangs makes a probe fail in time`() async throws {
        service.retriever.hold()
        try await service.run { server in
            let answer = try await server.request("/health/ready")
            #expect(answer.status == 503)
            #expect(answer.text.contains("does not answer in time"))
            #expect(answer["Retry-After"] != nil)
        }
    }

    @Test func `The gate is asked with the decoded uid, and before the time is looked at`() async throws {
        var service = service
        let gate = FakeGate()
        service.gate = gate
        service.retriever.add("private/x", [9])
        try await service.run { server in
            let answer = try await server.request("/files/x%2Fy", headers: ["x-api-key: k"])
            #expect(answer.status == 400)
            let asked = try #require(gate.asked.withLock { $0.last })
            #expect(asked.uid == "x/y")
            #expect(asked.path == "/files/x%2Fy")
            #expect(asked.header("X-API-KEY") == "k")
            gate.decision.withLock { $0 = .deny(GateDenial(.unauthorized, detail: "no")) }
            let denied = try await server.request("/files/x%2Fy")
            #expect(denied.status == 401)
            #expect(denied["WWW-Authenticate"] == "Bearer")
            #expect(service.retriever.state.withLock { $0.finds } == 0)
            gate.decision.withLock { $0 = nil }
            let batch = try await server.request(
                "/files/batch", method: "POST",
                body: """
                    {"files":[{"uid":"private/x","created_at":"2024-01-02T03:04:05.678Z"},\
                    {"uid":"a","created_at":"2024-01-02T03:04:05.678Z"}]}
                    """)
            #expect(
                batch.text.contains(
                    "DES-Index: 0\r\nDES-Uid: private%2Fx\r\nDES-Created-At: 2024-01-02T03:04:05.678Z\r\nDES-Status: 403"
                ))
            #expect(batch.text.contains("DES-Status: 200"))
        }
    }

    @Test func `Other origins see nothing unless they are named`() async throws {
        try await service.run { server in
            let answer = try await server.request("/files/a\(query)", headers: ["Origin: https://a.example"])
            #expect(!answer.headers.contains { $0.name.hasPrefix("Access-Control") })
        }
        var open = TestService()
        open.configuration.cors = CORSPolicy(origins: ["https://a.example"])
        open.retriever.add("a", [1])
        try await open.run { server in
            let named = try await server.request("/files/a\(query)", headers: ["Origin: https://a.example"])
            #expect(named["Access-Control-Allow-Origin"] == "https://a.example")
            #expect(named["Vary"] == "Origin")
            let other = try await server.request("/files/a\(query)", headers: ["Origin: https://b.example"])
            #expect(other["Access-Control-Allow-Origin"] == nil)
            let preflight = try await server.request(
                "/files/a", method: "OPTIONS",
                headers: ["Origin: https://a.example", "Access-Control-Request-Method: GET"])
            #expect(preflight.status == 204)
            #expect(preflight["Access-Control-Allow-Methods"]?.contains("GET") == true)
        }
    }

    @Test func `The access log has a line for each request, and no secrets`() async throws {
        var service = service
        service.hasAccessLog = true
        service.gate = FakeGate()
        try await service.run { server in
            let answer = try await server.request(
                "/files/a\(query)&key=secret", headers: ["X-API-Key: k1", "Authorization: secret", "X-Request-Id: r.1"])
            #expect(answer["X-Request-Id"] == "r.1")
            let evil = try await server.request("/files/%0a%0d\u{7F}evil?secret", headers: ["X-Request-Id: a b"])
            #expect(evil["X-Request-Id"] != "a b")
        }
        let lines = service.accessLines.lines
        #expect(lines.count == 2)
        let line = try #require(lines.first)
        let first = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(first["method"] as? String == "GET")
        #expect(first["path"] as? String == "/files/a")
        #expect(first["status"] as? Int == 200)
        #expect(first["bytes"] as? Int == 3)
        #expect(first["key"] as? String == "k1")
        #expect(first["request_id"] as? String == "r.1")
        #expect((first["remote"] as? String)?.hasPrefix("127.0.0.1:") == true)
        #expect(first["ms"] is Double)
        #expect(lines.allSatisfy { !$0.contains("secret") })
    }

    @Test func `The metrics of the retriever are shown`() async throws {
        let metrics = try RetrievalMetrics(
            registry: service.registry, backend: "s3",
            logger: makeLogger(label: "t", level: .debug, format: .text, sink: service.log))
        metrics.storeRead(.tail, bytes: 70, succeeded: true)
        metrics.storeRead(.payload, bytes: 0, succeeded: false)
        metrics.indexLookup(.memory, isHit: true)
        metrics.cacheSize(bytes: 1000, entries: 2)
        for _ in 0..<3 { metrics.damaged("shard x") }
        try await service.run { server in
            let text = try await server.request("/metrics").text
            for line in [
                #"des_s3_range_calls_total{backend="s3",type="tail"} 1"#,
                #"des_s3_range_calls_total{backend="s3",type="payload"} 1"#,
                #"des_s3_range_calls_total{backend="s3",type="list"} 0"#,
                #"des_index_cache_lookups_total{level="memory",result="hit"} 1"#, "des_index_cache_bytes 1000",
                "des_index_cache_entries 2", "des_damaged_total 3", "des_http_requests_in_flight 0",
            ] {
                #expect(text.contains("\n\(line)\n"), "\(line)")
            }
            #expect(service.registry.conflicts.isEmpty)
        }
        #expect(service.log.lines.count { $0.contains("shard x") } == 1)
    }

    @Test func `With a certificate it speaks TLS`() async throws {
        let folder = try TemporaryFolder()
        let (certificate, key) = (folder("cert.pem"), folder("key.pem"))
        _ = try run(
            "/usr/bin/openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
            "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        var service = service
        service.configuration.tls = .init(certificatePath: certificate, keyPath: key)
        service.retriever.add("big", [UInt8](repeating: 65, count: 3_000_000), isBig: true)
        try await service.run { server in
            for (uid, size) in [("a", 3), ("big", 3_000_000)] {
                let output = try run(
                    "/usr/bin/curl", "-sS", "--cacert", certificate,
                    "https://127.0.0.1:\(server.port)/files/\(uid)\(query)")
                #expect(output.count == size)
            }
        }
    }

    @Test func `A certificate that is not there is an error that says so`() async throws {
        var service = service
        service.configuration.tls = .init(certificatePath: "/nowhere/cert.pem", keyPath: "/nowhere/key.pem")
        await #expect { try await service.run { _ in } } throws: { "\($0)".contains("/nowhere/cert.pem") }
    }

    private func run(_ program: String, _ arguments: String...) throws -> Data {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return data
    }
}
