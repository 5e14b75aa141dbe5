import DESBase
import DESCatalog
import DESShard
import DESStorage
import Logging

/// Brings to its end what an earlier holder of a unit of work published: its shards are read back from the store, verified,
/// and their rows marked. Without this their files would be packed a second time.
struct ShardAdoption: Sendable {
    let context: SliceContext

    private static let pieceSize: UInt64 = 4 << 20

    private var slice: any WorkSlice { context.slice }
    private var cycle: CycleContext { context.cycle }
    private var staging: StagingFolder { context.staging }

    func run() async throws {
        let shards = try await cycle.retrying { [slice] in try await slice.shardsInDoubt() }
        for shard in shards {
            guard cycle.control.reason == nil else { return }
            let isThere = try await cycle.retrying { [slice] in try await slice.store.attributes(of: shard) != nil }
            guard isThere else {
                try await cycle.retrying { [slice] in try await slice.abandon(shard) }
                // Its maker may have published it between the look and the note, and then asked too early whether to take it
                // back. The fence is raised: no row was or will be marked for it.
                try await cycle.retrying { [slice] in
                    if try await slice.store.attributes(of: shard) != nil { try await slice.store.delete(shard) }
                }
                continue
            }
            guard try await adopt(shard) else { continue }
            try await cycle.retrying { [slice] in try await slice.settle([shard]) }
        }
    }

    /// - Returns: whether all of its rows are settled.
    private func adopt(_ shard: String) async throws -> Bool {
        // Under the name of an unfinished file, so that whatever happens, the next start throws it away.
        let path = staging.openPath(shard)
        do {
            let reader = try await copy(shard, to: path)
            let marking = RecoveryMarking(
                catalog: slice.catalog, fence: slice.fence, store: slice.store, cleanup: context.cleanup,
                heldBack: context.heldBack, cycle: cycle)
            let isSettled = try await marking.mark(reader, shard: shard)
            try await remove(path)
            cycle.ledger.logger.notice(
                "took over a shard that another worker had published", metadata: ["shard": "\(shard)"])
            return isSettled
        } catch {
            try await remove(path)
            throw error
        }
    }

    private func copy(_ shard: String, to path: String) async throws -> ShardReader {
        try await remove(path)
        let file = try await context.threads.files.run { [staging] in try staging.files.create(path) }
        var offset: UInt64 = 0
        while true {
            let range = offset..<(offset + Self.pieceSize)
            let piece = try await cycle.retrying { [slice] in try await slice.store.read(shard, range: range) }
            guard !piece.isEmpty else { break }
            try await context.threads.files.run { try piece.withUnsafeBytes { try file.write($0) } }
            offset += UInt64(piece.count)
        }
        return try await context.threads.files.run {
            let reader = try ShardReader(path: path)
            try ShardVerification.check(reader, indexChecksum: nil, decoder: PayloadDecoder())
            return reader
        }
    }

    private func remove(_ path: String) async throws {
        try await context.threads.files.run { [staging] in try staging.files.remove(path) }
    }
}
