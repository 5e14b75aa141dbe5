import DESBase
import DESRetrieval
import DESRouting
import DESShard

/// A file as tests put it into shards.
struct TestFile {
    var uid: String
    var createdAt = "2024-01-02T03:04:05Z"
    var contents: [UInt8]
    var bigFile = false

    /// What it is asked for by.
    var request: FileRequest {
        FileRequest(uid: uid, createdAt: Timestamp(parsing: createdAt) ?? Timestamp(microsecondsSinceEpoch: 0))
    }

    /// What the names of its shards begin with.
    var prefix: String { ShardKey(uid: uid, createdAt: request.createdAt, bits: .standard).namePrefix }

    /// The hash that its big file is named by.
    var sha256: String {
        let hash = SHA256()
        contents.withUnsafeBytes { hash.update($0) }
        return hash.finish()
    }

    /// Different bytes for different seeds.
    static func bytes(_ count: Int, seed: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: ($0 / 7) &* 31 &+ seed &* 17 &+ ($0 >> 8)) }
    }

    /// Files of one shard: their uids are numbers with the same remainder.
    static func sameShard(_ count: Int, size: Int = 1000, number: Int = 5) -> [TestFile] {
        (0..<count).map { TestFile(uid: String(number + $0 * 256), contents: bytes(size, seed: $0)) }
    }
}

/// Gathers what a writer writes.
final class ShardBytes: ShardSink {
    private(set) var bytes: [UInt8] = []
    func write(_ more: UnsafeRawBufferPointer) throws { bytes.append(contentsOf: more) }
}

/// One shard with these files.
///
/// - Parameter crc32OfBigFiles: what stands in the meta of big files instead of their checksum.
func makeShard(
    _ files: [TestFile], lookupThreshold: Int = 4_096, codec: Codec = .zstd, crc32OfBigFiles: UInt32? = nil
) throws -> [UInt8] {
    let sink = ShardBytes()
    let writer = ShardWriter(name: "test.des", sink: sink, lookupThreshold: lookupThreshold)
    let compressor = PayloadCompressor(CompressionSettings(codec: codec))
    for file in files {
        try file.contents.withUnsafeBytes { contents in
            let meta = ByteBuffer()
            Array(file.createdAt.utf8).withUnsafeBytes { time in
                let other = file.bigFile ? crc32OfBigFiles.map { CRC32(value: $0) } : nil
                EntryMeta.append(
                    to: meta, createdAt: time, crc32: other ?? CRC32(of: contents),
                    moreMembers: UnsafeRawBufferPointer(start: nil, count: 0))
            }
            if file.bigFile {
                return try writer.appendBigFile(
                    uid: file.uid, sha256: file.sha256, size: UInt64(contents.count), meta: meta.bytes)
            }
            let stored = ByteBuffer()
            let used = compressor.append(contents, to: stored) ?? .none
            if used == .none { stored.append(contents) }
            try writer.append(
                uid: file.uid, stored: stored.bytes, codec: used, size: UInt64(contents.count), meta: meta.bytes)
        }
    }
    try writer.finish()
    return sink.bytes
}
