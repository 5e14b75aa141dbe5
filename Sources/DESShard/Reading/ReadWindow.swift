import DESBase

/// Reads a file front to back through one buffer, so that many small neighbours cost few system calls.
final class ReadWindow {
    private static let size = 512 << 10

    private let file: OpenFile
    private let buffer = ByteBuffer(capacity: ReadWindow.size)
    private var start: UInt64 = 0

    init(file: OpenFile) { self.file = file }

    /// The bytes of a range, fewer if the file ends; they are good until the next call.
    func bytes(at offset: UInt64, count: Int) throws(SystemError) -> UnsafeRawBufferPointer {
        if offset < start || offset + UInt64(count) > start + UInt64(buffer.count) {
            buffer.removeAll()
            start = offset
            let wanted = max(count, Self.size)
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer.reserve(wanted).prefix(wanted))
            buffer.commit(try file.read(into: room, at: Int64(offset)))
        }
        let first = Int(offset - start)
        return buffer.bytes(first..<min(first + count, buffer.count))
    }
}
