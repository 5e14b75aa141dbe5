import DESBase
import DESRouting

/// The folder where shards grow and wait until their rows are marked.
///
/// - `<shard>.des.open`: being written; thrown away at the next start.
/// - `<shard>.des`: sealed under its final name: complete, durable and verified.
/// - `<shard>.des.damaged`: sealed once, but no longer readable; kept for whoever looks into it.
/// - `bigfile-….open`: a big file being copied; thrown away at the next start.
/// - `lock`: held by the one process that works here.
/// - `workers`: a worker among many works here.
/// - `uploads…`: notes of uploads in parts.
package struct StagingFolder: Sendable {
    package static let bigFilePrefix = "bigfile-"
    package static let openSuffix = ".open"
    package static let damagedSuffix = ".damaged"
    static let lockName = "lock"
    /// What folders with notes of uploads in parts begin with.
    static let uploadsPrefix = "uploads"

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
            } else if name.hasByteSuffix(Self.openSuffix) {
                let base = String(decoding: name.utf8.dropLast(Self.openSuffix.utf8.count), as: UTF8.self)
                if Self.isShard(base) || Self.isBigFile(base) { leftovers.unfinished.append(name) }
            } else if name.hasByteSuffix(Self.damagedSuffix),
                Self.isShard(String(decoding: name.utf8.dropLast(Self.damagedSuffix.utf8.count), as: UTF8.self))
            {
                leftovers.damaged.append(name)
            }
        }
        return leftovers
    }

    /// Whether shards wait here to be published, or marked.
    var hasSealedShards: Bool { get throws(SystemError) { try !leftovers().sealed.isEmpty } }

    /// Whether a folder with these names is one of staging even without its lock: it holds nothing that we do not make, and, since
    /// a folder of published shards has the names of sealed ones too, an unfinished file if there are such.
    static func isStaging(_ names: [String]) -> Bool {
        var hasSealed = false
        var hasUnfinished = false
        for name in names {
            if isShard(name) {
                hasSealed = true
            } else if name.hasByteSuffix(openSuffix) || name.hasByteSuffix(damagedSuffix) {
                let suffix = name.hasByteSuffix(openSuffix) ? openSuffix : damagedSuffix
                let base = String(decoding: name.utf8.dropLast(suffix.utf8.count), as: UTF8.self)
                guard isShard(base) || isBigFile(base) else { return false }
                hasUnfinished = true
            } else if !name.isByteEqual(to: StagingUse.workersMark), !name.hasBytePrefix(uploadsPrefix) {
                return false
            }
        }
        return hasUnfinished || !hasSealed
    }

    private static func isShard(_ name: some StringProtocol) -> Bool {
        ShardFileName(name)?.suffix.utf8.count == UniqueSuffix.length
    }

    private static func isBigFile(_ name: String) -> Bool {
        name.hasBytePrefix(bigFilePrefix)
            && Int(String(decoding: name.utf8.dropFirst(bigFilePrefix.utf8.count), as: UTF8.self)) != nil
    }
}
