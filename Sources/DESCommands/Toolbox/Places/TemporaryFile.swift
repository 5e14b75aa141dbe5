import DESBase
import Glibc

/// A file without a name: it goes with this object, or with the process however that ends. Calls block.
final class TemporaryFile: Sendable {
    private let descriptor: CInt

    /// Where this process can open it.
    var path: String { "/proc/self/fd/\(descriptor)" }

    /// Makes an empty one of the given size, which takes no room until something is written.
    init(in folder: String, size: UInt64) throws(SystemError) {
        let name = "\(folder)/.des-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        let descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError.last("create a temporary file in", folder) }
        self.descriptor = descriptor
        guard unlink(name) == 0 else { throw SystemError.last("remove the name of a temporary file in", folder) }
        guard let size = off_t(exactly: size), ftruncate(descriptor, size) == 0 else {
            throw SystemError.last("make a temporary file of \(size) bytes in", folder)
        }
    }

    deinit { close(descriptor) }

    /// Writes all bytes at a place.
    func write(_ bytes: [UInt8], at offset: UInt64) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                pwrite(
                    descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done,
                    off_t(clamping: offset) + off_t(done))
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError.last("write", "a temporary file")
            }
            done += count
        }
    }
}
