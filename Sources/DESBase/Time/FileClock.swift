import Glibc

/// The clock that file systems of this machine take the times of their files from.
package enum FileClock {
    /// Nanoseconds since 1970, in the ticks in which times of files move.
    package static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
