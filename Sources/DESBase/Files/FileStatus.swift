package import Glibc

/// What tells one state of one file from another: if all of it is equal, it is still the same file with the same content,
/// as far as a file system can tell without reading it.
package struct FileIdentity: Sendable, Hashable {
    package let device: UInt64
    package let inode: UInt64
    /// Length in bytes.
    package let size: Int64
    /// Last modification, nanoseconds since 1970.
    package let modifiedAtNanoseconds: Int64
    /// Last change of content or attributes, nanoseconds since 1970; unlike the modification time nobody can set it back.
    package let changedAtNanoseconds: Int64
    /// Whether the file may have got, or be getting, other content that size and times do not show: it changed so shortly before it was
    /// looked at that its times could not move, or somebody had it open for writing. It says how the state was seen, and is no part
    /// of what makes two states equal.
    package var mayChangeUnseen = false

    package init(
        device: UInt64, inode: UInt64, size: Int64, modifiedAtNanoseconds: Int64, changedAtNanoseconds: Int64 = 0
    ) {
        self.device = device
        self.inode = inode
        self.size = size
        self.modifiedAtNanoseconds = modifiedAtNanoseconds
        self.changedAtNanoseconds = changedAtNanoseconds
    }

    package static func == (left: FileIdentity, right: FileIdentity) -> Bool {
        left.isSameFile(as: right) && left.changedAtNanoseconds == right.changedAtNanoseconds
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(device)
        hasher.combine(inode)
        hasher.combine(size)
        hasher.combine(modifiedAtNanoseconds)
        hasher.combine(changedAtNanoseconds)
    }

    /// Which file it is, whatever its content.
    package var node: NodeID { NodeID(device: device, inode: inode) }

    /// Whether both are the same file with the same content, even if it got another name meanwhile.
    package func isSameFile(as other: FileIdentity) -> Bool {
        device == other.device && inode == other.inode && size == other.size
            && modifiedAtNanoseconds == other.modifiedAtNanoseconds
    }
}

/// Names a file or folder of this machine for as long as it exists, whatever paths lead to it.
package struct NodeID: Sendable, Hashable {
    package let device: UInt64
    package let inode: UInt64

    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}

/// The part of `stat` that DES looks at.
package struct FileStatus: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable {
        case regular = "regular file"
        case directory
        case symbolicLink = "symbolic link"
        case fifo = "FIFO"
        case socket
        case characterDevice = "character device"
        case blockDevice = "block device"
        case unknown
    }

    package let kind: Kind
    package let identity: FileIdentity
    /// How many names it has.
    package let links: UInt64

    package var size: Int64 { identity.size }

    package init(kind: Kind, identity: FileIdentity, links: UInt64 = 1) {
        self.kind = kind
        self.identity = identity
        self.links = links
    }

    package init(_ raw: stat) {
        kind =
            switch raw.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            case S_IFIFO: .fifo
            case S_IFSOCK: .socket
            case S_IFCHR: .characterDevice
            case S_IFBLK: .blockDevice
            default: .unknown
            }
        links = UInt64(raw.st_nlink)
        identity = FileIdentity(
            device: UInt64(raw.st_dev),
            inode: UInt64(raw.st_ino),
            size: Int64(raw.st_size),
            modifiedAtNanoseconds: Int64(raw.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(raw.st_mtim.tv_nsec),
            changedAtNanoseconds: Int64(raw.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(raw.st_ctim.tv_nsec)
        )
    }
}
