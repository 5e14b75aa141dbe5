import DESHTTPFront
import DESServer
import DESTestSupport
import Testing

private let probe = "GET \(TestPort.target) HTTP/1.1\r\nHost: a\r\n\r\n"

/// What both ports make of HTTP/1.1; the numbers are sections of RFC 9110 and 9112.
@Suite(.timeLimit(.minutes(5))) struct FrontTests {
    /// Requests that offer another protocol, which a server without one ignores (RFC 9110, section 7.8).
    private static let offers = [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
        "Connection: upgrade\r\nUpgrade: websocket\r\n", "connection: keep-alive , UPGRADE\r\nupgrade: TLS/1.0\r\n",
        "Upgrade: h2c\r\nConnection: Upgrade\r\n", "Upgrade: h2c\r\n", "Connection: Upgrade\r\n",
        "Connection: Upgrade\r\nUpgrade:\r\n", "Connection: upgraded\r\nUpgrade: x\r\n",
        "Connection: Upgrade\r\nUpgrade: a, b, c\r\nUpgrade: d\r\n",
        "Proxy-Connection: upgrade\r\nUpgrade: x\r\n", "Upgrade: x\r\nproxy-connection: keep-alive, Upgrade\r\n",
        "Connection: keep-alive\r\nProxy-Connection: upgrade\r\nUpgrade: x\r\n",
    ]

    private func get(_ method: String = "GET", with fields: String) -> String {
        "\(method) \(TestPort.target) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
    }

    @Test(arguments: TestPort.allCases, ["", "http://a", "HTTP://a:80", "https://a"])
    func `9112, 3.2.2: scheme and host before the path change nothing`(port: TestPort, before: String) async throws {
        try await port.run { server in
            let client = try server.client()
            try await client.send("GET \(before)\(TestPort.target)?a=b HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.answer().status == 200)
        }
    }

    @Test(arguments: TestPort.allCases, offers)
    func `7.8: an upgrade is ignored, and the connection goes on`(port: TestPort, fields: String) async throws {
        try await port.run { server in
            let client = try server.client()
            for method in ["GET", "HEAD"] {
                try await client.send(get(method, with: fields))
                let first = try await client.answer(toHead: method == "HEAD")
                #expect(first.status == 200)
                try await client.send(get(with: ""))
                let second = try await client.answer()
                #expect(second.status == 200)
            }
            // All at once, with a body before and between, and one byte at a time.
            let body = "Content-Length: 3\r\n"
            let all = get(with: fields) + get(with: fields + body) + "abc" + get(with: fields) + get(with: "")
            try await client.send(all)
            for byte in all.utf8 { try await client.send([byte]) }
            try await client.send(get(with: "Connection: close\r\n"))
            #expect(try await statuses(client) == Array(repeating: 200, count: 9))
        }
    }

    @Test(
        arguments: TestPort.allCases,
        [
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
            "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
        ])
    func `7.8: what follows an offer is never kept`(port: TestPort, request: String) async throws {
        try await port.run { server in
            let client = try server.client()
            try await client.send(request)
            let first = try await client.answer()
            #expect([404, 501].contains(first.status))
            // It is no HTTP/1.1: the first bytes of it are refused, and the others dropped.
            let junk = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
            for _ in 0..<16 where (try? await client.send(junk)) == nil { break }
            if first.status != 501 { #expect(try await client.answer().status == 400) }
            #expect(try await client.receiveAll().isEmpty)
        }
    }

    @Test(
        arguments: TestPort.allCases,
        ["Connection: upgrade\t", "Connection:\tx,\tupgrade", "Proxy-Connection: upgrade\t,x", "Connection: a\tb"])
    func `7.6.1: options that the parser reads otherwise are refused, and no body becomes a request`(
        port: TestPort, field: String
    ) async throws {
        try await port.run { server in
            let client = try server.client()
            let first = get(with: "Upgrade: h2c\r\n\(field)\r\n")
            try await client.send(first + get(with: "Content-Length: \(probe.utf8.count)\r\n"))
            try? await client.send(probe)
            #expect(try await statuses(client) == [400])
        }
    }

    @Test(arguments: TestPort.allCases, ["9223372036854775808", "18446744073709551615"])
    func `8.6: a length beyond all numbers is refused at once`(port: TestPort, length: String) async throws {
        try await port.run { server in
            let client = try server.client()
            try await client.send(get(with: "Content-Length: \(length)\r\n"))
            #expect(try await client.answer().status == 413)
        }
    }

    @Test(arguments: TestPort.allCases)
    func `15_6_2: there is no CONNECT`(port: TestPort) async throws {
        try await port.run { server in
            let client = try server.client()
            try await client.send("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n")
            #expect(try await statuses(client) == [501])
        }
    }

    @Test(
        arguments: TestPort.allCases,
        [
            // RFC 9112, section 3.2.
            ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a%zz\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", 400),
            ("GET http://a/ HTTP/1.1\r\n\r\n", 400),
            // Section 6.3: messages with two ends.
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc", 400),
            // Section 6.1: codings, and HTTP/1.0 that cannot have one.
            ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                400
            ),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\nabc", 501),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
            // Section 5.2: lines that are folded. Section 7.1: sizes of chunks.
            ("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400),
            // Section 2.2: a lone carriage return.
            ("GET / HTTP/1.1\rHost: a\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400),
        ] as [(String, Int)])
    func `A request that two readers could understand in two ways is refused, and its connection closed`(
        port: TestPort, request: (text: String, status: Int)
    ) async throws {
        try await port.run { server in
            let client = try server.client()
            try await client.send(request.text + get(with: ""))
            #expect(try await statuses(client) == [request.status], "\(request.text.debugDescription)")
        }
    }

    @Test(
        arguments: TestPort.allCases,
        [
            "Host: a", "Host:", "Host: a.example:8000", "Host: [::1]:80", "Host: [fe80::1]", "Host: 127.0.0.1",
            "host: A_b-c.~!", "Host: a%20b", "Host: a:",
        ])
    func `3_2: a host is one, whatever its kind`(port: TestPort, field: String) async throws {
        try await port.run { server in
            let client = try server.client()
            try await client.send("GET \(TestPort.target) HTTP/1.1\r\n\(field)\r\nConnection: close\r\n\r\n")
            #expect(try await statuses(client) == [200])
        }
    }

    @Test(arguments: TestPort.allCases)
    func `7_1: chunks with extensions and trailers are read, and their trailers count as fields`(
        port: TestPort
    ) async throws {
        let head = "POST \(TestPort.target) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        try await port.run { server in
            let client = try server.client()
            try await client.send(
                head + "3;a=b;c=\"d\"\r\nabc\r\n0;x\r\nT: 1\r\nHost: x\r\n\r\n" + get(with: "Connection: close\r\n"))
            #expect(try await statuses(client) == [405, 200])
            let many = try server.client()
            let trailer = (0..<200).map { "T\($0): x\r\n" }.joined()
            try await many.send(head + "0\r\n" + trailer + "\r\n")
            #expect(try await statuses(many).last == 431)
        }
    }

    @Test(arguments: TestPort.allCases)
    func `HTTP 1_0 is told that its connection stays open, as C_2_2 has it, and gets no chunks`(port: TestPort)
        async throws
    {
        try await port.run { server in
            let client = try server.client()
            for _ in 0..<2 {
                try await client.send("GET \(TestPort.target) HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                let answer = try await client.answer()
                #expect(answer.status == 200)
                #expect(answer["Connection"] == "keep-alive")
                #expect(answer["Transfer-Encoding"] == nil)
            }
            try await client.send("GET \(TestPort.target) HTTP/1.0\r\n\r\n")
            let last = try await client.answer()
            #expect(last["Connection"] == "close")
            #expect(try await client.receiveAll().isEmpty)
        }
    }

    @Test(
        arguments: TestPort.allCases,
        [
            ("GET /\(String(repeating: "x", count: 90_000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            ("GET /\(String(repeating: "x", count: 1_000_000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            ("GET /?\(String(repeating: "a:b", count: 40_000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            ("\(probe)GET /\(String(repeating: "x", count: 300_000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 90_000))\r\n\r\n", 431),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 1_000_000))\r\n\r\n", 431),
            ("GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X", count: 300_000)): x\r\n\r\n", 431),
            ("GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: x\r\n", count: 150))\r\n", 431),
            (
                "GET / HTTP/1.1\r\nHost: a\r\n\((0..<9).map { "X\($0): \(String(repeating: "x", count: 10_000))\r\n" }.joined())\r\n",
                431
            ),
            (
                "GET /\(String(repeating: "x", count: 50_000)) HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 50_000))\r\n\r\n",
                431
            ),
        ] as [(String, Int)])
    func `A line that is too long is 414 (RFC 9112, 3), and fields are 431 (RFC 6585, 5)`(
        port: TestPort, request: (text: String, status: Int)
    ) async throws {
        try await port.run { server in
            let client = try server.client()
            try await client.send(request.text)
            client.endSending()
            let statuses = try await statuses(client)
            #expect(statuses.last == request.status)
        }
    }

    @Test(arguments: TestPort.allCases)
    func `10_1_1: whoever waits for a go-ahead gets one whatever the method, also behind other requests`(
        port: TestPort
    ) async throws {
        try await port.run { server in
            for method in ["GET", "PUT", "DELETE", "PATCH", "POST"] {
                let client = try server.client()
                let head =
                    "\(method) \(TestPort.target) HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n"
                try await client.send(get(with: "") + head)
                var received: [UInt8] = []
                while !received.ends(with: "100 Continue\r\n\r\n") { received += try await client.receive() }
                #expect(try Answer(received, toHead: false, isClosed: false)?.status == 200)
                try await client.send("abc" + get(with: "Connection: close\r\n"))
                #expect(try await statuses(client) == [method == "GET" ? 200 : 405, 200])
            }
            // Without a body there is nothing to wait with, and HTTP/1.0 knows no go-ahead.
            for head in [
                "GET \(TestPort.target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n",
                "GET \(TestPort.target) HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
            ] {
                let client = try server.client()
                try await client.send(head)
                #expect(try await statuses(client) == [200])
            }
        }
    }

    @Test(arguments: TestPort.allCases)
    func `A body that nobody wants is dropped, and a giant one refused`(port: TestPort) async throws {
        try await port.run { server in
            let client = try server.client()
            try await client.send(get(with: "Content-Length: 17179869184\r\n"))
            #expect(try await statuses(client) == [413])
            let chunked = try server.client()
            try await chunked.send(get(with: "Transfer-Encoding: chunked\r\n"))
            let piece = Array("100000\r\n".utf8) + [UInt8](repeating: 65, count: 1 << 20) + Array("\r\n".utf8)
            for _ in 0..<24 where (try? await chunked.send(piece)) == nil { break }
            #expect(try await statuses(chunked) == [413])
        }
    }

    @Test func `A second request that never ends does not keep the connection`() async throws {
        var service = TestService()
        service.configuration.limits.bodyTimeout = .milliseconds(200)
        service.retriever.hold()
        service.retriever.add("a", [1])
        try await service.run { server in
            let client = try server.client()
            try await client.send(
                "GET /files/a?created_at=2024-01-02T03:04:05.678Z HTTP/1.1\r\nHost: a\r\n\r\n"
                    + get(with: "Content-Length: 9\r\n") + "x")
            try await waitUntil { service.metric("des_http_requests_in_flight") == 1 }
            service.retriever.release()
            #expect(try await statuses(client) == [200, 408])
        }
    }

    @Test(arguments: TestPort.allCases)
    func `Probes are answered however many clients are connected`(port: TestPort) async throws {
        var service = TestService()
        service.configuration.limits.maximumConnections = 20
        try await port.run(service) { server in
            var idle: [RawClient] = []
            for _ in 0..<20 {
                let client = try server.client()
                try await client.send(get(with: ""))
                _ = try await client.answer()
                idle.append(client)
            }
            // Some say nothing at all.
            for _ in 0..<300 { idle.append(try server.client()) }
            for target in ["/health/live", "/health/ready", "/metrics", "/health"] {
                let client = try server.client()
                try await client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                let answer = try await client.answer()
                #expect(answer.status == 200, "\(target)")
            }
            // Those that came first are still there.
            try await idle[0].send(get(with: ""))
            #expect(try await idle[0].answer().status == 200)
        }
    }

    /// The statuses of all answers until the server closes; bodies are looked past.
    private func statuses(_ client: RawClient) async throws -> [Int] {
        var rest = try await client.receiveAll()
        var statuses: [Int] = []
        while !rest.isEmpty {
            let answer = try #require(try Answer(rest, toHead: false, isClosed: true))
            statuses.append(answer.status)
            rest.removeFirst(answer.length)
        }
        return statuses
    }
}

extension [UInt8] {
    fileprivate func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
