import DESBase
import DESRetrieval
import Glibc
import Testing

@Suite("Servers that are no Redis")
struct RedisStrangeServerTests {
    @Test(
        "Whatever a server says, a reader goes on in time, and it is told once",
        arguments: [
            ("", false, "closed"),
            ("HTTP/1.1 400 Bad Request\r\n\r\n", false, "Protocol error"),
            (":5\r\n", false, "an answer of an unknown kind"),
            ("*1\r\n", false, "closed"),
            ("-LOADING Redis is loading the dataset in memory\r\n", false, "LOADING"),
            ("-\r\n", false, "GETRANGE: "),
            // Bytes come all the time, and never to an end.
            ("$1000000\r\n", true, "no answer within 0.25 seconds"),
            ("", true, ""),
        ])
    func strange(_ answer: String, _ goesOn: Bool, _ message: String) async throws {
        let server = try StrangeServer()
        let observer = SharedCacheFailures()
        let clock = RedisTestClock()
        let settings = try RedisSettings(url: "redis://127.0.0.1:\(server.port)")
        let cache = RedisIndexCache(
            settings, observer: observer, timing: RedisTiming(elapsed: { clock.now }, random: { 0 }))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run(answer, goesOn: goesOn) }
            let start = ContinuousClock.now
            #expect(await cache.value(of: "key") == nil)
            #expect(start.duration(to: .now) < .seconds(5))
            #expect(await cache.value(of: "key") == nil)
            #expect(observer.messages.count == 1)
            #expect(observer.messages.first?.contains(message) == true)
            server.stop()
            try await group.waitForAll()
        }
    }
}

/// Takes one connection after the other, reads a request, and gives always the same answer.
private final class StrangeServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let threads = ThreadPool(name: "strange-server", count: 1)

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        try #require(result)
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(listener) }

    func run(_ answer: String, goesOn: Bool) async throws {
        try await threads.run { [listener] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                defer { close(connection) }
                var request = [UInt8](repeating: 0, count: 4096)
                guard recv(connection, &request, request.count, 0) > 0 else { continue }
                let bytes = Array(answer.utf8)
                _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
                // Until the other side has had enough. Nothing is waited for: dripping is the fault, on a thread of its own.
                while goesOn, send(connection, [0x78], 1, Int32(MSG_NOSIGNAL)) == 1 { usleep(10_000) }
            }
        }
    }

    /// Ends `run`, once the connection it is at has ended.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }
}
