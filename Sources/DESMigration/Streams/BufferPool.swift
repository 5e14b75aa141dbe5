import DESShard
import Synchronization

/// Buffers that go round between stages, so that their memory is not taken from and given back to the system for every
/// batch. Large ones are not kept.
final class BufferPool: Sendable {
    private let free = Mutex<[ByteBuffer]>([])
    private let keptCount: Int
    private let keptCapacity: Int

    /// - Parameters:
    ///   - keptCount: buffers kept at most.
    ///   - keptCapacity: bytes of the largest buffer that is kept.
    init(keptCount: Int, keptCapacity: Int) {
        self.keptCount = keptCount
        self.keptCapacity = keptCapacity
    }

    /// An empty buffer, which nobody else has.
    func take() -> ByteBuffer {
        free.withLock { $0.popLast() } ?? ByteBuffer(capacity: 64 << 10)
    }

    /// The caller gives up a buffer that it took and that nobody else uses any more.
    func give(_ buffer: ByteBuffer) {
        guard buffer.capacity <= keptCapacity else { return }
        buffer.removeAll()
        free.withLock { free in
            if free.count < keptCount { free.append(buffer) }
        }
    }
}
