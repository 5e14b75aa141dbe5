import DESBase
import Glibc
import Synchronization

/// Which folder the root of a store was when it was got ready: once another file system is mounted there, or none any more, the
/// path leads to another folder, and nothing may be published into that.
final class RootWatch: Sendable {
    private let node = Mutex<NodeID?>(nil)

    /// Takes what is there now for the store's folder. Blocks.
    ///
    /// - Throws: `SystemError` when there is no folder.
    func note(_ root: String) throws(SystemError) {
        let status = try FileSystem.existingStatus(root)
        guard status.kind == .directory else {
            throw SystemError(code: ENOTDIR, operation: "use as a folder of shards", subject: root)
        }
        node.withLock { $0 = status.identity.node }
    }

    /// - Throws: `SystemError` when the root is another folder than the one that was noted, if one was.
    func check(_ root: String) throws(SystemError) {
        guard let noted = node.withLock({ $0 }) else { return }
        guard try FileSystem.existingStatus(root).identity.node == noted else {
            throw SystemError(
                code: ESTALE, operation: "publish, another folder is there than before (is the disk still mounted?):",
                subject: root)
        }
    }
}
