import DESCatalog
import DESCoordination
import DESShard
import DESStorage
import Logging

/// The slice is somebody else's by now; nothing more of it may be marked.
struct SliceLost: Error, CustomStringConvertible {
    let description: String
}

/// Runs the pipeline over a slice for as long as the slice is ours, and tells the slice how it ended.
struct SliceRun: Sendable {
    let context: SliceContext

    private var slice: any WorkSlice { context.slice }
    private var cycle: CycleContext { context.cycle }

    /// - Throws: `CancellationError` when the process gives up at once.
    func run() async throws {
        let before = cycle.ledger.snapshot
        let ledger = cycle.ledger
        let slice = slice
        let progress: @Sendable () -> SliceProgress = { ledger.snapshot.progress(since: before) }
        ledger.watchFailures { slice.failed($0, $1, $2) }
        defer { ledger.watchFailures(nil) }
        var end = SliceEnd.lost
        do {
            end = try await work(progress)
        } catch let error as SliceLost {
            ledger.logger.warning("\(error)", metadata: ["unit": "\(slice.name)"])
        }
        if end == .lost {
            try Task.checkCancellation()
            ledger.abandonInFlight("its unit of work \(slice.name) was taken over by another worker")
            try await StagingDiscard(cycle: cycle).run()
        }
        do {
            try await cycle.retrying { [end] in try await slice.finish(end, progress()) }
        } catch let error as SliceLost {
            ledger.logger.warning("\(error)", metadata: ["unit": "\(slice.name)"])
        }
    }

    private enum Ended: Sendable {
        case pipeline(Result<SliceEnd, any Error>)
        case hold(isLost: Bool)
    }

    /// The pipeline beside what holds the slice; whichever ends first cancels the other.
    private func work(_ progress: @escaping @Sendable () -> SliceProgress) async throws -> SliceEnd {
        let (result, isLost) = await withTaskGroup(of: Ended.self) { group in
            group.addTask {
                do {
                    return .pipeline(.success(try await pass()))
                } catch {
                    return .pipeline(.failure(error))
                }
            }
            group.addTask { [slice] in .hold(isLost: await slice.hold(progress)) }
            var result: Result<SliceEnd, any Error>?
            var isLost = false
            for await ended in group {
                switch ended {
                case .pipeline(let how): result = how
                case .hold(let lost): isLost = lost && result == nil
                }
                group.cancelAll()
            }
            return (result, isLost)
        }
        try Task.checkCancellation()
        guard !isLost, let result else { return .lost }
        return try result.get()
    }

    /// Adopts what is in doubt, and then takes the rows through the stages.
    private func pass() async throws -> SliceEnd {
        do {
            do {
                try await ShardAdoption(context: context).run()
            } catch let error as ShardError {
                // A damaged shard in the store stops its unit, not the others.
                cycle.ledger.logger.error("\(error)", metadata: ["unit": "\(slice.name)"])
                return .failed("a shard that an earlier worker published is damaged: \(error)")
            }
            guard cycle.control.reason == nil else { return ended }
            let scan = try await cycle.retrying { [slice] in try await slice.scan() }
            if let note = scan.pagingNote { cycle.ledger.advise(note) }
            do {
                try await SlicePipeline(context: context).run(scan)
            } catch {
                await scan.close()
                throw error
            }
            await scan.close()
            return ended
        } catch let error as CancellationError {
            throw error
        } catch let error as SliceLost {
            throw error
        } catch let error as CatalogError where error.code == .fenced {
            throw SliceLost(description: "\(error)")
        } catch let error as CoordinationError where error.code == .lost {
            throw SliceLost(description: "\(error)")
        } catch {
            cycle.control.stop(.fatal("\(error)"))
            return .failed("\(error)")
        }
    }

    private var ended: SliceEnd {
        switch cycle.control.reason {
        case nil: .completed
        case .interrupted, .limit: .stopped
        case .fatal(let message): .failed(message)
        }
    }
}

extension CycleResult {
    /// What was done since then.
    fileprivate func progress(since before: CycleResult) -> SliceProgress {
        var progress = SliceProgress()
        progress.filesMigrated = filesMigrated - before.filesMigrated
        progress.filesFailed = filesFailed - before.filesFailed
        progress.filesSkipped = filesSkipped - before.filesSkipped
        progress.bytes = totalSizeBytes - before.totalSizeBytes
        if let first = errors.dropFirst(before.errors.count).first {
            progress.firstError = "\(first.uid): \(first.reason.rawValue): \(first.message)"
        }
        return progress
    }
}
