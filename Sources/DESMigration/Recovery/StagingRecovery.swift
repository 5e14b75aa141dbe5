import DESBase
import DESCatalog
import DESShard
import DESStorage
import DESTelemetry
import Logging

/// Brings to its end what an interrupted run left in staging: sealed shards are verified, published, marked from their own
/// index and cleaned up; unsealed ones are thrown away, because their files are still where they were.
///
/// Every step can be repeated, so it does not matter where the other run ended, or whether this one ends in between.
struct StagingRecovery: Sendable {
    let marking: RecoveryMarking
    let cycle: CycleContext

    private var staging: StagingFolder { cycle.staging }
    private var threads: ThreadPool { cycle.threads.files }

    /// - Throws: `SystemError` when the staging folder cannot be used, `CancellationError`.
    func run() async throws {
        let leftovers = try await threads.run { [staging] in
            let leftovers = try staging.leftovers()
            for name in leftovers.unfinished { try staging.files.remove("\(staging.path)/\(name)") }
            return leftovers
        }
        for name in leftovers.damaged {
            cycle.ledger.logger.error(
                "a damaged shard lies in staging; look into it, then remove it",
                metadata: ["path": "\(staging.path)/\(name)"]
            )
        }
        guard !leftovers.sealed.isEmpty else { return }
        cycle.ledger.logger.notice(
            "recovering shards that an interrupted run left in staging",
            metadata: ["shards": "\(leftovers.sealed.count)"]
        )
        defer { cycle.ledger.recovery = nil }
        var pace = LogPace(every: .seconds(10), isFirstDue: false)
        let start = cycle.elapsed
        for (index, name) in leftovers.sealed.enumerated() where cycle.control.reason == nil {
            let progress = RecoveryProgress(shard: index + 1, count: leftovers.sealed.count)
            cycle.ledger.recovery = progress
            if pace.isDue(at: cycle.elapsed - start) { cycle.ledger.logger.notice("\(progress.text)") }
            try await recover(name)
        }
    }

    private func recover(_ name: String) async throws {
        let path = staging.sealedPath(name)
        let reader: ShardReader
        do {
            reader = try await threads.run {
                // A power failure may have come between its sync and now.
                try OpenFile(path).synchronize()
                let reader = try ShardReader(path: path)
                try ShardVerification.check(reader, indexChecksum: nil, decoder: PayloadDecoder())
                return reader
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            // Nothing is destroyed: it may be published already, and then the two are one file.
            try await threads.run { [staging] in
                try staging.files.rename(path, to: path + StagingFolder.damagedSuffix)
            }
            cycle.ledger.logger.error(
                "a shard in staging is damaged and was set aside; its files are packed again if they are not marked",
                metadata: ["path": "\(path)\(StagingFolder.damagedSuffix)", "error": "\(error)"]
            )
            return
        }
        try await threads.run { [staging] in try staging.files.synchronizeDirectory(staging.path) }
        let size = reader.sizeInBytes
        let staged = StagedFile(path: path, key: name, size: size)
        switch try await Publishing(store: marking.store, cycle: cycle).publish([staged]).first {
        case .success(let outcome):
            cycle.ledger.published(
                shards: outcome == .created ? 1 : 0, bytes: outcome == .created ? Int64(size) : 0, bigFiles: 0)
        case .failure(let error):
            // Its rows are pending: going on would pack their files a second time.
            cycle.control.stop(
                .fatal("cannot publish the shard \(name), which waits in staging: \(error); nothing more was migrated")
            )
            return
        case nil: return
        }
        let isSettled = try await marking.mark(reader, shard: name)
        guard isSettled else { return }
        try await threads.run { [staging] in try staging.files.remove(path) }
    }
}
