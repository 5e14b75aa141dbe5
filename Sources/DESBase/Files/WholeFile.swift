import Glibc

/// Reads files to their end, also what has no size: pipes, `/dev/stdin`, `/dev/fd/63` of a shell's `<(…)`. Calls block.
package enum WholeFile {
    /// All bytes.
    ///
    /// - Parameter limit: the most bytes; more is `EFBIG`, so that a device that never ends does not take all memory.
    /// - Throws: `SystemError`; of a folder it is `EISDIR`.
    package static func bytes(_ path: String, atMost limit: Int = .max) throws(SystemError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw SystemError.last("read", path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { piece.deallocate() }
        while true {
            let count = read(descriptor, piece.baseAddress, piece.count)
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN {
                    // Another process that shares the pipe may have made it non-blocking.
                    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                    _ = poll(&request, 1, -1)
                    continue
                }
                throw SystemError.last("read", path)
            }
            guard count > 0 else { return bytes }
            guard count <= limit - bytes.count else { throw SystemError(code: EFBIG, operation: "read", subject: path) }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: piece[..<count]))
        }
    }
}
