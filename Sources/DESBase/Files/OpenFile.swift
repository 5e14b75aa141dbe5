import CLinux
import Glibc

/// What asking for a read lease came to (fcntl(2), "Leases").
package enum ReadLease: Sendable, Hashable {
    /// Nobody has the file open for writing, or mapped into memory for it, and nobody can until it is closed.
    case taken
    /// Somebody has it open for writing.
    case isBeingWritten
    /// The file system has no leases, or the file is somebody else's.
    case unavailable
}

/// An open file descriptor that closes itself. Calls block; run them on an executor of their own.
///
/// It is handed from task to task but used by one at a time, except for `read(at:)`, `size` and `synchronize`, which
/// the kernel lets any number of threads call at once.
package final class OpenFile: Sendable {
    package enum Access: Sendable {
        case read
        /// Creates the file, refusing one that exists, for reading and writing.
        case createNew
        /// An existing file or a new one, for reading and writing.
        case readWrite
    }

    package let path: String
    package let descriptor: CInt

    package init(_ path: String, _ access: Access = .read) throws(SystemError) {
        let flags: CInt =
            switch access {
            case .read: O_RDONLY
            case .createNew: O_RDWR | O_CREAT | O_EXCL
            case .readWrite: O_RDWR | O_CREAT
            }
        // Non-blocking, so that opening a FIFO that nobody writes to does not hang; no effect on regular files.
        let descriptor = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0o644)
        guard descriptor >= 0 else {
            throw SystemError.last(access == .createNew ? "create" : "open", path)
        }
        self.path = path
        self.descriptor = descriptor
    }

    /// Takes over a descriptor, which it closes at its end.
    ///
    /// - Parameter path: for messages.
    init(adopting descriptor: CInt, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// Takes a lease that keeps others from opening the file for writing until this one is closed; reading is not hindered.
    package func takeReadLease() -> ReadLease {
        if des_take_read_lease(descriptor) == 0 { return .taken }
        return errno == EAGAIN || errno == EWOULDBLOCK ? .isBeingWritten : .unavailable
    }

    package func status() throws(SystemError) -> FileStatus {
        var raw = stat()
        guard fstat(descriptor, &raw) == 0 else { throw SystemError.last("stat", path) }
        return FileStatus(raw)
    }

    /// Where the open file really is, every link resolved.
    package func resolvedPath() throws(SystemError) -> String {
        try FileSystem.linkTarget("/proc/self/fd/\(descriptor)")
    }

    /// Reads until the buffer is full or the file ends; returns the number of bytes read.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, base + done, buffer.count - done, off_t(offset) + off_t(done))
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError.last("read", path)
            }
            done += count
        }
        return done
    }

    /// Fills the buffer from the page cache, without ever waiting for a disk.
    ///
    /// - Returns: false when not all of it was there at once; `read(into:at:)` then gets it, or tells why not.
    package func readCached(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Bool {
        guard let base = buffer.baseAddress else { return true }
        return des_read_cached(descriptor, base, UInt(buffer.count), offset) == buffer.count
    }

    /// Writes all of the buffer at the descriptor's own position.
    package func write(_ buffer: UnsafeRawBufferPointer) throws(SystemError) {
        guard let base = buffer.baseAddress else { return }
        var done = 0
        while done < buffer.count {
            let count = Glibc.write(descriptor, base + done, buffer.count - done)
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError.last("write", path)
            }
            done += count
        }
    }

    /// Writes the text as UTF-8 at the descriptor's own position.
    package func write(text: String) throws(SystemError) {
        var text = text
        let failure: SystemError? = text.withUTF8 { bytes in
            do throws(SystemError) { try write(UnsafeRawBufferPointer(bytes)) } catch { return error }
            return nil
        }
        if let failure { throw failure }
    }

    package func truncate(to size: Int64) throws(SystemError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw SystemError.last("truncate", path) }
    }

    /// Returns once content and size are on the device.
    package func synchronize() throws(SystemError) {
        while fsync(descriptor) != 0 {
            if errno != EINTR { throw SystemError.last("sync", path) }
        }
    }

    /// Asks the kernel to start writing back what is dirty, without waiting, so that a later `synchronize` is short.
    package func startWriteback() {
        _ = des_start_writeback(descriptor, 0, 0)
    }

    /// Gives back what ``tryLock()`` took. Closing does not always: a child process that is just being started may still have
    /// a copy of the descriptor.
    package func unlock() {
        _ = flock(descriptor, LOCK_UN)
    }

    /// Takes the exclusive lock of the file, which ends with this descriptor or its process; false if another has it.
    package func tryLock() throws(SystemError) -> Bool {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            if errno == EWOULDBLOCK { return false }
            throw SystemError.last("lock", path)
        }
        return true
    }
}
