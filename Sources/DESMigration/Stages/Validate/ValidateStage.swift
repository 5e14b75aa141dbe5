import DESBase
import DESCatalog
import DESShard
import DESTelemetry

/// Checks rows, and reads and checks their files, on threads of its own.
struct ValidateStage: Sendable {
    private let context: SliceContext
    private let permit: ReadPermit

    init(context: SliceContext) {
        self.context = context
        permit = context.permit
    }

    private var cycle: CycleContext { context.cycle }
    private var plan: PipelinePlan { context.plan }
    private var gate: ByteGate { context.gate }

    /// Ends when the input has ended and everything is handed on. The output has another producer, so it is not finished.
    ///
    /// - Parameter bigFiles: gets the batches that have big files.
    func run(
        _ input: BoundedStream<RowBatch>, into output: BoundedStream<ReadBatch>, bigFiles: BoundedStream<ReadBatch>
    ) async throws {
        defer { bigFiles.finish() }
        try await runWorkers(plan.readers, on: context.threads.reading) {
            try await self.work(input) { batch in
                try await (batch.hasBigFiles ? bigFiles : output).send(batch)
            }
        }
    }

    private func work(
        _ input: BoundedStream<RowBatch>, _ handOn: (ReadBatch) async throws -> Void
    ) async throws {
        while let batch = try await input.next() {
            var start = cycle.elapsed
            var part = ReadPart(sequence: batch.sequence, number: 0, bytes: context.buffers.take())
            for row in batch.rows {
                // The rest of the rows counts as never fetched.
                guard permit.mayRead() else {
                    permit.settled(row)
                    continue
                }
                cycle.ledger.fetched(1)
                do {
                    try await read(row, into: &part)
                } catch is ReadingCut {
                    cycle.ledger.left(1)
                    permit.settled(row)
                    continue
                }
                guard part.bytes.count + part.rowBytes >= plan.batchBytes else { continue }
                cycle.ledger.metrics.stageTime(.validate, cycle.elapsed - start)
                try await handOn(part.batch(isLast: false))
                start = cycle.elapsed
                part = ReadPart(sequence: batch.sequence, number: part.number + 1, bytes: context.buffers.take())
            }
            cycle.ledger.metrics.stageTime(.validate, cycle.elapsed - start)
            try await handOn(part.batch(isLast: true))
        }
    }

    /// Adds the file to the part, or notes its failure in the books.
    ///
    /// - Throws: `CancellationError` and ``ReadingCut`` only.
    private func read(_ row: CatalogRow, into part: inout ReadPart) async throws {
        let start = part.bytes.count
        var held = 0
        do {
            let checked = try CheckedRow(row)
            let threshold = context.settings.bigFileThreshold
            var found = try await look(
                at: checked.location, bigFileThreshold: min(threshold, UInt64(plan.largeFileBytes)), into: part.bytes)
            if case .bigFile(let identity) = found, UInt64(identity.size) <= threshold {
                // As read, and as compressed.
                held = try await gate.acquire(Int(identity.size) * 2)
                found = try await look(at: checked.location, bigFileThreshold: threshold, into: part.bytes)
                if part.bytes.count < plan.batchBytes {
                    // It shrank or grew meanwhile, so the part is not handed on yet: a reader that goes on with what it
                    // holds could wait for itself.
                    gate.release(held)
                    held = 0
                }
            }
            let file = try Self.file(row, checked, found, part.bytes, from: start)
            cycle.ledger.read(file.identity.size)
            cycle.oddTimes.look(at: row.key)
            if file.contents != nil {
                cycle.ledger.count(1, .read)
                context.slice.wasRead(file.location)
            }
            part.add(file, gateBytes: held)
            permit.settled(row)
        } catch let cut as ReadingCut {
            part.bytes.truncate(to: start)
            gate.release(held)
            throw cut
        } catch let error as SourceError {
            part.bytes.truncate(to: start)
            gate.release(held)
            cycle.ledger.failed(row.key, error.reason, error.message)
            permit.settled(row, hasFailed: true)
        }
    }

    /// A stop cuts a reading from afar; what is read by calls that block is here soon.
    private func look(
        at location: String, bigFileThreshold: UInt64, into bytes: ByteBuffer
    ) async throws -> SourceRead {
        guard S3SourceLocation.isOne(location) else {
            return try await context.sources.read(location, bigFileThreshold: bigFileThreshold, into: bytes)
        }
        return try await cycle.control.whileReading { [sources = context.sources] in
            try await sources.read(location, bigFileThreshold: bigFileThreshold, into: bytes)
        }
    }

    private static func file(
        _ row: CatalogRow, _ checked: CheckedRow, _ found: SourceRead, _ bytes: ByteBuffer, from start: Int
    ) throws(SourceError) -> SourceFile {
        let contents: Range<Int>?
        let identity: FileIdentity
        switch found {
        case .contents(let read):
            identity = read
            contents = start..<bytes.count
        case .bigFile(let read):
            identity = read
            contents = nil
        }
        if let size = checked.size, size != identity.size {
            throw SourceError(
                .sizeMismatch,
                "\(checked.location) has \(identity.size) bytes, the catalog says \(size); left unmarked"
            )
        }
        return SourceFile(
            row: row, uid: checked.uid, createdAt: checked.createdAt, location: checked.location, identity: identity,
            contents: contents, crc32: contents.map { CRC32(of: bytes.bytes($0)) } ?? CRC32()
        )
    }
}

/// A part of a row batch while it is being read.
private struct ReadPart {
    let sequence: Int
    let number: Int
    let bytes: ByteBuffer
    private var files: [SourceFile] = []
    private var gateBytes = 0
    /// What the rows of the files take in memory.
    private(set) var rowBytes = 0

    init(sequence: Int, number: Int, bytes: ByteBuffer) {
        self.sequence = sequence
        self.number = number
        self.bytes = bytes
    }

    mutating func add(_ file: SourceFile, gateBytes held: Int) {
        files.append(file)
        rowBytes += file.row.memoryInBytes
        gateBytes += held
    }

    func batch(isLast: Bool) -> ReadBatch {
        let lastDay = files.lazy.map(\.createdAt.dayNumber).max()
        return ReadBatch(
            part: BatchPart(sequence: sequence, number: number, isLast: isLast, lastDay: lastDay), files: files,
            rowBytes: rowBytes, bytes: bytes, gateBytes: gateBytes
        )
    }
}
