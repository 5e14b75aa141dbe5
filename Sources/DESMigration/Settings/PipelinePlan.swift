/// How the memory budget is shared out, so that the sum of all that can be in flight stays below it.
///
/// A batch holds files until it has `batchBytes`, so it is at most that and one file of the big-file threshold. Reading
/// tasks hold one batch each, compressing tasks hold one twice (in and out), and each of the two streams between
/// them holds its limit and one batch a producer in excess. Sealing reads one file back, decoded, a task.
package struct PipelinePlan: Sendable, Hashable {
    package let readers: Int
    package let compressors: Int
    package let sealers: Int
    package let uploads: Int
    /// Bytes at which a batch of small files is full.
    package let batchBytes: Int
    /// Files a batch.
    package let batchFiles: Int
    /// Limit of each stream that carries contents, in bytes.
    package let streamBytes: Int
    /// Memory of all open shards together: their indexes, rows and write buffers, in bytes.
    package let openShardBytes: Int
    /// Open shards at most, each of which has an open file.
    package let openShards: Int
    /// Limit of each stream that carries sealed shards, by the bytes of their rows.
    package let rowStreamBytes: Int

    /// - Parameters:
    ///   - processors: how many there are.
    ///   - fileDescriptors: how many files the process may have open.
    /// - Throws: `PlanError` if the budget is too small for a file of the big-file threshold.
    package init(_ settings: MigrationSettings, processors: Int, fileDescriptors: Int) throws(PlanError) {
        let budget = settings.memoryBudget
        let wantedReaders = settings.readers ?? max(2, min(processors, 8))
        let wantedCompressors = settings.compressors ?? max(1, min(processors, 16))
        let file = Int(clamping: settings.bigFileThreshold)
        let batchBytes = max(64 << 10, min(512 << 10, budget / 256))
        let (batch, overflows) = file.addingReportingOverflow(batchBytes)
        let forContents = budget / 2
        // The least that works: one reader, one compressor (in and out), one sealer, a batch in excess a stream.
        guard !overflows, batch <= forContents / 6 else {
            throw PlanError(bigFileThreshold: settings.bigFileThreshold, memoryBudget: budget)
        }
        // Each further task costs its batches: as many as are wanted and fit.
        var readers = 1
        var compressors = 1
        var sealers = 1
        func bytes() -> Int { (readers * 2 + compressors * 3 + sealers) * batch }
        var grew = true
        while grew {
            grew = false
            if compressors < wantedCompressors, bytes() + 3 * batch <= forContents {
                compressors += 1
                grew = true
            }
            if readers < wantedReaders, bytes() + 2 * batch <= forContents {
                readers += 1
                grew = true
            }
            if sealers < min(8, processors * 2), bytes() + batch <= forContents {
                sealers += 1
                grew = true
            }
        }
        self.readers = readers
        self.compressors = compressors
        self.sealers = sealers
        self.batchBytes = batchBytes
        batchFiles = 64
        streamBytes = max(batchBytes, min(16 << 20, (forContents - bytes()) / 2))
        openShardBytes = budget * 3 / 8
        rowStreamBytes = budget / 32
        openShards = max(16, min(1024, fileDescriptors / 2))
        uploads = max(1, settings.uploads)
    }
}

/// The memory budget cannot hold what the settings ask for.
package struct PlanError: Error, Sendable, Hashable, CustomStringConvertible {
    package let bigFileThreshold: UInt64
    package let memoryBudget: Int

    package var description: String {
        """
        pipeline.memory_budget of \(memoryBudget) bytes is too small for packer.big_file_threshold_bytes of \
        \(bigFileThreshold): files up to the threshold are packed in memory, which takes twelve times its size; raise \
        the budget or lower the threshold
        """
    }
}
