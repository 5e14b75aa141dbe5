import DESTelemetry
import Glibc
import Synchronization

/// A pipe of the system; closed when it goes.
final class SystemPipe {
    let readEnd: Int32
    let writeEnd: Int32
    private var isReadEndOpen = true

    init() {
        var ends: [Int32] = [-1, -1]
        precondition(Glibc.pipe(&ends) == 0)
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        closeReadEnd()
        close(writeEnd)
    }

    func closeReadEnd() {
        if isReadEndOpen { close(readEnd) }
        isReadEndOpen = false
    }

    /// What was written so far, at most 64 KiB; it must be something.
    func readAvailable() -> String {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = read(readEnd, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
