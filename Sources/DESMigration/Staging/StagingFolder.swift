import DESRouting
import DESSystem

/// The folder where shards grow and wait until their rows are marked.
///
/// - `<shard>.des.open`: being written; thrown away at the next start.
/// - `<shard>.des`: sealed under its final name: complete, durable and verified.
/// - `<shard>.des.damaged`: sealed once, but no longer readable; kept for whoever looks into it.
/// - `bigfile-….open`: a big file being copied; thrown away at the next start.
/// - `lock`: held by the one process that works here.
/// - `workers`: a worker among many works here.
package struct StagingFolder: Sendable {
    static let bigFilePrefix = "bigfile-"
    static let openSuffix = ".open"
    static let damagedSuffix = ".damaged"
    static let lockName = "lock"

    package let path: String
    package let files: any StagingFileSystem

    package init(path: String, files: any StagingFileSystem = LocalStagingFileSystem()) {
        self.path = path
        self.files = files
    }

    func openPath(_ shard: String) -> String { "\(path)/\(shard)\(Self.openSuffix)" }

    func sealedPath(_ shard: String) -> String { "\(path)/\(shard)" }

    /// What is left from before.
    struct Leftovers: Equatable {
        /// Names of sealed shards, oldest first within a key.
        var sealed: [String] = []
        /// Names of files that were not finished.
        var unfinished: [String] = []
        var damaged: [String] = []
    }

    func leftovers() throws(SystemError) -> Leftovers {
        var leftovers = Leftovers()
        // Only names that we give: whatever else lies here is not ours to touch.
        for name in try files.names(in: path) {
            if Self.isShard(name) {
                leftovers.sealed.append(name)
            } else if name.hasSuffix(Self.openSuffix) {
                let base = name.dropLast(Self.openSuffix.count)
                if Self.isShard(base) || Self.isBigFile(base) { leftovers.unfinished.append(name) }
            } else if name.hasSuffix(Self.damagedSuffix), Self.isShard(name.dropLast(Self.damagedSuffix.count)) {
                leftovers.damaged.append(name)
            }
        }
        return leftovers
    }

    private static func isShard(_ name: some StringProtocol) -> Bool {
        ShardFileName(name)?.suffix.utf8.count == UniqueSuffix.length
    }

    private static func isBigFile(_ name: Substring) -> Bool {
        name.hasPrefix(bigFilePrefix) && Int(name.dropFirst(bigFilePrefix.count)) != nil
    }
}
