/// One file in a shard, as its index tells of it.
public struct ShardEntry: Sendable, Hashable {
    /// Where the bytes are.
    public enum Content: Sendable, Hashable {
        /// In the shard itself: offset from the start of the file, stored and original size in bytes.
        case inline(offset: UInt64, storedSize: UInt64, codec: Codec, size: UInt64)
        /// In a file of its own, `_bigFiles/<sha256>` beside the shard, uncompressed.
        case bigFile(sha256: String, size: UInt64)
    }

    /// The file's name in the catalog it came from.
    public let uid: String
    /// Where the bytes are.
    public let content: Content
    /// What is known of the file besides.
    public let meta: EntryMeta

    /// Original size in bytes.
    public var size: UInt64 {
        switch content {
        case .inline(_, _, _, let size), .bigFile(_, let size): size
        }
    }

    /// Bytes it takes where it is stored.
    public var storedSize: UInt64 {
        switch content {
        case .inline(_, let storedSize, _, _): storedSize
        case .bigFile(_, let size): size
        }
    }

    /// How it is stored; a big file is not compressed.
    public var codec: Codec {
        switch content {
        case .inline(_, _, let codec, _): codec
        case .bigFile: .none
        }
    }
}
