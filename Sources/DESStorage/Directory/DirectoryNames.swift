import DESSystem
import Glibc
import Synchronization

/// The names in one directory, sorted, so that a prefix is found without reading a directory of 100,000 names again.
///
/// They are read again when the directory's time of change says so. That time moves by the ticks of the system's clock, so names
/// that were read within a second of it are not trusted.
final class DirectoryNames: Sendable {
    private struct Snapshot {
        let directory: FileIdentity
        let names: [String]
    }

    private static let clockTick: Int64 = 1_000_000_000
    private let path: String
    private let snapshot = Mutex<Snapshot?>(nil)
    /// The file system on which the directory was when it was first read.
    private let device = Mutex<UInt64?>(nil)

    init(path: String) { self.path = path }

    /// The names with a prefix, in the order of their bytes, without those that begin with a dot. Blocks.
    ///
    /// - Throws: `SystemError` also when the directory is gone or on another file system than before: a disk that is not mounted
    ///   must not look like an empty store.
    func names(prefix: String) throws(SystemError) -> ArraySlice<String> {
        let names = try current()
        let start = names.partition { !$0.utf8.lexicographicallyPrecedes(prefix.utf8) }
        var end = start
        while end < names.count, names[end].utf8.starts(with: prefix.utf8) { end += 1 }
        return names[start..<end]
    }

    private func current() throws(SystemError) -> [String] {
        let start = Self.now()
        let before = try FileSystem.existingStatus(path)
        let device = device.withLock { device in
            device = device ?? before.identity.device
            return device
        }
        guard before.identity.device == device else {
            throw SystemError(code: ESTALE, operation: "list, another file system is mounted there:", subject: path)
        }
        if let known = snapshot.withLock({ $0 }), known.directory == before.identity { return known.names }
        let names = try FileSystem.names(in: path).filter { !$0.hasBytePrefix(".") }
        let isSettled =
            start - max(before.identity.modifiedAtNanoseconds, before.identity.changedAtNanoseconds) > Self.clockTick
        snapshot.withLock { $0 = isSettled ? Snapshot(directory: before.identity, names: names) : nil }
        return names
    }

    /// Nanoseconds since 1970.
    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension [String] {
    /// The position of the first element that is behind the partition.
    fileprivate func partition(_ isBehind: (String) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
