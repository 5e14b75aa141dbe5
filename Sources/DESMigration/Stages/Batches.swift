import DESBase
import DESCatalog
import DESRouting
import DESShard

/// Rows of the catalog on their way to being read, in the catalog's order.
struct RowBatch: Sendable {
    /// Counts the batches of a cycle from 0.
    let sequence: Int
    let rows: [CatalogRow]

    var memoryInBytes: Int { rows.reduce(0) { $0 + $1.memoryInBytes } }
}

/// A part of what became of a `RowBatch`. Parts arrive in any order; when the last one and all before it are there, the
/// batch is complete.
struct BatchPart: Sendable, Hashable {
    let sequence: Int
    /// Counts the parts of the batch from 0.
    let number: Int
    let isLast: Bool
    /// The latest day of the batch's files up to here; nil without any.
    let lastDay: Int64?
}

/// A file that was checked and, unless it is a big one, read.
struct SourceFile: Sendable {
    private(set) var row: CatalogRow
    let uid: String
    let createdAt: Timestamp
    let location: String
    let identity: FileIdentity
    /// Where its bytes lie in the batch; nil for a big file.
    let contents: Range<Int>?
    /// Of its bytes, taken when they were read; that of no bytes for a big file that is not published yet.
    private(set) var crc32: CRC32
    /// The name of a big file that is published, its SHA-256.
    private(set) var bigFile: String?

    /// A big file that is published by now.
    func published(as bigFile: String, crc32: CRC32) -> SourceFile {
        var file = self
        file.bigFile = bigFile
        file.crc32 = crc32
        return file
    }

    var packedRow: PackedRow { PackedRow(key: row.key, identity: identity) }

    /// Once the values of its row that go into the shard are written.
    var withoutMeta: SourceFile {
        var file = self
        file.row.meta = []
        return file
    }
}

/// Files in memory.
struct ReadBatch: Sendable {
    let part: BatchPart
    let files: [SourceFile]
    /// What the rows of the files take in memory.
    let rowBytes: Int
    let bytes: ByteBuffer
    /// What its large files hold of the gate.
    let gateBytes: Int

    /// Whether there are big files in it, which are to be published before the batch goes on.
    var hasBigFiles: Bool { files.contains { $0.contents == nil } }

    /// The same batch with what has become of its files.
    func with(_ files: [SourceFile]) -> ReadBatch {
        ReadBatch(part: part, files: files, rowBytes: rowBytes, bytes: bytes, gateBytes: gateBytes)
    }
}

/// A file in the form in which it will be stored.
struct CompressedFile: Sendable {
    enum Payload: Sendable {
        /// Where the compressed bytes lie in `payloads`.
        case compressed(Range<Int>, Codec)
        /// Where the bytes, stored as they are, lie in `contents`.
        case plain(Range<Int>)
        /// It is published already under its hash.
        case bigFile(sha256: String)
    }

    let source: SourceFile
    let key: ShardKey
    let payload: Payload

    /// Bytes it takes in the shard.
    var storedSize: Int {
        switch payload {
        case .compressed(let range, _), .plain(let range): range.count
        case .bigFile: 0
        }
    }

    /// Where its meta lies among the batch's metas.
    let meta: Range<Int>
}

/// Files ready to be appended to shards. Every appender gets the batch and takes its own files from it.
struct CompressedBatch: Sendable {
    let part: BatchPart
    let files: [CompressedFile]
    /// What the rows of the files take in memory.
    let rowBytes: Int
    /// The files as they were read.
    let contents: ByteBuffer
    let payloads: ByteBuffer
    let metas: ByteBuffer
    /// What the last appender gives back.
    let lease: BatchLease
}
