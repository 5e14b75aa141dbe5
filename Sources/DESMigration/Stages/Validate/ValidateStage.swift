import DESCatalog
import DESRouting
import DESShard
import DESSystem
import DESTelemetry

/// Checks rows, and reads and checks their files, on threads of its own.
actor ValidateStage {
    private let sources: any SourceFiles
    private let settings: MigrationSettings
    private let hasSizes: Bool
    private let plan: PipelinePlan
    private let threads: ThreadPool
    private let buffers: BufferPool
    private let cycle: CycleContext

    init(
        sources: any SourceFiles, settings: MigrationSettings, hasSizes: Bool, plan: PipelinePlan, threads: ThreadPool,
        buffers: BufferPool, cycle: CycleContext
    ) {
        self.sources = sources
        self.settings = settings
        self.hasSizes = hasSizes
        self.plan = plan
        self.threads = threads
        self.buffers = buffers
        self.cycle = cycle
    }

    /// Ends when the input has ended and everything is handed on.
    func run(_ input: BoundedStream<RowBatch>, into output: BoundedStream<ReadBatch>) async throws {
        defer { output.finish() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<plan.readers {
                group.addTask(executorPreference: threads) { try await self.work(input, output) }
            }
            try await group.waitForAll()
        }
    }

    private nonisolated func work(
        _ input: BoundedStream<RowBatch>, _ output: BoundedStream<ReadBatch>
    ) async throws {
        while let batch = try await input.next() {
            var start = cycle.elapsed
            var part = 0
            var lastDay: Int64?
            var files: [SourceFile] = []
            var bytes = buffers.take()
            for row in batch.rows {
                guard let file = read(row, into: bytes) else { continue }
                lastDay = max(lastDay ?? .min, file.createdAt.dayNumber)
                files.append(file)
                guard bytes.count >= plan.batchBytes else { continue }
                let number = BatchPart(sequence: batch.sequence, number: part, isLast: false, lastDay: lastDay)
                cycle.ledger.metrics.stageTime(.validate, cycle.elapsed - start)
                try await output.send(ReadBatch(part: number, files: files, bytes: bytes))
                start = cycle.elapsed
                part += 1
                files = []
                bytes = buffers.take()
            }
            cycle.ledger.metrics.stageTime(.validate, cycle.elapsed - start)
            cycle.ledger.metrics.queueDepth(.pack, output.count)
            let number = BatchPart(sequence: batch.sequence, number: part, isLast: true, lastDay: lastDay)
            try await output.send(ReadBatch(part: number, files: files, bytes: bytes))
        }
    }

    /// Nil if the file failed, which is in the books then.
    private nonisolated func read(_ row: CatalogRow, into bytes: ByteBuffer) -> SourceFile? {
        let start = bytes.count
        do throws(SourceError) {
            let checked = try CheckedRow(row, hasSizes: hasSizes)
            let read = try sources.read(checked.location, bigFileThreshold: settings.bigFileThreshold, into: bytes)
            let contents: Range<Int>?
            let identity: FileIdentity
            switch read {
            case .contents(let found):
                identity = found
                contents = start..<bytes.count
            case .bigFile(let found):
                identity = found
                contents = nil
            }
            if let size = checked.size, size != identity.size {
                throw SourceError(
                    .sizeMismatch,
                    "\(checked.location) has \(identity.size) bytes, the catalog says \(size); left unmarked"
                )
            }
            cycle.ledger.read(identity.size)
            return SourceFile(
                row: row, uid: checked.uid, createdAt: checked.createdAt, location: checked.location,
                identity: identity, contents: contents,
                crc32: contents.map { CRC32(of: bytes.bytes($0)) } ?? CRC32()
            )
        } catch {
            bytes.truncate(to: start)
            cycle.ledger.failed(row.key, error.reason, error.message)
            return nil
        }
    }
}
