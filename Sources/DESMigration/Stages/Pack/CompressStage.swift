import DESBase
import DESCatalog
import DESRouting
import DESShard
import DESStorage
import DESTelemetry

/// Brings files into the form in which they are stored, several batches at a time.
struct CompressStage: Sendable {
    private let context: SliceContext
    private let metaMembers: MetaMembers

    init(context: SliceContext) {
        self.context = context
        metaMembers = MetaMembers(columns: context.settings.metaColumns)
    }

    private var cycle: CycleContext { context.cycle }
    private var settings: MigrationSettings { context.settings }
    private var buffers: BufferPool { context.buffers }

    /// Ends when the input has ended and everything is handed on to every output.
    func run(_ input: BoundedStream<ReadBatch>, into outputs: [BoundedStream<CompressedBatch>]) async throws {
        defer { for output in outputs { output.finish() } }
        try await runWorkers(context.plan.compressors, on: context.threads.compressing) {
            try await self.work(input, outputs)
        }
    }

    private func work(
        _ input: BoundedStream<ReadBatch>, _ outputs: [BoundedStream<CompressedBatch>]
    ) async throws {
        let compressor = PayloadCompressor(settings.compression)
        let members = ByteBuffer()
        while let batch = try await input.next() {
            let start = cycle.elapsed
            let payloads = buffers.take()
            let metas = ByteBuffer(capacity: batch.files.count * 80)
            var rowBytes = 0
            var files: [CompressedFile] = []
            files.reserveCapacity(batch.files.count)
            for file in batch.files {
                let payload: CompressedFile.Payload
                if let contents = file.contents {
                    let start = payloads.count
                    let isSkipped = Self.hasExtension(file.location, in: settings.skippedExtensions)
                    let codec = isSkipped ? nil : compressor.append(batch.bytes.bytes(contents), to: payloads)
                    payload = codec.map { .compressed(start..<payloads.count, $0) } ?? .plain(contents)
                } else if let bigFile = file.bigFile {
                    payload = .bigFile(sha256: bigFile)
                } else {
                    continue
                }
                let metaStart = metas.count
                members.removeAll()
                metaMembers.append(file.row.meta, to: members)
                Self.appendMeta(of: file, crc32: file.crc32, members: members, to: metas)
                let key = ShardKey(uid: file.uid, createdAt: file.createdAt, bits: settings.shardBits)
                let source = file.withoutMeta
                rowBytes += source.row.memoryInBytes
                files.append(CompressedFile(source: source, key: key, payload: payload, meta: metaStart..<metas.count))
            }
            cycle.ledger.metrics.stageTime(.pack, cycle.elapsed - start)
            // Not the batch as a whole, whose rows are as long as their meta.
            let (bytes, held) = (batch.bytes, batch.gateBytes)
            let lease = BatchLease(users: outputs.count) { [buffers, gate = context.gate] in
                buffers.give(bytes)
                buffers.give(payloads)
                gate.release(held)
            }
            let compressed = CompressedBatch(
                part: batch.part, files: files, rowBytes: rowBytes, contents: batch.bytes, payloads: payloads,
                metas: metas, lease: lease
            )
            for output in outputs { try await output.send(compressed) }
        }
    }

    private static func appendMeta(of file: SourceFile, crc32: CRC32, members: ByteBuffer, to metas: ByteBuffer) {
        var time: [UInt8] = []
        time.reserveCapacity(32)
        file.createdAt.appendRFC3339(to: &time)
        time.withUnsafeBytes {
            EntryMeta.append(to: metas, createdAt: $0, crc32: crc32, moreMembers: members.bytes)
        }
    }

    /// Whether the last part of the path ends in one of the extensions, in any case.
    static func hasExtension(_ path: String, in extensions: Set<String>) -> Bool {
        guard !extensions.isEmpty else { return false }
        // Only a short end is looked at: paths are many, extensions are few and short.
        let end = path.utf8.suffix(16)
        guard let dot = end.lastIndex(of: UInt8(ascii: ".")), dot > path.utf8.startIndex else { return false }
        let suffix = end[end.index(after: dot)...]
        guard !suffix.contains(UInt8(ascii: "/")), let text = String(suffix) else { return false }
        return extensions.contains(text.lowercased())
    }
}
