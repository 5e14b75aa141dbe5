import Synchronization

/// Bytes that came in pieces.
final class Collected: Sendable {
    private let state = Mutex<[UInt8]>([])

    var bytes: [UInt8] { state.withLock { $0 } }

    func append(_ piece: UnsafeRawBufferPointer) { state.withLock { $0.append(contentsOf: piece) } }
}
