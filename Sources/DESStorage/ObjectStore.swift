package import DESBase
package import DESRouting

/// A file in staging that is complete, durable and to appear in the store under a key.
package struct StagedFile: Sendable, Hashable {
    /// Where it lies now.
    package let path: String
    /// Its name in the store, with `/` between folders.
    package let key: String
    /// Its size in bytes.
    package let size: UInt64

    package init(path: String, key: String, size: UInt64) {
        self.path = path
        self.key = key
        self.size = size
    }
}

/// What publishing a file came to.
package enum PublishOutcome: Sendable, Hashable {
    /// It is there now, durable, and confirmed by size and checksum.
    case created
    /// It was there already with the same content.
    case alreadyThere
}

/// What a store tells of an object without reading it.
package struct ObjectAttributes: Sendable, Hashable {
    package let key: String
    /// In bytes.
    package let size: UInt64
    /// When it appeared or was last changed, in seconds since 1970, by the store's clock; nil if the store does not tell.
    package let modifiedAt: Int64?
    /// Differs between two objects that had the same key one after the other: the ETag in S3; nil if the store does not tell.
    package let version: String?

    package init(key: String, size: UInt64, modifiedAt: Int64? = nil, version: String? = nil) {
        self.key = key
        self.size = size
        self.modifiedAt = modifiedAt
        self.version = version
    }
}

/// Some of a store's objects in the order of their keys.
package struct ObjectPage: Sendable, Hashable {
    package let objects: [ObjectAttributes]
    /// Give it as `after` to go on; nil at the end.
    package let next: String?

    package init(objects: [ObjectAttributes], next: String?) {
        self.objects = objects
        self.next = next
    }
}

/// Objects by key. They appear whole or not at all, are never overwritten, and never change.
///
/// "Not there" is an answer (nil), "do not know" is an error; the two are never mixed up.
package protocol ObjectStore: Sendable {
    /// What messages call it; holds no secret.
    var name: String { get }

    /// Differs between two stores of one process, whose names may be the same.
    var identity: String { get }

    /// The local folder that it is, if it is one.
    var localFolder: String? { get }

    /// Finds out whether the store can be used, and clears away what earlier uploads of this process's own left unfinished.
    func prepare() async throws(StorageError)

    /// The part of the store in which a shard and its big files lie together; a store of one part is that part.
    ///
    /// - Parameter shard: its name, or what its name begins with up to the second `_`.
    func part(of shard: String) -> any ObjectStore

    /// Whether it has more parts than one.
    var isDivided: Bool { get }

    /// The parts of the store in which a shard may lie: that of its number first, then those where it was published before
    /// borders were moved.
    ///
    /// - Throws: `StorageError` with `invalidKey` when no part holds that number.
    func parts(of key: ShardKey) throws(StorageError) -> [any ObjectStore]

    /// Gets an object ready to be read by ranges; nothing is asked of a remote store for it.
    ///
    /// - Parameter object: as it was listed.
    func open(_ object: ObjectAttributes) async throws(StorageError) -> any ObjectHandle

    /// Makes the files appear under their keys, refusing to replace anything, and returns once they are durable and
    /// confirmed. Each file has an outcome of its own, in the order given.
    func publish(_ files: [StagedFile]) async -> [Result<PublishOutcome, StorageError>]

    /// Nil if there is no such object.
    func attributes(of key: String) async throws(StorageError) -> ObjectAttributes?

    /// The CRC-32 of all of its bytes.
    func checksum(of key: String) async throws(StorageError) -> CRC32

    /// All bytes of a small object.
    func read(_ key: String) async throws(StorageError) -> [UInt8]

    /// The bytes of a range; fewer if the object ends before.
    func read(_ key: String, range: Range<UInt64>) async throws(StorageError) -> [UInt8]

    /// The last bytes, at most `count`, and the object's size.
    func readTail(_ key: String, count: Int) async throws(StorageError) -> (bytes: [UInt8], size: UInt64)

    /// Objects whose key begins with `prefix`, at most `limit` of them, beginning after the key `after`.
    func list(prefix: String, after: String?, limit: Int) async throws(StorageError) -> ObjectPage

    /// Removes an object; one that is not there is fine.
    func delete(_ key: String) async throws(StorageError)
}

extension ObjectStore {
    package var identity: String { name }

    package func prepare() async throws(StorageError) {}

    package func part(of shard: String) -> any ObjectStore { self }

    package var isDivided: Bool { false }

    package func parts(of key: ShardKey) throws(StorageError) -> [any ObjectStore] { [self] }
}
