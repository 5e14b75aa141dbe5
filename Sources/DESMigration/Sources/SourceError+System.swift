import DESBase
import Glibc

extension SourceError {
    /// What a system call that failed means for a source.
    ///
    /// - Parameter isLookup: whether the file was looked up by its name, so that it may be a folder above it that is closed.
    init(reading error: SystemError, isLookup: Bool = false) {
        self.init(Self.reason(error.code, isLookup), error.description)
    }

    /// Only what a call can say of one file blames the file; a limit of the process, a server that is away and whatever is not
    /// known does not.
    private static func reason(_ code: Int32, _ isLookup: Bool) -> FailureReason {
        switch code {
        case ENOENT, ENOTDIR: .missing
        case EACCES, EPERM: isLookup ? .unreachable : .unreadable
        // A sector, an inode, a name.
        case EIO, EUCLEAN, EBADMSG, ENODATA, EILSEQ, EINVAL, ELOOP, ENAMETOOLONG, EISDIR, EFBIG, EOVERFLOW, ENXIO:
            .unreadable
        default: .unreachable
        }
    }
}
