import Synchronization

/// The progress of a download that goes on after a connection that broke.
final class ResumableDownload: Sendable {
    private struct State {
        /// What is asked for, once the size is known.
        var wanted: Range<UInt64>?
        var delivered: UInt64 = 0
        /// Bytes of the present answer that come before what is wanted: of a server that ignores ranges.
        var toSkip: UInt64 = 0
        var attributes: S3ObjectAttributes?
    }

    private let location: S3Location
    private let range: S3Range?
    private let deliver: @Sendable (UnsafeRawBufferPointer) throws -> Void
    private let state = Mutex(State())

    init(
        _ location: S3Location, _ range: S3Range?,
        _ deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) {
        self.location = location
        self.range = range
        self.deliver = deliver
    }

    /// In bytes.
    var delivered: UInt64 { state.withLock(\.delivered) }

    /// The header for what is left; nil for all.
    var nextRange: String? {
        state.withLock { state in
            guard let wanted = state.wanted, state.delivered > 0, state.delivered < UInt64(wanted.count) else {
                return range?.header
            }
            return S3Range.bytes(wanted.lowerBound + state.delivered..<wanted.upperBound).header
        }
    }

    /// The headers of an answer have come.
    func begin(_ response: HTTPResponse) throws {
        guard let attributes = S3ObjectAttributes(response) else {
            throw HTTPError(.invalidResponse, "the answer has no size")
        }
        try state.withLock { state in
            if let before = state.attributes, before.etag != attributes.etag || before.size != attributes.size {
                throw changed()
            }
            state.attributes = attributes
            let wanted = range?.resolved(in: attributes.size) ?? 0..<attributes.size
            state.wanted = wanted
            let next = wanted.lowerBound + state.delivered
            let told = response.header("content-range").flatMap { ContentRange($0)?.range?.lowerBound }
            let first = response.status == 200 ? 0 : told
            guard let first, first <= next else {
                throw HTTPError(.invalidResponse, "the answer is another range than was asked for")
            }
            state.toSkip = next - first
        }
    }

    func receive(_ bytes: UnsafeRawBufferPointer) throws {
        let piece: Range<Int> = state.withLock { state in
            let skipped = Int(min(state.toSkip, UInt64(bytes.count)))
            state.toSkip -= UInt64(skipped)
            let left = UInt64(state.wanted?.count ?? 0) - state.delivered
            let count = Int(min(left, UInt64(bytes.count - skipped)))
            state.delivered += UInt64(count)
            return skipped..<skipped + count
        }
        if !piece.isEmpty { try deliver(UnsafeRawBufferPointer(rebasing: bytes[piece])) }
    }

    func finish(_ response: HTTPResponse, _ context: S3ErrorContext) throws -> S3ObjectAttributes {
        // An empty object has no body that would have begun it.
        if state.withLock({ $0.attributes == nil }) { return try S3Client.attributes(response, context) }
        return try state.withLock { state in
            guard let attributes = state.attributes, state.delivered == UInt64(state.wanted?.count ?? 0) else {
                throw S3Error(
                    .invalidResponse, status: response.status,
                    message: "\(state.delivered) bytes came of \(state.wanted?.count ?? 0)", context)
            }
            return attributes
        }
    }

    private func changed() -> S3Error {
        S3Error(
            .objectChanged, message: "it was replaced while it was read", operation: .getObject,
            bucket: location.bucket, key: location.key)
    }
}
