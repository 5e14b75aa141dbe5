import DESBase
import Glibc

/// What every program does before anything else.
package enum ProgramStart {
    /// With less address space the stacks of threads, and the memory that each takes for itself, may not fit.
    private static let leastAddressSpace: UInt64 = 1536 << 20

    /// Opens the standard streams that are closed, and ends the process, with a message, if it cannot have the threads it needs:
    /// later it would crash, or wait for ever for one of them.
    package static func prepare() {
        StandardStreams.openClosed()
        // A file that becomes larger than `ulimit -f` is an error of the call, which is told, and not the end.
        signal(SIGXFSZ, SIG_IGN)
        if let space = ProcessLimits.addressSpace, space < leastAddressSpace {
            tell(
                "warning: the address space of this program is limited to \(space >> 20) MiB (ulimit -v); with less than "
                    + "\(leastAddressSpace >> 20) MiB it may end in the middle without a word. Limit memory by a cgroup instead"
            )
        }
        let needed = 26 + 4 * min(ProcessLimits.processors, 16)
        let startable = ThreadShortage.startable(of: needed)
        guard startable < needed else { return }
        tell(
            "error: the system lets this program start only \(startable) threads, and it needs up to \(needed); raise "
                + "\(ThreadShortage.limits). Nothing was begun")
        exit(1)
    }

    private static func tell(_ message: String) {
        _ = (message + "\n").withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }
}
