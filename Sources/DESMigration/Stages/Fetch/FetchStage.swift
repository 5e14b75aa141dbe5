import DESCatalog
import DESStorage
import DESTelemetry

/// Reads pages of rows and hands them on in small batches, until the catalog has no more or the cycle is to stop.
struct FetchStage: Sendable {
    let scan: any PendingRowScan
    let context: SliceContext

    private var cycle: CycleContext { context.cycle }
    private var plan: PipelinePlan { context.plan }
    private var gate: SharedFetchGate { context.fetchGate }

    /// - Throws: `CancellationError` only. When the catalog fails, the cycle is stopped and what was fetched goes on.
    func run(into output: BoundedStream<RowBatch>) async throws {
        defer { output.finish() }
        var sequence = 0
        while try await fetchPage(into: output, &sequence) {}
    }

    /// False at the end.
    private func fetchPage(into output: BoundedStream<RowBatch>, _ sequence: inout Int) async throws -> Bool {
        guard try await mayFetch() else { return false }
        let start = cycle.elapsed
        var page: [CatalogRow]
        do {
            page = try await cycle.retrying { [scan, size = gate.withGate { $0.pageSize(cycle.settings.batchSize) }] in
                try await scan.nextPage(atMost: size)
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            cycle.control.stop(.fatal("cannot read on in the catalog: \(error)"))
            return false
        }
        cycle.ledger.metrics.stageTime(.fetch, cycle.elapsed - start)
        guard !page.isEmpty else { return false }
        page = context.heldBack.removed(from: page)
        var position = 0
        while position < page.count {
            guard try await mayFetch() else { return false }
            let rows = page[position..<endOfBatch(page, from: position)]
            let admitted = gate.withGate { $0.admit(sizes: rows.lazy.map(\.size.integerValue)) }
            position += admitted
            guard admitted > 0 else { continue }
            try await output.send(RowBatch(sequence: sequence, rows: Array(rows.prefix(admitted))))
            sequence += 1
        }
        return true
    }

    /// At least one row, and as few as it takes to fill a batch.
    private func endOfBatch(_ page: [CatalogRow], from start: Int) -> Int {
        var bytes = 0
        var end = start
        while end < min(start + plan.batchFiles, page.count), bytes < plan.batchBytes {
            bytes += page[end].memoryInBytes
            end += 1
        }
        return end
    }

    private func mayFetch() async throws -> Bool {
        while true {
            try Task.checkCancellation()
            if cycle.control.reason != nil { return false }
            let (elapsed, bytesRead) = (cycle.elapsed, cycle.ledger.bytesRead)
            let (limit, ofReading, mayGetRoom) = gate.withGate { gate in
                (
                    gate.limitReached(elapsed: elapsed, bytesRead: bytesRead),
                    gate.readingLimit(elapsed: elapsed, bytesRead: bytesRead), gate.mayGetRoom
                )
            }
            guard let limit else { return true }
            guard ofReading == nil, mayGetRoom else {
                cycle.control.stop(.limit(limit), stopsReading: ofReading != nil)
                return false
            }
            // Files that cannot be read make room for others.
            await gate.nextSettled()
        }
    }
}
