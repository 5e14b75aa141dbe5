import Glibc

/// The three standard streams.
enum StandardStreams {
    /// Opens those on /dev/null with which the process was started closed (`>&-`). Otherwise the next file that is opened, a shard
    /// or a database, would get the number 1 or 2, and results and messages would be written into it.
    ///
    /// To be called before anything else. As in glibc for privileged programs (`csu/check_fds.c`), each is opened the wrong way
    /// round, so that using it stays an error: a result that nobody gets is not written.
    static func openClosed() {
        for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)] {
            guard fcntl(descriptor, F_GETFD) == -1, errno == EBADF else { continue }
            // The lowest free number is this one, since those below are open by now.
            _ = open("/dev/null", mode)
        }
    }
}
