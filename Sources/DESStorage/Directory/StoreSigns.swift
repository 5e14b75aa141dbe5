import DESBase
import DESRouting

/// By what a place is known to be the store that it was before: its mark, or for a store of an earlier version, which has none,
/// that it holds shards at all.
///
/// Device and inode of the folder say nothing of it: both are given again to a folder or a file system that is made anew.
struct StoreSigns: Sendable, Equatable {
    /// What the mark says of its name; nil: there is none.
    var mark: String?
    var hasShards = false

    /// Takes what a place shows now for signs of the same store.
    ///
    /// - Returns: why it cannot be the same, in words that follow "the folder"; then nothing is taken. Nil if it can.
    mutating func take(_ seen: StoreSigns) -> String? {
        if let mark {
            guard let name = seen.mark else { return "has no \(StoreMark.key) any more" }
            guard name.isByteEqual(to: mark) else { return "has the \(StoreMark.key) of another store" }
        } else if hasShards, !seen.hasShards {
            return "holds no shard any more"
        }
        mark = mark ?? seen.mark
        hasShards = hasShards || seen.hasShards
        return nil
    }
}

extension StoreSigns {
    /// More than a mark ever has, in bytes.
    private static let largestMark: UInt64 = 4096

    /// What an open folder with these names shows. Blocks.
    init(of folder: FolderHandle, names: [String]) throws(SystemError) {
        if names.contains(where: { $0.isByteEqual(to: StoreMark.key) }) {
            let file = try folder.open(StoreMark.key, followingLinks: true)
            mark = StoreMark(try FileContent.read(file, 0..<Self.largestMark).bytes)?.name
        }
        hasShards = names.contains { ShardFileName($0) != nil }
    }
}
