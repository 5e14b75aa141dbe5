import Glibc

/// Writes bytes to a file descriptor whatever is at its other end: a file, a pipe, a terminal that does not block.
///
/// A reader that has gone (`des-migrate 2>&1 | head`) is no reason to stop a migration: the writer answers false, and
/// SIGPIPE does not reach the process.
struct DescriptorWriter: Sendable {
    /// Not owned: it is not closed here.
    let descriptor: Int32

    /// Writes all bytes, normally with one `write(2)`; goes on after a signal or a partial write.
    ///
    /// - Returns: false when the other end is gone, for good. After another error, such as a full disk, the rest of the bytes
    ///   is lost, but the next ones may find room.
    func write(_ bytes: [UInt8]) -> Bool {
        withoutBrokenPipeSignal {
            bytes.withUnsafeBytes { buffer in
                var rest = buffer[...]
                while !rest.isEmpty {
                    let piece = UnsafeRawBufferPointer(rebasing: rest)
                    let written = Glibc.write(descriptor, piece.baseAddress, piece.count)
                    if written >= 0 {
                        rest = rest.dropFirst(written)
                    } else if errno == EAGAIN {
                        waitUntilWritable()
                    } else if errno != EINTR {
                        return errno != EPIPE && errno != EBADF
                    }
                }
                return true
            }
        }
    }

    /// Standard error may be in non-blocking mode, set by another process that shares the terminal.
    private func waitUntilWritable() {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&request, 1, -1)
    }

    /// Blocks SIGPIPE in this thread alone, and takes back the one that the write raised, so that the process needs no
    /// global setting and a SIGPIPE of somebody else stays pending.
    private func withoutBrokenPipeSignal(_ write: () -> Bool) -> Bool {
        var brokenPipe = sigset_t()
        sigemptyset(&brokenPipe)
        sigaddset(&brokenPipe, SIGPIPE)
        var pending = sigset_t()
        sigpending(&pending)
        if sigismember(&pending, SIGPIPE) == 1 { return write() }

        var previous = sigset_t()
        pthread_sigmask(SIG_BLOCK, &brokenPipe, &previous)
        let isWritten = write()
        if !isWritten {
            var signal: Int32 = 0
            sigpending(&pending)
            if sigismember(&pending, SIGPIPE) == 1 { sigwait(&brokenPipe, &signal) }
        }
        pthread_sigmask(SIG_SETMASK, &previous, nil)
        return isWritten
    }
}
