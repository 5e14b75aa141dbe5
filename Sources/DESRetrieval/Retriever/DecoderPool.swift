import DESShard
import Synchronization

/// Decoders with their contexts and buffers, which are several times cheaper to use again than to make.
final class DecoderPool: Sendable {
    /// `@unchecked Sendable`: it is either in the pool, where nobody uses it, or with the one who took it.
    private struct Idle: @unchecked Sendable {
        let decoder = PayloadDecoder()
        /// Empty whenever it changes hands.
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
        let taken = take()
        defer { give(back: taken) }
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

    /// Puts the original bytes of a small inline entry where they are wanted, checked.
    ///
    /// - Parameters:
    ///   - file: what errors call the shard.
    ///   - output: as large as the entry says.
    ///   - read: puts the stored bytes where they are wanted, and tells whether it could.
    /// - Returns: whether they could be read.
    func decode(
        _ entry: ShardEntry, file: String, to output: UnsafeMutableRawBufferPointer,
        reading read: (UnsafeMutableRawBufferPointer) -> Bool
    ) throws(ShardError) -> Bool {
        let taken = take()
        defer { give(back: taken) }
        let stored = UnsafeMutableRawBufferPointer(
            rebasing: taken.buffer.reserve(Int(entry.storedSize)).prefix(Int(entry.storedSize)))
        guard read(stored) else { return false }
        try taken.decoder.decode(entry, stored: UnsafeRawBufferPointer(stored), file: file, to: output)
        return true
    }

    private func take() -> Idle { idle.withLock { $0.popLast() } ?? Idle() }

    private func give(back used: Idle) {
        guard used.buffer.capacity <= Self.keptCapacity else { return }
        used.buffer.removeAll()
        idle.withLock { if $0.count < Self.keptCount { $0.append(used) } }
    }
}
