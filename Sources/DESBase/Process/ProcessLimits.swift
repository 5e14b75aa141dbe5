import CLinux
import Glibc

/// Limits of this process.
package enum ProcessLimits {
    /// Raises the number of files that may be open as far as the system lets us without privileges; gives the number.
    package static func raiseOpenFiles() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = min(limit.rlim_max, 65_536)
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// How many bytes of address space the process may have; nil without a limit.
    package static var addressSpace: UInt64? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur != .max else {
            return nil
        }
        return UInt64(limit.rlim_cur)
    }

    /// From now on memory of long values goes back to the system once they are done with. By default the allocator raises that
    /// limit by itself and keeps them, so that a process takes more than it counts.
    package static func returnLongBlocks() { des_return_blocks(256 << 10) }

    /// Processors that this process may use.
    package static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
