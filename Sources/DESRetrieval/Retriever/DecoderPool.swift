import DESShard
import Synchronization

/// Decoders with their contexts and buffers, which are several times cheaper to use again than to make.
final class DecoderPool: Sendable {
    /// `@unchecked Sendable`: it is either in the pool, where nobody uses it, or with the one who took it.
    private struct Idle: @unchecked Sendable {
        let decoder = PayloadDecoder()
        let buffer = ByteBuffer(capacity: 16 << 10)
    }

    private static let keptCount = 16
    /// A buffer that a large file made larger than that is not kept; bytes.
    private static let keptCapacity = 1 << 20

    private let idle = Mutex<[Idle]>([])

    /// The original bytes of an inline entry, checked.
    ///
    /// - Parameter file: what errors call the shard.
    func decode(_ entry: ShardEntry, stored: [UInt8], file: String) throws(ShardError) -> [UInt8] {
        let taken = idle.withLock { $0.popLast() } ?? Idle()
        defer {
            if taken.buffer.capacity <= Self.keptCapacity {
                taken.buffer.removeAll()
                idle.withLock { if $0.count < Self.keptCount { $0.append(taken) } }
            }
        }
        let result = stored.withUnsafeBytes { bytes in
            Result { () throws(ShardError) in
                // What is not compressed need not be copied.
                guard entry.codec != .none else {
                    try taken.decoder.verify(entry, stored: bytes, file: file, scratch: taken.buffer)
                    return stored
                }
                try taken.decoder.decode(entry, stored: bytes, file: file, into: taken.buffer)
                return Array(taken.buffer.bytes)
            }
        }
        return try result.get()
    }
}
