import DESCatalog
import DESTelemetry

/// Publishes the big files of batches that have some, several batches at a time. The others go past it.
struct BigFileStage: Sendable {
    private let context: SliceContext
    private let publisher: BigFilePublisher

    init(context: SliceContext) {
        self.context = context
        publisher = BigFilePublisher(context: context)
    }

    /// Ends when the input has ended and everything is handed on. The output has another producer, so it is not finished.
    func run(_ input: BoundedStream<ReadBatch>, into output: BoundedStream<ReadBatch>) async throws {
        try await runWorkers(context.plan.bigFiles) {
            while let batch = try await input.next() {
                var files: [SourceFile] = []
                for file in batch.files {
                    if file.contents != nil {
                        files.append(file)
                    } else if let file = try await published(file) {
                        files.append(file)
                    }
                }
                try await output.send(batch.with(files))
            }
        }
    }

    /// Nil if it is not to be packed now; the books say why.
    private func published(_ file: SourceFile) async throws -> SourceFile? {
        let (ledger, start) = (context.ledger, context.cycle.elapsed)
        guard context.permit.mayRead() else {
            // Nothing but its begin was looked at.
            ledger.left(1)
            return nil
        }
        do {
            let published = try await publisher.publish(file)
            ledger.count(1, .read)
            context.slice.wasRead(file.location)
            ledger.metrics.stageTime(.bigFiles, context.cycle.elapsed - start)
            return file.published(as: published.sha256, crc32: published.crc32)
        } catch is ReadingCut {
            ledger.left(1)
        } catch let error as SourceError {
            ledger.failed(file.row.key, error.reason, error.message)
        }
        return nil
    }
}
