import DESBase
import DESStorage
import Logging

/// Throws away what an earlier unit of work left in staging. Whoever has the unit now finds the published shards in the
/// store; the files of the others are still where they were, and are packed again.
struct StagingDiscard: Sendable {
    let cycle: CycleContext

    /// - Throws: `SystemError` when the staging folder cannot be used, `CancellationError`.
    func run() async throws {
        let count = try await cycle.threads.files.run { [staging = cycle.staging] in
            let leftovers = try staging.leftovers()
            let names = leftovers.sealed + leftovers.unfinished
            for name in names { try staging.files.remove("\(staging.path)/\(name)") }
            return names.count
        }
        guard count > 0 else { return }
        cycle.ledger.logger.notice(
            "removed unpublished or settled shards of an earlier unit of work from staging",
            metadata: ["files": "\(count)"]
        )
    }
}
