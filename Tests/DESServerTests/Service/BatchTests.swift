import DESHTTPFront
import DESRetrieval
import DESServer
import DESTestSupport
import Foundation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct BatchTests {
    let service = TestService()
    let createdAt = "2024-01-02T03:04:05.678Z"

    private struct Part {
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        var status: Int? { headers["DES-Status"].flatMap { Int($0) } }
        var index: Int? { headers["DES-Index"].flatMap { Int($0) } }
    }

    private func body(_ uids: [String]) throws -> String {
        let files = uids.map { ["uid": $0, "created_at": createdAt] }
        return String(decoding: try JSONSerialization.data(withJSONObject: ["files": files]), as: UTF8.self)
    }

    /// Takes a multipart body apart by its lengths.
    private func parts(_ answer: Answer) throws -> [Part] {
        let type = try #require(answer["Content-Type"])
        #expect(type.hasPrefix("multipart/mixed; boundary="))
        let delimiter = Array("--\(type.dropFirst("multipart/mixed; boundary=".count))".utf8)
        var parts: [Part] = []
        var rest = answer.body[...]
        while true {
            try #require(rest.starts(with: delimiter))
            rest = rest.dropFirst(delimiter.count)
            if rest.elementsEqual("--\r\n".utf8) { return parts }
            let length = try #require(Answer.headLength(Array(rest)))
            var part = Part()
            for line in String(decoding: rest.prefix(length), as: UTF8.self).split(separator: "\r\n") {
                let pair = line.split(separator: ": ", maxSplits: 1)
                part.headers[String(pair[0])] = String(pair[1])
            }
            rest = rest.dropFirst(length)
            let count = try #require(part.headers["Content-Length"].flatMap { Int($0) })
            part.body = Array(rest.prefix(count))
            rest = rest.dropFirst(count)
            try #require(rest.starts(with: "\r\n".utf8))
            rest = rest.dropFirst(2)
            parts.append(part)
        }
    }

    @Test func `A batch has a part for each file, whatever became of it`() async throws {
        let big = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 >> 5) }
        service.retriever.add("a/ä b", [1, 2, 3], moreMeta: #","content_type":"image/png""#)
        service.retriever.add("big", big, isBig: true)
        service.retriever.add("broken", [1], trouble: .fails(.damaged))
        service.retriever.add("away", [1], isBig: true, trouble: .fails(.unavailable))
        service.retriever.add("empty", [], isBig: true)
        try await service.run { server in
            let uids = ["a/ä b", "nothing", "big", "broken", "away", "empty", "a/ä b"]
            let answer = try await server.request("/files/batch", method: "POST", body: try body(uids))
            #expect(answer.status == 200)
            let parts = try parts(answer).sorted { ($0.index ?? 0) < ($1.index ?? 0) }
            #expect(parts.map(\.index) == Array(0..<7))
            #expect(parts.map(\.status) == [200, 404, 200, 500, 503, 200, 200])
            #expect(parts.map { $0.headers["DES-Uid"]?.removingPercentEncoding } == uids)
            #expect(parts.allSatisfy { $0.headers["DES-Created-At"] == createdAt })
            #expect(parts[0].body == [1, 2, 3])
            #expect(parts[0].headers["Content-Type"] == "image/png")
            #expect(parts[0].headers["ETag"] != nil)
            #expect(parts[2].body == big)
            #expect(parts[5].body.isEmpty)
            #expect(parts[6].body == [1, 2, 3])
            for (status, count) in [(200, 4.0), (404, 1), (500, 1), (503, 1)] {
                #expect(service.metric(#"des_retrievals_total{backend="local",status="\#(status)"}"#) == count)
            }
            #expect(service.metric(#"des_http_requests_total{route="batch",status="200"}"#) == 1)
        }
    }

    @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 3_000_000])
    func `A file that lies in its shard comes whole, whatever its size`(size: Int) async throws {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 >> 5) }
        service.retriever.add("a", bytes)
        try await service.run { server in
            let answer = try await server.request("/files/batch", method: "POST", body: try body(["a", "b", "a"]))
            let parts = try parts(answer).sorted { ($0.index ?? 0) < ($1.index ?? 0) }
            #expect(parts.map(\.status) == [200, 404, 200])
            #expect(parts[0].body == bytes)
            #expect(parts[2].body == bytes)
        }
    }

    @Test func `Who may not ask for a batch is told so before the body, and no memory is kept for it`() async throws {
        var service = service
        let gate = FakeGate()
        service.gate = gate
        service.hasAccessLog = true
        service.configuration.cors = CORSPolicy(origins: ["https://a.example"])
        service.configuration.limits.maximumBodyMemory = 1000
        try await service.run { server in
            let head = "POST /files/batch HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\nX-Request-Id: r-1\r\n"
            for (reason, status) in [(GateDenial.Reason.unauthorized, 401), (.forbidden, 403), (.tooManyRequests, 429)]
            {
                gate.decision.withLock {
                    $0 = .deny(GateDenial(reason, detail: "no", retryAfterSeconds: 7, keyID: "k"))
                }
                for body in ["Content-Length: 900\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n384\r\n"] {
                    let client = try server.client()
                    // Most of the body: with it there would be no memory for another one.
                    try await client.send(head + body + String(repeating: " ", count: 899))
                    let answer = try await client.answer()
                    #expect(answer.status == status)
                    #expect(answer["Access-Control-Allow-Origin"] == "https://a.example")
                    #expect(answer["X-Request-Id"] == "r-1")
                    #expect(answer["Retry-After"] == "7")
                    #expect(answer["Connection"] == "close")
                }
            }
            let asked = gate.asked.withLock { $0.count }
            #expect(asked == 6)
            gate.decision.withLock { $0 = nil }
            let answer = try await server.request(
                "/files/batch", method: "POST", headers: ["X-API-Key: k"], body: try body(["a"]))
            #expect(answer.status == 200)
            #expect(gate.asked.withLock { $0.count } == asked + 1)
        }
        let refused = service.accessLines.lines.filter { $0.contains(#""status":401"#) && $0.contains(#""k""#) }
        #expect(refused.count == 2)
    }

    @Test func `Ten thousand files are a batch, one more unpacked by tar, with names that stay inside, and a report`()
        async throws
    {
        let long = String(repeating: "d/", count: 80) + "long"
        let uids = [
            "plain", "dir/file", "../../etc/x", "/abs", "ä/日本.txt", long, "a%b", "plain", "nothing", "_des_report.json",
            "folder", "folder/x", "twice/x", "twice", String(repeating: "u", count: 300),
        ]
        for (number, uid) in uids.enumerated() where uid != "nothing" && number != 7 {
            service.retriever.add(uid, Array("content of \(uid)".utf8))
        }
        service.retriever.add("big", [UInt8](repeating: 9, count: 2_000_001), isBig: true)
        let folder = try TemporaryFolder()
        try await service.run { server in
            let answer = try await server.request(
                "/files/batch", method: "POST", headers: ["Accept: application/x-tar"], body: try body(uids + ["big"]))
            #expect(answer.status == 200)
            #expect(answer["Content-Type"] == "application/x-tar")
            let archive = folder.url.appending(path: "batch.tar")
            try Data(answer.body).write(to: archive)
            let tar = Process()
            tar.executableURL = URL(filePath: "/bin/tar")
            tar.arguments = ["-xf", archive.path, "-C", folder.path]
            try tar.run()
            tar.waitUntilExit()
            #expect(tar.terminationStatus == 0)
            func content(_ name: String) throws -> String { try folder.text(of: name) }
            for (name, uid) in [
                ("plain@7", "plain"), ("plain", "plain"), ("dir/file", "dir/file"),
                ("%2E%2E/%2E%2E/etc/x", "../../etc/x"),
                ("%2Fabs", "/abs"), ("ä/日本.txt", "ä/日本.txt"), (long, long), ("a%25b", "a%b"),
                ("_des_report.json@9", "_des_report.json"),
            ] where name != "plain@7" && name != "plain" {
                #expect(try content(name) == "content of \(uid)", "\(name)")
            }
            // The fake answers from the back: the second of the two comes first and has the plain name.
            #expect(try content("plain") == "content of plain")
            #expect(try content("plain@0") == "content of plain")
            #expect(try folder.bytes(of: "big") == [UInt8](repeating: 9, count: 2_000_001))
            let text = try content("_des_report.json")
            let report = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            #expect(report["sent"] as? Int == 15)
            let missing = try #require((report["not_sent"] as? [[String: Any]])?.first)
            #expect(missing["uid"] as? String == "nothing")
            #expect(missing["status"] as? Int == 404)
            #expect(missing["index"] as? Int == 8)
            let renamed = try #require(report["renamed"] as? [[String: Any]])
            #expect(renamed.count == 8)
            for member in renamed {
                let (uid, name) = (try #require(member["uid"] as? String), try #require(member["name"] as? String))
                #expect(try content(name) == "content of \(uid)", "\(name)")
            }
        }
    }

    @Test(arguments: [false, true])
    func `A batch whose store fails in the middle of a file is cut`(asTar: Bool) async throws {
        service.retriever.add("big", [UInt8](repeating: 1, count: 3 << 20), isBig: true, trouble: .failsAfterPieces(2))
        service.retriever.add("a", [1])
        try await service.run { server in
            let client = try server.client()
            let body = try body(["a", "big"])
            try await client.send(
                "POST /files/batch HTTP/1.1\r\nHost: a\r\n\(asTar ? "Accept: application/x-tar\r\n" : "")"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            let all = try await client.receiveAll()
            let whole = try Answer(all, toHead: false, isClosed: true)
            #expect(whole == nil)
            try await waitUntil {
                service.metric(#"des_http_requests_total{route="batch",status="aborted"}"#) == 1
            }
            #expect(service.metric(#"des_retrievals_total{backend="local",status="aborted"}"#) == 2)
        }
    }

    @Test(
        arguments: [
            ("", 400), ("{", 400), ("[]", 422), ("{}", 422), (#"{"files":{}}"#, 422), (#"{"files":[1]}"#, 422),
            (#"{"files":[{"uid":"a"}]}"#, 422), (#"{"files":[{"uid":1,"created_at":"2024-01-01"}]}"#, 422),
            (#"{"files":[{"uid":"a","created_at":"soon"}]}"#, 422),
            (#"{"files":[{"uid":null,"created_at":"x"}]}"#, 422),
            (#"{"files":[]}"#, 200), (#"{"files":[],"more":1}"#, 200),
        ])
    func `A body that is no batch is a mistake of the client`(body: String, status: Int) async throws {
        try await service.run { server in
            let answer = try await server.request("/files/batch", method: "POST", body: body)
            #expect(answer.status == status)
            if status != 200 { #expect(answer.text.hasPrefix(#"{"detail":""#)) }
        }
    }

    @Test func `Ten thousand files are a batch, one more is too many`() async throws {
        service.retriever.add("a", [1])
        try await service.run { server in
            let most = try await server.request(
                "/files/batch", method: "POST", body: try body(Array(repeating: "a", count: 10_000)))
            let count = try parts(most).count
            #expect(count == 10_000)
            let more = try await server.request(
                "/files/batch", method: "POST", body: try body(Array(repeating: "a", count: 10_001)))
            #expect(more.status == 413)
        }
    }
}
