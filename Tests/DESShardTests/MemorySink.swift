import DESBase
import DESShard

/// Keeps what a shard writer writes.
final class MemorySink: ShardSink {
    private(set) var bytes: [UInt8] = []

    func write(_ more: UnsafeRawBufferPointer) throws { bytes.append(contentsOf: more) }
}

/// One shard with these files, as the pipeline would write it.
func makeShard(
    _ files: [(uid: String, contents: [UInt8])], compression: CompressionSettings = CompressionSettings(),
    bufferSize: Int = 64 << 10, lookupThreshold: Int = 4_096
) throws -> [UInt8] {
    let sink = MemorySink()
    let writer = ShardWriter(
        name: "test.des", sink: sink, bufferSize: bufferSize, lookupThreshold: lookupThreshold)
    let compressor = PayloadCompressor(compression)
    for file in files {
        try file.contents.withUnsafeBytes { contents in
            let stored = ByteBuffer()
            let codec = compressor.append(contents, to: stored) ?? .none
            if codec == .none { stored.append(contents) }
            let meta = ByteBuffer()
            Array("2024-01-02T03:04:05Z".utf8).withUnsafeBytes { time in
                EntryMeta.append(
                    to: meta, createdAt: time, crc32: CRC32(of: contents),
                    moreMembers: UnsafeRawBufferPointer(start: nil, count: 0)
                )
            }
            try writer.append(
                uid: file.uid, stored: stored.bytes, codec: codec, size: UInt64(contents.count), meta: meta.bytes
            )
        }
    }
    try writer.finish()
    return sink.bytes
}
