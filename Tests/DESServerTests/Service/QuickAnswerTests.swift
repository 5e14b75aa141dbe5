import DESServer
import Synchronization
import Testing

private let time = "created_at=2024-01-02T03:04:05.678Z"

/// Answers that are made without a task.
@Suite(.timeLimit(.minutes(5))) struct QuickAnswerTests {
    let service = TestService()
    let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0) }

    private func head(_ uid: String, _ more: String = "") -> String {
        "GET /files/\(uid)?\(time) HTTP/1.1\r\nHost: a\r\n\(more)\r\n"
    }

    @Test func `They are the same as the others, byte by byte`() async throws {
        service.retriever.add("a", bytes)
        service.retriever.state.withLock { $0.isWarm = true }
        try await service.run { server in
            let client = try server.client()
            try await client.send(head("a"))
            let quick = try await client.answer()
            #expect(service.retriever.state.withLock { $0.quickAnswers } == 1)
            // A condition that does not hold changes nothing but the way.
            try await client.send(head("a", "If-None-Match: \"other\"\r\n"))
            let slow = try await client.answer()
            #expect(service.retriever.state.withLock { $0.quickAnswers } == 1)
            #expect(quick.status == 200)
            #expect(quick.body == bytes)
            #expect(slow.body == bytes)
            #expect(
                quick.headers.filter { $0.name != "Date" }.map { "\($0)" }
                    == slow.headers.filter { $0.name != "Date" }.map { "\($0)" })
            #expect(service.metric(#"des_retrievals_total{backend="local",status="200"}"#) == 2)
            #expect(service.metric(#"des_http_requests_total{route="file",status="200"}"#) == 2)
        }
    }

    @Test(arguments: [
        "Range: bytes=0-1\r\n", "if-match: \"x\"\r\n", "IF-RANGE: \"x\"\r\nRange: bytes=0-1\r\n",
        "Connection: close\r\n",
        "x-request-id: 7\r\n", "Expect: 100-continue\r\n",
    ])
    func `Requests of other kinds are left to the others`(header: String) async throws {
        service.retriever.add("a", bytes)
        service.retriever.state.withLock { $0.isWarm = true }
        try await service.run { server in
            let client = try server.client()
            try await client.send(head("a", header))
            _ = try await client.answer()
            #expect(service.retriever.state.withLock { $0.quickAnswers } == 0)
        }
    }

    @Test func `Among requests that were sent together the answers keep their order`() async throws {
        service.retriever.add("a", [1])
        service.retriever.add("b", [2])
        service.retriever.state.withLock { $0.isWarm = true }
        try await service.run { server in
            let client = try server.client()
            try await client.send(
                head("a") + head("b", "Range: bytes=0-0\r\n") + head("a") + head("missing") + head("b")
                    + head("a", "Connection: keep-alive\r\n") + head("a", "Connection: close\r\n"))
            var answers: [[UInt8]] = []
            var statuses: [Int] = []
            var rest = try await client.receiveAll()
            while !rest.isEmpty, let answer = try Answer(rest, toHead: false, isClosed: true) {
                statuses.append(answer.status)
                answers.append(answer.status == 404 ? [] : answer.body)
                rest.removeFirst(answer.length)
            }
            #expect(statuses == [200, 206, 200, 404, 200, 200, 200])
            #expect(answers == [[1], [2], [1], [], [2], [1], [1]])
        }
    }

    @Test func `The gate is asked once, whatever it says`() async throws {
        var service = service
        let gate = FakeGate()
        service.gate = gate
        service.retriever.add("a", [1])
        service.retriever.state.withLock { $0.isWarm = true }
        try await service.run { server in
            let client = try server.client()
            try await client.send(head("a"))
            #expect(try await client.answer().status == 200)
            #expect(gate.asked.withLock { $0.count } == 1)
            gate.decision.withLock { $0 = .deny(GateDenial(.forbidden, detail: "no")) }
            try await client.send(head("a"))
            #expect(try await client.answer().status == 403)
            #expect(gate.asked.withLock { $0.count } == 2)
        }
    }

    @Test func `Metrics can be closed to those without a key`() async throws {
        var service = service
        let gate = FakeGate()
        service.gate = gate
        service.configuration.metricsAreOpen = false
        gate.decision.withLock { $0 = .deny(GateDenial(.unauthorized, detail: "no")) }
        try await service.run { server in
            let closed = try await server.request("/metrics")
            gate.decision.withLock { $0 = nil }
            let open = try await server.request("/metrics")
            #expect([closed.status, open.status] == [401, 200])
        }
    }
}
