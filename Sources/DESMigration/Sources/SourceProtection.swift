import DESBase
import DESRouting

/// What is never deleted as a source, whatever a row says: the folders of shards and of staging, and the catalog.
///
/// A place is not its name: folders are known by device and inode, so that a second mount or another path leads nowhere else; and
/// what has the name of a shard or of a big file is kept wherever it lies.
struct SourceProtection: Sendable {
    static let message = "it belongs to the shards or the catalog itself"

    private let nodes: Set<NodeID>
    /// With every link resolved; for what is mounted anew under its path while we run.
    private let paths: [String]

    /// - Parameter paths: files and folders; what does not exist cannot be named by a row either.
    init(_ paths: [String]) {
        nodes = Set(paths.compactMap { (try? FileSystem.status($0))?.identity.node })
        self.paths = paths.compactMap { try? FileSystem.realPath($0) }
    }

    /// Whether a file may be deleted.
    ///
    /// - Parameters:
    ///   - folder: the resolved path of its folder.
    ///   - chain: its folder and all above it.
    func allows(_ name: String, _ node: NodeID, in folder: String, _ chain: [NodeID]) -> Bool {
        guard !nodes.contains(node), !chain.contains(where: nodes.contains), !Self.isNameOfStore(name) else {
            return false
        }
        let path = folder.hasByteSuffix("/") ? folder + name : "\(folder)/\(name)"
        return !paths.contains { path.isByteEqual(to: $0) || path.hasBytePrefix($0.hasByteSuffix("/") ? $0 : $0 + "/") }
    }

    /// Whether only a store of shards gives files such a name: `<YYYYMMDD>_<HEX>_<suffix>.des`, or the SHA-256 of a big file.
    static func isNameOfStore(_ name: String) -> Bool {
        ShardFileName(name) != nil || SHA256.isHash(name)
    }
}
