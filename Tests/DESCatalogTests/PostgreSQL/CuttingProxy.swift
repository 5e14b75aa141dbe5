import Foundation
import Glibc
import Synchronization

/// Stands between a client and a server on loopback, and can lose an answer: to the client it looks as if the connection
/// broke after the server had done its work.
final class CuttingProxy: Sendable {
    struct Failure: Error {}

    let port: UInt16
    private let listener: Int32
    private let isArmed = Mutex(false)

    init(to serverPort: UInt16) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = Self.loopback(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(listener, raw, size) == 0 && listen(listener, 16) == 0 && getsockname(listener, raw, &size) == 0
            }
        }
        guard bound else { throw Failure() }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let self else { return }
                self.serve(client, serverPort: serverPort)
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// The next bytes that the server sends are dropped, and the connection is cut.
    func cutNextAnswer() { isArmed.withLock { $0 = true } }

    private func serve(_ client: Int32, serverPort: UInt16) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(port: serverPort)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard connected else {
            close(client)
            close(server)
            return
        }
        Thread.detachNewThread { Self.copy(from: client, to: server) { false } }
        Thread.detachNewThread { [weak self] in
            Self.copy(from: server, to: client) {
                self?.isArmed.withLock { armed in
                    defer { armed = false }
                    return armed
                } ?? true
            }
        }
    }

    /// Copies until one side ends, or the body says, before bytes are handed on, that they are to be lost.
    private static func copy(from source: Int32, to target: Int32, unless isLost: () -> Bool) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(source, &buffer, buffer.count)
            guard count > 0, !isLost() else { break }
            var sent = 0
            while sent < count {
                let written = send(target, Array(buffer[sent..<count]), count - sent, Int32(MSG_NOSIGNAL))
                guard written > 0 else { break }
                sent += written
            }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(target, Int32(SHUT_RDWR))
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
