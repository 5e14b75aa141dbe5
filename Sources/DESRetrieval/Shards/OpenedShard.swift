import DESShard
import DESStorage

/// A shard that can be looked into: its whole index, or the lookup table that leads to parts of it.
final class OpenedShard: Sendable {
    enum Directory: Sendable {
        case index(ShardIndex)
        case table(LookupTable)
    }

    let listed: ListedShard
    let handle: any ObjectHandle
    let directory: Directory
    /// Whether something in the shard was found to be damaged, so that what is not found in its index may yet be in it.
    let isSuspect: Bool

    init(listed: ListedShard, handle: any ObjectHandle, directory: Directory, isSuspect: Bool = false) {
        self.isSuspect = isSuspect
        self.listed = listed
        self.handle = handle
        self.directory = directory
    }

    /// Memory in bytes, apart from what every entry of a cache takes.
    var sizeInBytes: Int {
        switch directory {
        case .index(let index): index.sizeInBytes
        case .table(let table): table.sizeInBytes
        }
    }
}
