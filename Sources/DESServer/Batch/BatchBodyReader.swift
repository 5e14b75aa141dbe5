import DESBase
import NIOCore
import NIOPosix

/// Decodes the bodies of batches: small ones where it is asked, large ones on other threads, so that an event loop answers everybody else
/// meanwhile.
struct BatchBodyReader: Sendable {
    /// Bytes that take so little time to decode that a change of threads would cost more.
    private static let smallBody = 64 << 10

    private let threads: NIOThreadPool
    /// Of bodies that are being decoded: what comes of them is several times larger.
    private let gate: ByteGate

    /// - Parameters:
    ///   - threads: run what takes time.
    ///   - bytes: of large bodies that are decoded at a time; a larger one is decoded alone.
    init(threads: NIOThreadPool, bytes: Int = 16 << 20) {
        self.threads = threads
        gate = ByteGate(capacity: bytes)
    }

    /// - Throws: `FileProblem` if it is no batch; `CancellationError`.
    nonisolated(nonsending) func request(_ body: ByteBuffer) async throws -> BatchRequest {
        guard body.readableBytes > Self.smallBody else { return try BatchRequest(body) }
        let held = try await gate.acquire(body.readableBytes)
        defer { gate.release(held) }
        return try await threads.runIfActive { try BatchRequest(body) }
    }
}
