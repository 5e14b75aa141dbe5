/// How the memory budget is shared out, so that the sum of all that can be in flight stays below it.
///
/// - A batch of small files is at most `batchBytes` and one file of `largeFileBytes`. A reading task holds one and one that it
///   hands on, a compressing task likewise, and another one for what comes out; a task that publishes big files holds one.
/// - Larger files, up to the big-file threshold, pass a gate: `gateBytes` of them, as read and as compressed, are in flight.
/// - A sealing task holds one file as stored and as decoded.
/// - Open shards hold their indexes, rows and write buffers: `openShardBytes`. Rows of shards on their way to be
///   marked: four streams of `rowStreamBytes`.
package struct PipelinePlan: Sendable, Hashable {
    package let readers: Int
    package let compressors: Int
    /// Owners of open shards, each of which has its share of the keys.
    package let appenders: Int
    package let sealers: Int
    package let uploads: Int
    /// Batches whose big files are published at a time.
    package let bigFiles: Int
    /// Bytes at which a batch of small files is full.
    package let batchBytes: Int
    /// Files a batch.
    package let batchFiles: Int
    /// Files larger than this, in bytes, pass the gate.
    package let largeFileBytes: Int
    /// Capacity of the gate, in bytes.
    package let gateBytes: Int
    /// Limit of each stream that carries contents, in bytes.
    package let streamBytes: Int
    /// Memory of all open shards together, in bytes.
    package let openShardBytes: Int
    /// Open shards at most, each of which has an open file.
    package let openShards: Int
    /// What a shard of ordinary rows takes while it is read back.
    package let sealingBytes: Int
    /// Finished shards that wait to be sealed, and again to be published, each of which has an open file.
    package let waitingShards: Int
    /// Limit of each stream that carries sealed shards, by the bytes of their rows.
    package let rowStreamBytes: Int
    /// The most that is in flight at any time by the sum of all of these, in bytes.
    package let worstCaseBytes: Int

    /// - Parameters:
    ///   - processors: how many there are.
    ///   - fileDescriptors: how many files the process may have open.
    /// - Throws: `PlanError` if the budget is too small for a file of the big-file threshold.
    package init(_ settings: MigrationSettings, processors: Int, fileDescriptors: Int) throws(PlanError) {
        let budget = settings.memoryBudget
        let threshold = Int(clamping: min(settings.bigFileThreshold, 1 << 50))
        let batchBytes = max(64 << 10, min(512 << 10, budget / 256))
        let largeFileBytes = min(threshold, batchBytes * 2)
        let batch = batchBytes + largeFileBytes
        let openShardBytes = budget / 16 * 5
        let rowStreamBytes = budget / 64
        let gateBytes = max(threshold * 2, budget / 16 * 3)
        let sealing = (threshold + (512 << 10)) * 2
        let bigFiles = max(1, min(settings.uploads, 2))
        let fixed = openShardBytes + rowStreamBytes * 4 + gateBytes + (bigFiles + 1) * batch

        func bytes(_ readers: Int, _ compressors: Int, _ sealers: Int, _ stream: Int) -> Int {
            fixed + (readers * 2 + compressors * 3) * batch + sealers * sealing + stream * 2
        }
        guard bytes(1, 1, 1, batchBytes) <= budget else {
            throw PlanError(bigFileThreshold: settings.bigFileThreshold, memoryBudget: budget)
        }
        // From the least that works, one more of each in turn, as many as are wanted and fit.
        let wantedReaders = settings.readers ?? max(4, min(processors, 16))
        let wantedCompressors = settings.compressors ?? max(1, min(processors, 16))
        let wantedSealers = max(4, min(processors, 8))
        let wantedStream = 16 << 20
        var (readers, compressors, sealers, stream) = (1, 1, 1, batchBytes)
        var grew = true
        while grew {
            grew = false
            if stream < wantedStream, bytes(readers, compressors, sealers, stream + batchBytes) <= budget {
                stream += batchBytes
                grew = true
            }
            if compressors < wantedCompressors, bytes(readers, compressors + 1, sealers, stream) <= budget {
                compressors += 1
                grew = true
            }
            if readers < wantedReaders, bytes(readers + 1, compressors, sealers, stream) <= budget {
                readers += 1
                grew = true
            }
            if sealers < wantedSealers, bytes(readers, compressors, sealers + 1, stream) <= budget {
                sealers += 1
                grew = true
            }
        }
        self.readers = readers
        self.compressors = compressors
        self.sealers = sealers
        sealingBytes = sealing
        self.batchBytes = batchBytes
        self.largeFileBytes = largeFileBytes
        self.gateBytes = gateBytes
        self.openShardBytes = openShardBytes
        self.rowStreamBytes = rowStreamBytes
        batchFiles = 64
        appenders = max(1, min(processors, 4))
        streamBytes = stream
        openShards = max(16, min(1024, fileDescriptors / 2))
        waitingShards = max(4, openShards / 8)
        uploads = max(1, settings.uploads)
        self.bigFiles = bigFiles
        worstCaseBytes = bytes(readers, compressors, sealers, stream)
    }
}

/// The memory budget cannot hold what the settings ask for.
package struct PlanError: Error, Sendable, Hashable, CustomStringConvertible {
    package let bigFileThreshold: UInt64
    package let memoryBudget: Int

    package var description: String {
        """
        pipeline.memory_budget of \(memoryBudget) bytes is too small for packer.big_file_threshold_bytes of \
        \(bigFileThreshold): files up to the threshold are packed in memory; make the budget at least eight times the \
        threshold and 24 MiB more, or lower the threshold
        """
    }
}
