import DESStorage

/// A shard that can be looked into: its whole index, or the lookup table that leads to parts of it.
final class OpenedShard: Sendable {
    let listed: ListedShard
    let handle: any ObjectHandle
    let directory: RemoteShard.Directory
    /// Whether something in the shard was found to be damaged, so that what is not found in its index may yet be in it.
    let isSuspect: Bool

    init(listed: ListedShard, handle: any ObjectHandle, directory: RemoteShard.Directory, isSuspect: Bool = false) {
        self.isSuspect = isSuspect
        self.listed = listed
        self.handle = handle
        self.directory = directory
    }
}
