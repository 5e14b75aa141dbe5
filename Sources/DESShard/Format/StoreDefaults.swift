/// What those who write a store and those who read it agree on unless they are told otherwise.
public enum StoreDefaults {
    /// The folder of big files, beside the shards.
    public static let bigFilesFolder = "_bigFiles"
    /// Larger files lie in that folder, a file each; bytes.
    package static let bigFileThreshold = 10_485_760
    /// A shard is sealed before it would grow over this many bytes.
    package static let shardSize = 1_000_000_000
}
