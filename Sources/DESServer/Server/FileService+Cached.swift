import DESHTTPFront
import DESRetrieval
import NIOCore
import NIOHTTP1
import Synchronization

extension FileService {
    /// Larger files are left to a task.
    private static let quickSize: UInt64 = 64 << 10

    /// Answers a plain `GET /files/{uid}` whose shard is known and whose bytes are at hand, on the event loop and without a task: the
    /// switches between tasks would cost more than the answer. Whatever is not of that kind, or goes wrong, is left to
    /// ``answer(_:to:from:)``.
    func cachedAnswer(to head: HTTPRequestHead, from remoteAddress: SocketAddress?) -> QuickAnswer {
        guard head.method == .GET, head.version == .http1_1, cors == nil, !isDraining.load(ordering: .relaxed),
            head.headers.allSatisfy({ Self.isPlain($0.name, $0.value) })
        else { return .later(nil) }
        let target = RequestTarget(head.uri)
        guard case .file(let encodedUID) = target.resource, let uid = try? FileQuery.uid(encodedUID),
            let createdAt = try? FileQuery.createdAt(target.query)
        else { return .later(nil) }
        let start = ContinuousClock.now
        guard let file = retriever.cachedFile(FileRequest(uid: uid, createdAt: createdAt)), file.size <= Self.quickSize
        else { return .later(nil) }
        let size = Int(file.size)
        var answer = ResponseHead(.ok, dateLine: dates.line, bodySize: size)
        let id = accessLog?.makeRequestID()
        if let id { answer.add("X-Request-Id", made: id) }
        Self.addHeaders(of: file, to: &answer)
        answer.add(contentLength: file.size)
        var buffer = answer.finish()
        let written = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { room in
            retriever.readCached(file, into: UnsafeMutableRawBufferPointer(rebasing: room.prefix(size))) ? size : 0
        }
        guard written == size else { return .later(nil) }
        // The gate is asked once, so after everything that could still leave the answer to somebody else.
        let decision: GateDecision = gate is OpenGate ? .allow(keyID: nil) : decision(uid: uid, target, head)
        guard case .allow(let keyID) = decision else { return .later(decision) }

        metrics.request(.file, .answered(.ok))
        metrics.retrieval(.answered(.ok))
        let duration = start.duration(to: .now)
        metrics.retrievalTime(duration)
        if let id {
            accessLog?.log(
                AccessLine(
                    method: "GET", path: target.path, status: .ok, isAborted: false, bytes: file.size,
                    duration: duration, requestID: id, keyID: keyID, remoteAddress: remoteAddress))
        }
        return .whole(buffer)
    }

    /// Whether a header does not change how a file is answered: none of `Range`, `If-…`, `Expect`, `X-Request-Id`, and of
    /// `Connection` only what is meant anyway.
    private static func isPlain(_ name: String, _ value: String) -> Bool {
        switch (name.utf8.first ?? 0) | 0x20 {
        case UInt8(ascii: "r"), UInt8(ascii: "i"), UInt8(ascii: "e"): false
        case UInt8(ascii: "c"):
            isKeepAlive(value) || !name.utf8.elementsEqual("connection".utf8, by: { $0 | 0x20 == $1 })
        case UInt8(ascii: "x"): !name.utf8.elementsEqual(Request.idHeader.utf8, by: { $0 | 0x20 == $1 })
        default: true
        }
    }

    private static func isKeepAlive(_ value: String) -> Bool {
        value.utf8.elementsEqual("keep-alive".utf8, by: { $0 | 0x20 == $1 })
    }
}
