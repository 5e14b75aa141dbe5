import DESBase
import DESHTTPFront
package import DESTelemetry
import NIOCore
import Synchronization

/// One line a request: method, path without its query, status, bytes, duration, request id, key id and remote address.
/// Neither headers nor the query are written, for they may hold keys.
package struct AccessLog: Sendable {
    /// Paths longer than this are cut, with an ellipsis.
    private static let maximumPathLength = 1024

    private let format: LoggingFormat
    private let stamp = StampCache()
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
        self.format = format
    }

    /// An id for a request that brought none.
    func makeRequestID() -> String { "\(prefix)-\(counter.next())" }

    /// Writes what is waiting.
    func flush() { sink.flush() }

    /// Logs a request, in the form of the other lines of the log. It is put together by hand: through the dictionary of a log event
    /// a line costs as much as the answer that it tells of.
    func log(_ line: AccessLine) {
        let isJSON = format == .json
        var text = isJSON ? "{\"ts\":\"" : ""
        text += stamp.text
        text += isJSON ? "\",\"level\":\"info\",\"message\":\"request\"" : " INFO  request"
        func put(_ key: StaticString, plain value: some CustomStringConvertible) {
            text += isJSON ? ",\"\(key)\":" : " \(key)="
            text += value.description
        }
        func put(_ key: StaticString, _ value: String) {
            text += isJSON ? ",\"\(key)\":" : " \(key)="
            text += isJSON ? value.jsonQuoted : value.logValue
        }
        if line.isAborted { put("aborted", plain: true) }
        put("bytes", plain: line.bytes)
        if let keyID = line.keyID { put("key", keyID) }
        put("method", line.method)
        put("ms", plain: line.milliseconds)
        put("path", Self.shortened(line.path))
        if let remote = line.remoteAddress { put("remote", Self.text(remote)) }
        put("request_id", line.requestID)
        if let status = line.status { put("status", plain: status.rawValue) } else { put("status", "none") }
        if isJSON { text += "}" }
        sink.write(line: text)
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

/// The time as it stands before a line, made once a millisecond.
private final class StampCache: Sendable {
    private let last = Mutex((time: Int64(-1), text: ""))

    var text: String {
        let now = Timestamp.now()
        let time = now.microsecondsSinceEpoch / 1000
        return last.withLock { last in
            if last.time != time { last = (time, now.rfc3339Milliseconds) }
            return last.text
        }
    }
}

/// Numbers requests.
private final class RequestCounter: Sendable {
    private let last = Atomic<UInt64>(0)
    func next() -> UInt64 { last.wrappingAdd(1, ordering: .relaxed).newValue }
}
