import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import DESHTTPFront

/// What a connection keeps of what its client sends, while nobody answers.
@Suite struct RequestCollectorTests {
    private struct Nobody: RequestAnswering {
        func isExempt(_ head: HTTPRequestHead) -> Bool { false }
        func wantsBody(_ head: HTTPRequestHead) -> Bool { head.method == .POST }
        func answer(_ request: ReceivedRequest, to connection: Connection, from: SocketAddress?) async throws -> Bool {
            false
        }
        func drain() {}
    }

    private func statuses(_ limits: HTTPLimits, _ pieces: [String]) throws -> [Int] {
        let signal = DecoderSignal()
        let collector = RequestCollector(
            answerer: Nobody(), limits: ConnectionLimits(limits, gauge: nil), signal: signal, remoteAddress: nil)
        let channel = EmbeddedChannel(handlers: [
            ByteToMessageHandler(RequestDecoder(limits: limits, signal: signal)), collector,
        ])
        for piece in pieces { try channel.writeInbound(ByteBuffer(string: piece)) }
        var statuses: [Int] = []
        while let request = collector.takeNow() {
            // 0: to be answered.
            if case .rejected(let status, _, _) = request {
                statuses.append(status.rawValue)
            } else {
                statuses.append(0)
            }
        }
        return statuses
    }

    @Test func `Requests that wait for the answers to others are kept up to a limit`() throws {
        var limits = HTTPLimits()
        limits.waitingRequests = 5
        let one = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(try statuses(limits, [String(repeating: one, count: 50)]) == [0, 0, 0, 0, 0, 503])
        #expect(try statuses(limits, Array(repeating: one, count: 50)) == [0, 0, 0, 0, 0, 503])
    }

    @Test func `Bodies are kept up to a limit each, and up to one together`() throws {
        var limits = HTTPLimits()
        limits.maximumBodySize = 100
        limits.maximumBodyMemory = 250
        let head = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: "
        let one = head + "100\r\n\r\n" + String(repeating: "x", count: 100)
        #expect(try statuses(limits, [one, one, one]) == [0, 0, 503])
        #expect(try statuses(limits, [one, head + "101\r\n\r\n"]) == [0, 413])
        let chunked = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(try statuses(limits, [chunked] + Array(repeating: "1\r\nx\r\n", count: 101)) == [413])
    }

    @Test(arguments: ["", "X: y\r\n", "Content-Length: 2\r\n\r\nab"])
    func `However the bytes after an offered upgrade are cut, the next request is seen`(fields: String) throws {
        let end = fields.hasSuffix("ab") ? "" : "\r\n"
        let text =
            "GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\(fields)\(end)GET /b HTTP/1.1\r\nHost: a\r\n\r\n"
        for cut in 1..<text.utf8.count {
            let bytes = Array(text.utf8)
            let pieces = [bytes[..<cut], bytes[cut...]].map { String(decoding: $0, as: UTF8.self) }
            #expect(try statuses(HTTPLimits(), pieces) == [0, 0], "cut at \(cut)")
        }
    }

    @Test func `What is too long is told apart wherever it is cut`() throws {
        var limits = HTTPLimits()
        limits.headBytes = 200
        let long = String(repeating: "x", count: 150)
        for (text, status) in [
            ("GET /\(long)\(long) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            ("GET / HTTP/1.1\r\nX: \(long)\(long)\r\n\r\n", 431),
            ("GET / HTTP/1.1\r\n\(long)\(long): x\r\n\r\n", 431),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \(long)\r\nY: \(long)\r\n\r\n", 431),
        ] {
            let bytes = Array(text.utf8)
            for cut in [3, 4, 5, 10, 16, 17, 18, 20, 100, 190] {
                let pieces = [bytes[..<cut], bytes[cut...]].map { String(decoding: $0, as: UTF8.self) }
                let found = try statuses(limits, pieces)
                #expect(found == [status], "\(text.prefix(20).debugDescription) cut at \(cut)")
            }
        }
    }
}
