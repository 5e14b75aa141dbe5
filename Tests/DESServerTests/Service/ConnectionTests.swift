import DESHTTPFront
import DESRetrieval
import DESServer
import DESTelemetry
import DESTestSupport
import NIOHTTP1
import ServiceLifecycle
import Synchronization
import Testing

private let target = "/files/a?created_at=2024-01-02T03:04:05.678Z"
private let get = "GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n"

@Suite(.timeLimit(.minutes(5))) struct ConnectionTests {
    var service = TestService()

    init() { service.retriever.add("a", [1, 2, 3]) }

    @Test func `A connection brings many requests, also many at once`() async throws {
        try await service.run { server in
            let client = try server.client()
            for _ in 0..<3 {
                try await client.send(get)
                let answer = try await client.answer()
                #expect(answer.body == [1, 2, 3])
                #expect(answer["Connection"] == nil)
            }
            let head = get.replacing("GET", with: "HEAD")
            try await client.send(
                String(repeating: get, count: 50) + head + get.replacing("Host", with: "Connection: close\r\nHost"))
            var all = try await client.receiveAll()
            for number in 0..<52 {
                let answer = try #require(try Answer(all, toHead: number == 50, isClosed: true))
                #expect(answer.status == 200)
                all.removeFirst(answer.length)
            }
            #expect(all.isEmpty)
        }
    }

    @Test(arguments: ["HTTP/1.0\r\n\r\n", "HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n"])
    func `A client that wants one answer gets it and the end`(rest: String) async throws {
        try await service.run { server in
            let client = try server.client()
            try await client.send("GET \(target) \(rest)")
            let all = try await client.receiveAll()
            #expect(all.suffix(3) == [1, 2, 3])
        }
    }

    @Test func `A client of HTTP 1.0 gets a batch without chunks`() async throws {
        try await service.run { server in
            let client = try server.client()
            let body = #"{"files":[{"uid":"a","created_at":"2024-01-02T03:04:05.678Z"}]}"#
            try await client.send(
                "POST /files/batch HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
            let answer = try await client.answer()
            #expect(answer["Transfer-Encoding"] == nil)
            #expect(answer["Connection"] == "close")
            #expect(answer.text.hasSuffix("--\r\n"))
        }
    }

    @Test func `A client that has ended its side still gets its answer`() async throws {
        service.retriever.add("big", [UInt8](repeating: 5, count: 4 << 20), isBig: true)
        try await service.run { server in
            let client = try server.client()
            try await client.send(get.replacing("/a?", with: "/big?"))
            client.endSending()
            let answer = try await client.answer()
            #expect(answer.body.count == 4 << 20)
        }
    }

    @Test(
        arguments: [
            "nonsense\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /x y HTTP/1.1\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
            "POST /files/batch HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ])
    func `What is not HTTP is refused and the connection closed`(text: String) async throws {
        try await service.run { server in
            let client = try server.client()
            try await client.send(text)
            client.endSending()
            let all = try await client.receiveAll()
            #expect(String(decoding: all, as: UTF8.self).hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            let other = try await server.request(target)
            #expect(other.status == 200)
        }
    }

    @Test func `A body that is too large is refused before it is sent`() async throws {
        var service = service
        service.configuration.limits.maximumBodySize = 1000
        try await service.run { server in
            let client = try server.client()
            try await client.send(
                "POST /files/batch HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n")
            let answer = try await client.answer()
            #expect(answer.status == 413)
            let rest = try await client.receiveAll()
            #expect(rest.isEmpty)
            let chunked = try server.client()
            try await chunked.send("POST /files/batch HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            try await chunked.send("3e9\r\n\(String(repeating: "x", count: 1001))\r\n")
            let second = try await chunked.answer()
            #expect(second.status == 413)
        }
    }

    @Test func `A client that waits for a go-ahead gets one`() async throws {
        try await service.run { server in
            let client = try server.client()
            try await client.send(
                "POST /files/batch HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\n")
            let goAhead = try await client.receive()
            #expect(String(decoding: goAhead, as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
            try await client.send(#"{"files":[]}"#)
            let answer = try await client.answer()
            #expect(answer.status == 200)
        }
    }

    @Test(
        arguments: [
            "", "GET /files/a?created_at=2024", get + "GET /files/a?cre",
            "POST /files/batch HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{",
        ])
    func `A connection that sends nothing, or not all, does not stay`(text: String) async throws {
        var service = service
        // Only the one that is to be met is short: the client may be slow to begin.
        switch text.prefix(20) {
        case let start where start.hasPrefix("POST"): service.configuration.limits.bodyTimeout = .milliseconds(200)
        case let start where start.isEmpty || !text.contains("\r\n"):
            service.configuration.limits.headerTimeout = .milliseconds(200)
        default: service.configuration.limits.idleTimeout = .milliseconds(200)
        }
        try await service.run { server in
            let client = try server.client()
            if !text.isEmpty { try await client.send(text) }
            let all = try await client.receiveAll()
            if text.hasPrefix("POST") {
                #expect(String(decoding: all, as: UTF8.self).hasPrefix("HTTP/1.1 408 "))
            } else if text.hasPrefix("GET /files/a?created_at=2024-01") {
                #expect(all.suffix(3) == [1, 2, 3])
            } else {
                #expect(all.isEmpty)
            }
            try await waitUntil { service.metric("des_http_connections") == 0 }
        }
    }

    @Test func `A client that does not read holds no memory, and not for ever`() async throws {
        var service = service
        service.configuration.limits.stallTimeout = .milliseconds(300)
        let size = 64 << 20
        service.retriever.add("big", [UInt8](repeating: 5, count: size), isBig: true)
        try await service.run { server in
            let client = try server.client(receiveBuffer: 4096)
            try await client.send(get.replacing("/a?", with: "/big?"))
            try await waitUntil {
                service.metric(#"des_retrievals_total{backend="local",status="aborted"}"#) == 1
            }
            try await waitUntil { service.metric("des_http_connections") == 0 }
            let all = try await client.receiveAll()
            #expect(all.count < size / 2)
        }
    }

    @Test(arguments: [target, "/files/batch"])
    func `Nothing is done any more for a client that has gone`(target: String) async throws {
        service.retriever.hold()
        try await service.run { server in
            let body = #"{"files":[{"uid":"a","created_at":"2024-01-02T03:04:05.678Z"}]}"#
            let request =
                target == "/files/batch"
                ? "POST \(target) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)" : get
            do {
                let client = try server.client()
                try await client.send(request)
                try await waitUntil { service.retriever.state.withLock { $0.held.count } == 1 }
                client.resetWhenClosed()
            }
            try await waitUntil { service.retriever.state.withLock { $0.cancelled } == 1 }
            service.retriever.release()
            try await waitUntil { service.metric("des_http_requests_in_flight") == 0 }
        }
    }

    @Test(arguments: [false, true], [false, true])
    func `A client that is too slow goes when others wait for memory`(isCrowded: Bool, isBig: Bool) async throws {
        var service = service
        service.configuration.slowClients.grace = .zero
        service.configuration.slowClients.bytesPerSecond = 1 << 40
        let size = 8 << 20
        service.retriever.add("big", [UInt8](repeating: 5, count: size), isBig: isBig)
        service.retriever.state.withLock { $0.isCrowded = isCrowded }
        try await service.run { server in
            let client = try server.client(receiveBuffer: 4096)
            try await client.send(
                get.replacing("/a?", with: "/big?").replacing("Host", with: "Connection: close\r\nHost"))
            let count = try await client.receiveAll().count
            #expect(isCrowded ? count < size : count > size)
        }
    }

    @Test func `A client that reads slowly gets all of it`() async throws {
        var service = service
        service.configuration.limits.stallTimeout = .seconds(10)
        service.configuration.limits.idleTimeout = .milliseconds(100)
        service.retriever.add("big", [UInt8](repeating: 5, count: 3 << 20), isBig: true)
        try await service.run { server in
            let client = try server.client(receiveBuffer: 16_384)
            try await client.send(get.replacing("/a?", with: "/big?"))
            var count = 0
            while count < 3 << 20 {
                let bytes = try await client.receive(atMost: 100_000)
                guard !bytes.isEmpty else { break }
                count += bytes.count
                // Nothing is waited for: this slowness is what is tested.
                try await Task.sleep(for: .milliseconds(1))
            }
            #expect(count >= 3 << 20)
        }
    }

    @Test func `Too many requests at once are told to come again, probes are not`() async throws {
        var service = service
        service.configuration.maximumRequests = 2
        service.retriever.hold()
        try await service.run { server in
            let waiting = [try server.client(), try server.client()]
            for client in waiting { try await client.send(get) }
            try await waitUntil { service.metric("des_http_requests_in_flight") == 2 }
            let refused = try await server.request(target)
            #expect(refused.status == 503)
            #expect(refused["Retry-After"] == "1")
            let live = try await server.request("/health/live")
            #expect(live.status == 200)
            service.retriever.release()
            for client in waiting {
                let answer = try await client.answer()
                #expect(answer.status == 200)
            }
            try await waitUntil { service.metric("des_http_requests_in_flight") == 0 }
        }
    }

    @Test func `Too many connections are told to come again`() async throws {
        var service = service
        service.configuration.limits.maximumConnections = 2
        try await service.run { server in
            let others = [try server.client(), try server.client()]
            for client in others {
                try await client.send(get)
                _ = try await client.answer()
            }
            let refused = try await server.request(target)
            #expect(refused.status == 503)
            #expect(refused["Retry-After"] == "1")
            try await others[0].send(get)
            let answer = try await others[0].answer()
            #expect(answer.status == 200)
        }
    }

    @Test func `On shutdown what is being answered is finished`() async throws {
        service.retriever.hold()
        try await service.run { server in
            let client = try server.client()
            let idle = try server.client()
            try await idle.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await idle.answer()
            try await client.send(get)
            try await waitUntil { service.metric("des_http_requests_in_flight") == 1 }
            await server.group.triggerGracefulShutdown()
            try await waitUntil { service.health.phase == .draining }
            let rest = try await idle.receiveAll()
            #expect(rest.isEmpty)
            service.retriever.release()
            let answer = try await client.answer()
            #expect(answer.body == [1, 2, 3])
            let end = try await client.receiveAll()
            #expect(end.isEmpty)
        }
    }

    @Test func `On shutdown what takes too long is cut`() async throws {
        var service = service
        service.configuration.limits.drainTimeout = .milliseconds(200)
        service.retriever.add("big", [UInt8](repeating: 5, count: 64 << 20), isBig: true)
        try await service.run { server in
            let client = try server.client(receiveBuffer: 4096)
            try await client.send(get.replacing("/a?", with: "/big?"))
            try await waitUntil { service.metric("des_http_requests_in_flight") == 1 }
            await server.group.triggerGracefulShutdown()
            try await waitUntil { service.metric("des_http_connections") == 0 }
        }
    }
}
