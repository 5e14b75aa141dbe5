public import DESRouting
public import DESShard

/// How a retriever finds files and what it keeps in memory.
public struct RetrieverSettings: Sendable, Hashable {
    /// The bits that the shards were written with.
    public var bits: ShardBits
    /// The folder of big files beside the shards.
    public var bigFilesPrefix: String
    /// Memory for indexes of shards, in bytes.
    public var cacheBytes: Int
    /// Shards, and parts of the indexes of very large ones, that are kept at most; of a local directory each keeps its file open.
    public var cachedShards: Int
    /// How long a listing of the shards of one day and number is used, if it has what is asked for. A file that it has not is looked
    /// for in a new one.
    public var listingLifetime: Duration
    /// How long "there is no such file" is answered again without a look: a file that is moved into a shard just after somebody asked
    /// for it is not found for so long.
    public var negativeLifetime: Duration
    /// Bytes of files larger than ``smallFile``, until they are delivered, and of indexes that may be in memory at a time; others wait.
    public var memoryBytes: Int

    /// Makes settings; every value has a default that fits a service of some hundred MiB of memory.
    public init(
        bits: ShardBits = .standard, bigFilesPrefix: String = StoreDefaults.bigFilesFolder, cacheBytes: Int = 256 << 20,
        cachedShards: Int = 8192, listingLifetime: Duration = .seconds(30), negativeLifetime: Duration = .seconds(2),
        memoryBytes: Int = 256 << 20
    ) {
        self.bits = bits
        self.bigFilesPrefix = bigFilesPrefix
        self.cacheBytes = cacheBytes
        self.cachedShards = cachedShards
        self.listingLifetime = listingLifetime
        self.negativeLifetime = negativeLifetime
        self.memoryBytes = memoryBytes
    }

    /// Of ``memoryBytes`` what is for reads that wait for nothing but the store: indexes, and big files that are proved. However slow those
    /// are to whom files are delivered, other files can still be looked up.
    var loadingBytes: Int { memoryBytes / 4 }
    /// Of ``memoryBytes`` what is for files that are delivered.
    var deliveryBytes: Int { memoryBytes - loadingBytes }
    /// What one batch takes of it at most, unless a single read is larger.
    var batchBytes: Int { deliveryBytes / 4 }

    /// Files up to this size, in bytes, do not wait for memory.
    public static let smallFile = 64 << 10
    /// Files up to this size, in bytes, are handed over whole; larger ones in pieces.
    public static let wholeFile: UInt64 = 16 << 20
}
