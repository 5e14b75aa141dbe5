import DESBase
import DESShard
import DESTelemetry

/// Makes finished shards durable, reads them back, checks every entry, and only then gives them their final name.
struct SealStage: Sendable {
    let context: SliceContext

    private var cycle: CycleContext { context.cycle }
    private var plan: PipelinePlan { context.plan }
    private var staging: StagingFolder { context.staging }

    /// Ends when the input has ended and everything is handed on.
    func run(_ input: BoundedStream<WrittenShard>, into output: BoundedStream<SealedShard>) async throws {
        defer { output.finish() }
        let gate = ByteGate(capacity: plan.sealers * plan.sealingBytes)
        try await runWorkers(plan.sealers, on: context.threads.sealing) { try await self.work(input, output, gate) }
    }

    private func work(
        _ input: BoundedStream<WrittenShard>, _ output: BoundedStream<SealedShard>, _ gate: ByteGate
    ) async throws {
        let decoder = PayloadDecoder()
        while let shard = try await input.next() {
            // An index of long meta is in memory as it is stored, as its lines, and as their values.
            let held = try await gate.acquire(plan.sealingBytes + 4 * shard.indexBytes)
            let start = cycle.elapsed
            let sealed = seal(shard, decoder)
            gate.release(held)
            cycle.ledger.metrics.stageTime(.pack, cycle.elapsed - start)
            if let sealed { try await output.send(sealed) }
        }
    }

    /// Nil if the shard is of no use; its files are in the books as failed then.
    private func seal(_ shard: WrittenShard, _ decoder: PayloadDecoder) -> SealedShard? {
        do {
            return try SealedShard(shard, in: staging, decoder: decoder)
        } catch {
            try? staging.files.remove(staging.openPath(shard.name))
            let reason: FailureReason = error is ShardError ? .verification : .staging
            cycle.ledger.failed(shard.rows, reason, "cannot seal the shard \(shard.name): \(error); left unmarked")
            if let error = error as? SystemError, error.isUnwritable {
                cycle.control.stop(.fatal("cannot write to the staging folder: \(error)"))
            }
            return nil
        }
    }
}

/// Reading a shard in staging back.
enum ShardVerification {
    /// Decodes every inline entry and compares it with the CRC-32 that was taken when its source was read, and the lookup table
    /// with the index. Big files were verified when they were published.
    ///
    /// - Parameter indexChecksum: of the index as it was written, if that is still known: names, times and hashes of big
    ///   files have no checksum of their own.
    /// - Throws: `ShardError` of the first damaged entry. Blocks.
    static func check(_ reader: ShardReader, indexChecksum: CRC32?, decoder: PayloadDecoder) throws(ShardError) {
        let path = reader.path
        if let indexChecksum, reader.index.checksum != indexChecksum {
            throw ShardError.verification(
                of: path, "expected an index of CRC-32 \(indexChecksum), found \(reader.index.checksum)"
            )
        }
        var failure: ShardError?
        reader.verify(includingBigFiles: false, decoder: decoder) { result in
            switch result {
            case .success(let entry) where entry.meta.crc32 == nil:
                failure = failure ?? .verification(of: path, "the entry \(entry.uid) has no crc32")
            case .success: break
            case .failure(let error): failure = failure ?? error
            }
        }
        if let failure { throw failure }
        _ = try reader.verifyLookupTable()
    }
}
