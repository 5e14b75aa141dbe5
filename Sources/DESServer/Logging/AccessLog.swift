package import DESTelemetry
import Logging
import NIOCore
import Synchronization

/// One line a request: method, path without its query, status, bytes, duration, request id, key id and remote address.
/// Neither headers nor the query are written, for they may hold keys.
package struct AccessLog: Sendable {
    /// Paths longer than this are cut, with an ellipsis.
    private static let maximumPathLength = 1024

    private let logger: Logger
    private let sink: BufferedLineSink
    private let prefix = String(UInt32.random(in: .min ... .max), radix: 16)
    private let counter = RequestCounter()

    /// Makes a log.
    ///
    /// - Parameters:
    ///   - sink: where lines go; they are written once a second or when there are many.
    package init(format: LoggingFormat, sink: any LineSink) {
        let buffered = BufferedLineSink(sink)
        self.sink = buffered
        logger = makeLogger(label: "access", level: .info, format: format, sink: buffered)
    }

    /// An id for a request that brought none.
    func makeRequestID() -> String { "\(prefix)-\(counter.next())" }

    /// Writes what is waiting.
    func flush() { sink.flush() }

    /// Logs a request.
    func log(_ line: AccessLine) {
        var metadata: Logger.Metadata = [
            "bytes": .stringConvertible(line.bytes),
            "ms": .stringConvertible(line.milliseconds),
            "method": .string(line.method),
            "path": .string(Self.shortened(line.path)),
            "request_id": .string(line.requestID),
        ]
        metadata["status"] = line.status.map { .stringConvertible($0.rawValue) } ?? "none"
        if line.isAborted { metadata["aborted"] = .stringConvertible(true) }
        if let keyID = line.keyID { metadata["key"] = .string(keyID) }
        if let remote = line.remoteAddress { metadata["remote"] = .string(Self.text(remote)) }
        logger.info("request", metadata: metadata)
    }

    private static func shortened(_ path: Substring) -> String {
        guard path.utf8.count > maximumPathLength else { return String(path) }
        return String(decoding: path.utf8.prefix(maximumPathLength), as: UTF8.self) + "…"
    }

    private static func text(_ address: SocketAddress) -> String {
        guard let host = address.ipAddress else { return "local" }
        return address.port.map { host.contains(":") ? "[\(host)]:\($0)" : "\(host):\($0)" } ?? host
    }
}

/// What a line of the access log tells.
struct AccessLine {
    var method: String
    var path: Substring
    var status: HTTPStatus?
    var isAborted: Bool
    var bytes: UInt64
    var duration: Duration
    var requestID: String
    var keyID: String?
    var remoteAddress: SocketAddress?

    /// Milliseconds with three digits after the point.
    var milliseconds: Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds * 1_000_000 + attoseconds / 1_000_000_000_000) / 1000
    }
}

/// Numbers requests.
private final class RequestCounter: Sendable {
    private let last = Atomic<UInt64>(0)
    func next() -> UInt64 { last.wrappingAdd(1, ordering: .relaxed).newValue }
}
