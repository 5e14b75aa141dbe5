import DESCatalog
import DESTelemetry
import Synchronization

/// Marks the rows of published shards, a transaction for every `batch_size` rows, whatever shards they are in.
struct MarkStage: Sendable {
    /// Where so many files were published and not one of their rows could be marked, the rest would fare no better.
    static let mostSkipped = 10_000

    let context: SliceContext

    private var cycle: CycleContext { context.cycle }

    /// What is known so far of a shard that is being marked.
    private struct Progress {
        var isSettled = true
        let deletable = PackedRows()
    }

    /// Ends when the input has ended and everything is handed on.
    ///
    /// - Throws: ``SliceLost`` when the catalog refuses the fence, ``InvariantViolation``, `CancellationError`.
    func run(_ input: BoundedStream<PublishedShard>, into output: BoundedStream<MarkedShard>) async throws {
        defer { output.finish() }
        while let group = try await input.nextGroup(atMost: 256) {
            var progress = group.map { _ in Progress() }
            var transaction = MarkTransaction(capacity: cycle.settings.batchSize)
            for (position, shard) in group.enumerated() {
                for row in shard.rows {
                    guard let full = transaction.add(row, of: position) else { continue }
                    try await mark(full, &progress, group)
                }
            }
            if let rest = transaction.rest { try await mark(rest, &progress, group) }
            for (shard, progress) in zip(group, progress) {
                try await output.send(
                    MarkedShard(shard, isSettled: progress.isSettled, deletable: progress.deletable))
            }
        }
    }

    private func mark(
        _ rows: [MarkTransaction.Row], _ progress: inout [Progress], _ group: [PublishedShard]
    ) async throws {
        let start = cycle.elapsed
        let outcomes: [MarkOutcome]
        let tries = Atomic(0)
        do {
            let marks = rows.map { RowMark(key: $0.row.key, shard: group[$0.shard].name) }
            outcomes = try await cycle.retrying { [catalog = context.slice.catalog, fence = context.slice.fence] in
                tries.add(1, ordering: .relaxed)
                return try await catalog.mark(marks, within: fence)
            }
        } catch let error as CancellationError {
            throw error
        } catch let error as CatalogError where error.code == .fenced {
            throw SliceLost(description: "\(error)")
        } catch {
            for row in rows {
                progress[row.shard].isSettled = false
                cycle.ledger.failed(
                    row.row.key, .marking,
                    "in the published shard \(group[row.shard].name), but not marked: \(error); "
                        + "the next start marks it"
                )
            }
            return
        }
        cycle.ledger.metrics.stageTime(.mark, cycle.elapsed - start)
        var marked = 0
        var bytes: Int64 = 0
        for (row, outcome) in try InvariantViolation.paired(rows, outcomes, .markedIsPublished, "marking rows") {
            switch outcome {
            // After another try it was this process: only the answer was lost.
            case .marked,
                .alreadyMarked where tries.load(ordering: .relaxed) > 1:
                marked += 1
                bytes += row.row.size
                if cycle.settings.deletesSources { progress[row.shard].deletable.append(row.row) }
            case .alreadyMarked:
                cycle.ledger.skipped(row.row.key, "its row was marked by somebody else meanwhile")
            case .changed:
                cycle.ledger.skipped(row.row.key, "its row was changed or removed meanwhile; it is left as it is")
            case .refused(let reason):
                progress[row.shard].isSettled = false
                cycle.ledger.failed(
                    row.row.key, .marking,
                    "in the published shard \(group[row.shard].name), but the catalog refused the mark: \(reason); "
                        + "the next start tries again"
                )
            }
        }
        cycle.ledger.migrated(marked, bytes: bytes)
        let books = cycle.ledger.snapshot
        if books.filesMigrated == 0, books.filesSkipped >= Self.mostSkipped {
            cycle.control.stop(
                .fatal(
                    """
                    the rows of the first \(books.filesSkipped) published files were marked or changed by somebody else \
                    meanwhile, and not one could be marked: does another process migrate the same rows, or a view show other \
                    values at each look? Nothing more is packed
                    """), stopsReading: true)
        }
    }
}

/// Gathers rows of several shards into transactions of one size.
struct MarkTransaction {
    struct Row: Sendable {
        let row: PackedRow
        /// Position of its shard in the group.
        let shard: Int
    }

    private let capacity: Int
    private var rows: [Row] = []

    init(capacity: Int) { self.capacity = max(1, capacity) }

    /// Takes in a row of a shard; gives the transaction if it is full now.
    mutating func add(_ row: PackedRow, of shard: Int) -> [Row]? {
        rows.append(Row(row: row, shard: shard))
        guard rows.count >= capacity else { return nil }
        defer { rows.removeAll() }
        return rows
    }

    /// What is left for the last transaction.
    var rest: [Row]? { rows.isEmpty ? nil : rows }
}
