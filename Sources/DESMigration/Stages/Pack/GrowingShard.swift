import DESBase
import DESRouting
import DESShard

/// What a shard writer writes to: a file in staging.
struct StagingSink: ShardSink {
    let file: any StagingFile

    func write(_ bytes: UnsafeRawBufferPointer) throws { try file.write(bytes) }
}

/// A shard that still grows, with the rows of its files.
final class GrowingShard {
    private static let writebackBytes: UInt64 = 256 << 10

    /// Tells it from the other open shards of the cycle.
    let number: Int
    let key: ShardKey
    /// Its final name.
    let name: String
    let rows = PackedRows()
    private let file: any StagingFile
    private let writer: ShardWriter<StagingSink>
    /// Bytes that the kernel was asked to write to the device.
    private var writtenBack: UInt64 = 0

    init(number: Int, key: ShardKey, name: String, file: any StagingFile) {
        self.number = number
        self.key = key
        self.name = name
        self.file = file
        writer = ShardWriter(name: name, sink: StagingSink(file: file))
    }

    var isEmpty: Bool { writer.entryCount == 0 }

    var memoryInBytes: Int { writer.memoryInBytes + rows.memoryInBytes }

    func contains(uid: String) -> Bool { writer.contains(uid: uid) }

    /// Whether a file of that stored size and meta fits without growing the shard over the limit; the first always does.
    func hasRoom(for file: CompressedFile, limit: UInt64) -> Bool {
        guard !isEmpty else { return true }
        let entry = UInt64(file.storedSize + file.meta.count + file.source.uid.utf8.count + 128)
        return writer.sizeInBytes + entry <= limit
    }

    func append(_ file: CompressedFile, of batch: CompressedBatch) throws {
        let meta = batch.metas.bytes(file.meta)
        let size = UInt64(file.source.identity.size)
        switch file.payload {
        case .compressed(let range, let codec):
            try writer.append(
                uid: file.source.uid, stored: batch.payloads.bytes(range), codec: codec, size: size, meta: meta
            )
        case .plain(let range):
            try writer.append(
                uid: file.source.uid, stored: batch.contents.bytes(range), codec: .none, size: size, meta: meta
            )
        case .bigFile(let sha256):
            try writer.appendBigFile(uid: file.source.uid, sha256: sha256, size: size, meta: meta)
        }
        rows.append(file.source.packedRow)
    }

    /// The file, if enough was written since the last time for the device to be kept busy; else nil.
    func fileToWriteBack() -> (any StagingFile)? {
        guard writer.writtenBytes >= writtenBack + Self.writebackBytes else { return nil }
        writtenBack = writer.writtenBytes
        return file
    }

    /// Writes the end of the shard.
    func finish() throws -> WrittenShard {
        let indexBytes = writer.memoryInBytes
        try writer.finish()
        return WrittenShard(
            name: name, file: file, size: writer.writtenBytes, indexChecksum: writer.indexChecksum,
            indexBytes: indexBytes, rows: rows
        )
    }
}
