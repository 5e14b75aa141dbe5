import DESBase
import Glibc
import Synchronization

/// The names in one directory, sorted, so that a prefix is found without reading a directory of 100,000 names again.
///
/// They are read again when the directory's time of change says so. That time moves by the ticks of the system's clock, so names
/// that were read within a second of it are not trusted. Whenever they are read again, the directory must show the signs of the same
/// store: a disk that is not mounted, or another folder in its place, must not look like a store that lacks files.
final class DirectoryNames: Sendable {
    private struct Snapshot {
        let directory: FileIdentity
        let names: [String]
        let signs: StoreSigns
        /// Whether the directory would show by its times that it changed since.
        let isSettled: Bool
    }

    private static let clockTick: Int64 = 1_000_000_000
    private let path: String
    private let snapshot = Mutex<Snapshot?>(nil)
    private let signs = Mutex(StoreSigns())
    private let now: @Sendable () -> Int64

    /// - Parameter now: nanoseconds since 1970.
    init(path: String, now: @escaping @Sendable () -> Int64 = DirectoryNames.now) {
        self.path = path
        self.now = now
    }

    /// The names with a prefix, in the order of their bytes, without those that begin with a dot. Blocks.
    ///
    /// - Throws: `StorageError` also when the directory is gone or is not that of the store any more.
    func names(prefix: String) throws(StorageError) -> ArraySlice<String> {
        let names = try current()
        let start = names.partition { !$0.utf8.lexicographicallyPrecedes(prefix.utf8) }
        var end = start
        while end < names.count, names[end].utf8.starts(with: prefix.utf8) { end += 1 }
        return names[start..<end]
    }

    /// Finds out whether the directory is still that of the store, before somebody believes that something is not in it. Blocks.
    func confirm() throws(StorageError) { _ = try current() }

    private func current() throws(StorageError) -> [String] {
        let seen: Snapshot
        do throws(SystemError) {
            let identity = try FileSystem.existingStatus(path).identity
            if let known = snapshot.withLock({ $0 }), known.directory == identity { return known.names }
            seen = try read()
        } catch {
            // Not "there is no such object": it is the directory that is gone.
            throw error.code == ENOENT
                ? StorageError(.failed, key: "", isTransient: true, error.description) : StorageError(error, key: "")
        }
        if let problem = signs.withLock({ $0.take(seen.signs) }) {
            throw StorageError(
                .failed, key: "", isTransient: true,
                "the folder \(path) \(problem): is its disk still mounted? Nothing is read from it until the store is back; for another store on purpose start again"
            )
        }
        snapshot.withLock { $0 = seen.isSettled ? seen : nil }
        return seen.names
    }

    /// All of it through one open folder, whatever is put under its path meanwhile.
    private func read() throws(SystemError) -> Snapshot {
        let start = now()
        let folder = try FolderHandle(path)
        let identity = try folder.status().identity
        let names = try folder.names().filter { !$0.hasBytePrefix(".") }
        let signs = try StoreSigns(of: folder, names: names)
        let isSettled = start - max(identity.modifiedAtNanoseconds, identity.changedAtNanoseconds) > Self.clockTick
        return Snapshot(directory: identity, names: names, signs: signs, isSettled: isSettled)
    }

    /// Nanoseconds since 1970.
    static func now() -> Int64 { Timestamp.now().microsecondsSinceEpoch * 1000 }
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
