import DESBase
import DESHTTPFront
import DESRetrieval
import DESServer
import DESTelemetry
import Foundation
import Synchronization
import Testing

/// What the document says is what the service does, and the other way round.
@Suite(.timeLimit(.minutes(5))) struct OpenAPITests {
    private static let query = "?created_at=2024-01-02T03:04:05.678Z"
    private static let batch = #"{"files":[{"uid":"a","created_at":"2024-01-02T03:04:05.678Z"}]}"#

    private struct Case {
        var path: String
        var target: String
        var status: Int
        var headers: [String] = []
        var methods = ["GET", "HEAD"]
        var body: String?
        var gate: GateDenial.Reason?
        var trouble: RetrievalError.Code?
        var phase = ReadinessPhase.ready
    }

    private static var cases: [Case] {
        let query = Self.query
        var cases: [Case] = []
        for (path, target) in [
            ("/files/{uid}", "/files/a"), ("/files/{uid}/meta", "/files/a/meta"), ("/meta/{uid}", "/meta/a"),
        ] {
            let unknown = target.replacingOccurrences(of: "/a", with: "/b")
            cases += [
                Case(path: path, target: target + query, status: 200),
                Case(path: path, target: target, status: 400),
                Case(path: path, target: target + query, status: 401, gate: .unauthorized),
                Case(path: path, target: target + query, status: 403, gate: .forbidden),
                Case(path: path, target: unknown + query, status: 404),
                Case(path: path, target: target + query, status: 429, gate: .tooManyRequests),
                Case(path: path, target: target + query, status: 500, trouble: .damaged),
                Case(path: path, target: target + query, status: 502, trouble: .refused),
                Case(path: path, target: target + query, status: 503, trouble: .unavailable),
            ]
        }
        let file = "/files/a" + query
        cases += [
            Case(path: "/files/{uid}", target: file, status: 206, headers: ["Range: bytes=1-"], methods: ["GET"]),
            Case(path: "/files/{uid}", target: file, status: 304, headers: ["If-None-Match: *"]),
            Case(path: "/files/{uid}", target: file, status: 412, headers: ["If-Match: \"x\""]),
            Case(path: "/files/{uid}", target: file, status: 416, headers: ["Range: bytes=9-"], methods: ["GET"]),
        ]
        func post(
            _ status: Int, body: String = batch, gate: GateDenial.Reason? = nil, trouble: RetrievalError.Code? = nil
        ) -> Case {
            Case(
                path: "/files/batch", target: "/files/batch", status: status, methods: ["POST"], body: body, gate: gate,
                trouble: trouble)
        }
        cases += [
            post(200), post(400, body: "x"), post(401, gate: .unauthorized), post(403, gate: .forbidden),
            post(413, body: String(repeating: "x", count: 2000)), post(422, body: "{}"),
            post(429, gate: .tooManyRequests), post(500, trouble: .damaged), post(502, trouble: .refused),
            post(503, trouble: .unavailable),
        ]
        for path in ["/metrics", "/openapi.json", "/health", "/health/live", "/health/ready"] {
            cases.append(Case(path: path, target: path, status: 200))
        }
        for path in ["/health", "/health/ready"] {
            cases.append(Case(path: path, target: path, status: 503, phase: .failed(reason: "a test")))
        }
        return cases
    }

    @Test func `Each answer that the document names can be had, and no other`() async throws {
        var service = TestService()
        let gate = FakeGate()
        service.gate = gate
        service.configuration.limits.maximumBodySize = 1000
        service.configuration.limits.bodyTimeout = .milliseconds(200)
        service.retriever.add("a", [1, 2, 3])
        try await service.run { server in
            let answer = try await server.request("/openapi.json")
            let document = try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
            #expect(document["openapi"] as? String == "3.1.0")
            #expect((document["info"] as? [String: Any])?["version"] as? String == Release.version)
            var described: Set<String> = []
            for (path, item) in try #require(document["paths"] as? [String: [String: Any]]) {
                for (method, operation) in item where method != "parameters" {
                    let operation = try #require(operation as? [String: Any])
                    for status in try #require(operation["responses"] as? [String: Any]).keys {
                        described.insert("\(method.uppercased()) \(path) \(status)")
                    }
                }
            }

            var seen: Set<String> = []
            for test in Self.cases {
                gate.decision.withLock {
                    $0 = test.gate.map { .deny(GateDenial($0, detail: "a test", retryAfterSeconds: 1)) }
                }
                service.retriever.state.withLock {
                    $0.storeTrouble = test.body == nil ? test.trouble : nil
                    $0.batchTrouble = test.trouble
                }
                service.health.enter(test.phase)
                for method in test.methods {
                    let answer = try await server.request(
                        test.target, method: method, headers: test.headers, body: test.body)
                    #expect(answer.status == test.status, "\(method) \(test.target) \(test.headers)")
                    seen.insert("\(method) \(test.path) \(answer.status)")
                }
            }
            let slow = try server.client()
            try await slow.send("POST /files/batch HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
            let late = try await slow.answer()
            seen.insert("POST /files/batch \(late.status)")
            // A service that hangs cannot be asked for here; DESTelemetry's tests hold that it says so.
            seen.formUnion(["GET /health/live 503", "HEAD /health/live 503"])
            // Only where the metrics are not open; `QuickAnswerTests` asks for them there.
            seen.formUnion(["GET /metrics 401", "HEAD /metrics 401"])
            #expect(described.subtracting(seen).isEmpty)
            #expect(seen.subtracting(described).isEmpty)
        }
    }

    @Test func `Each reference in the document leads somewhere`() async throws {
        let service = TestService()
        try await service.run { server in
            let answer = try await server.request("/openapi.json")
            let document = try JSONSerialization.jsonObject(with: Data(answer.body))
            var count = 0
            func walk(_ value: Any) {
                if let object = value as? [String: Any] {
                    if let reference = object["$ref"] as? String {
                        let end = reference.split(separator: "/").dropFirst().reduce(document as Any?) { place, key in
                            (place as? [String: Any])?[String(key)]
                        }
                        #expect(end != nil, "\(reference)")
                        count += 1
                    }
                    object.values.forEach(walk)
                } else if let list = value as? [Any] {
                    list.forEach(walk)
                }
            }
            walk(document)
            #expect(count > 50)
        }
    }
}
