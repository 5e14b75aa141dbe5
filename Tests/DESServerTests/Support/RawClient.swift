import Glibc
import Testing

/// A client that sends just the bytes it is told to, over a blocking socket on a thread of its own.
final class RawClient: Sendable {
    struct Failure: Error { let what: String }

    let descriptor: Int32

    /// - Parameter receiveBuffer: bytes that the system takes for a client that does not read.
    init(port: Int, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(what: "socket") }
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(what: "connect: \(errno)") }
    }

    deinit { close(descriptor) }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws {
        try await onThread { [self] in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { throw Failure(what: "send: \(errno)") }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// No more will be sent.
    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Closing resets the connection, as when the client's machine has died.
    func resetWhenClosed() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    }

    /// Some bytes; empty at the end, also when the connection was reset.
    func receive(atMost limit: Int = 65_536) async throws -> [UInt8] {
        try await onThread { [self] in
            var buffer = [UInt8](repeating: 0, count: limit)
            let count = recv(descriptor, &buffer, limit, 0)
            if count < 0, errno == ECONNRESET { return [] }
            guard count >= 0 else { throw Failure(what: "recv: \(errno)") }
            return Array(buffer[..<count])
        }
    }

    /// All bytes until the server closes.
    func receiveAll() async throws -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let bytes = try await receive()
            if bytes.isEmpty { return all }
            all += bytes
        }
    }

    /// The answer to one request; its body by length, chunks or end.
    func answer(toHead: Bool = false) async throws -> Answer {
        var bytes: [UInt8] = []
        while Answer.headLength(bytes) == nil {
            let more = try await receive()
            guard !more.isEmpty else { throw Failure(what: "closed after \(bytes.count) bytes of a head") }
            bytes += more
        }
        while true {
            if let answer = try Answer(bytes, toHead: toHead, isClosed: false) { return answer }
            let more = try await receive()
            if more.isEmpty {
                guard let answer = try Answer(bytes, toHead: toHead, isClosed: true) else {
                    throw Failure(what: "closed in the middle of a body: \(bytes.count) bytes")
                }
                return answer
            }
            bytes += more
        }
    }

    private func onThread<Result: Sendable>(
        _ work: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let box = Box { continuation.resume(with: Swift.Result { try work() }) }
            var thread = pthread_t()
            let context = Unmanaged.passRetained(box).toOpaque()
            pthread_create(
                &thread, nil,
                { argument in
                    argument.map { Unmanaged<Box>.fromOpaque($0).takeRetainedValue().work() }
                    return nil
                }, context)
            pthread_detach(thread)
        }
    }

    private final class Box: Sendable {
        let work: @Sendable () -> Void
        init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }
}

/// An HTTP answer, taken apart.
struct Answer: Sendable {
    var status = 0
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// How many bytes of the connection it took.
    var length = 0

    var text: String { String(decoding: body, as: UTF8.self) }

    subscript(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    static func headLength(_ bytes: [UInt8]) -> Int? {
        let end = Array("\r\n\r\n".utf8)
        guard bytes.count >= 4 else { return nil }
        return (0...(bytes.count - 4)).first { bytes[$0..<$0 + 4].elementsEqual(end) }.map { $0 + 4 }
    }

    /// nil if bytes are missing.
    init?(_ bytes: [UInt8], toHead: Bool, isClosed: Bool) throws {
        guard let headLength = Self.headLength(bytes) else { return nil }
        let lines = String(decoding: bytes[..<(headLength - 4)], as: UTF8.self).split(separator: "\r\n")
        status = try #require(Int(lines[0].split(separator: " ")[1]))
        for line in lines.dropFirst() {
            let colon = try #require(line.firstIndex(of: ":"))
            headers.append((String(line[..<colon]), line[line.index(after: colon)...].trimmingPrefix(" ").description))
        }
        let rest = bytes[headLength...]
        if toHead || status == 304 || status == 204 {
            length = headLength
        } else if let count = self["Content-Length"].flatMap({ Int($0) }) {
            guard rest.count >= count else { return nil }
            body = Array(rest.prefix(count))
            length = headLength + count
        } else if self["Transfer-Encoding"] == "chunked" {
            var position = headLength
            while true {
                guard let lineEnd = bytes[position...].firstIndex(of: 13), lineEnd + 2 <= bytes.count else {
                    return nil
                }
                let size = try #require(Int(String(decoding: bytes[position..<lineEnd], as: UTF8.self), radix: 16))
                position = lineEnd + 2
                guard bytes.count >= position + size + 2 else { return nil }
                body += bytes[position..<position + size]
                position += size + 2
                if size == 0 { break }
            }
            length = position
        } else {
            guard isClosed else { return nil }
            body = Array(rest)
            length = bytes.count
        }
    }
}
