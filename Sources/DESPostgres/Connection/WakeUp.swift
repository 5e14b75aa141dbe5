import CPostgres
import Glibc

/// Lets a thread that waits for a socket be woken up from another one.
final class WakeUp: Sendable {
    /// To be polled for reading; -1 if the process has no descriptor left: then nothing wakes it.
    let descriptor = des_pg_event()

    deinit { close(descriptor) }

    func signal() {
        var one: UInt64 = 1
        // It cannot fail but by overflow, and then it is signalled already.
        _ = write(descriptor, &one, 8)
    }

    func clear() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }
}
