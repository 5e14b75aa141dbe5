import DESBase
import DESStorage
package import Logging

/// Compares a catalog with the shards and big files of a store, day by day, in constant memory, and repairs, if it is told to,
/// what is safe to repair.
///
/// Three answers: a row is called missing, and a big file orphaned, only if everything that could have it was read.
/// Whoever lets it repair holds the staging folder's lock.
package struct Reconciliation: Sendable {
    private let world: ReconciliationWorld
    private let settings: ReconciliationSettings
    private let logger: Logger
    private let threads: ThreadPool

    package init(world: ReconciliationWorld, settings: ReconciliationSettings, logger: Logger) {
        self.world = world
        self.settings = settings
        self.logger = logger
        threads = world.threads.pool("des-reconcile", count: 2)
    }

    /// - Parameter onStart: gets the book in which findings are kept, for whoever shows how far it is.
    /// - Throws: `CatalogError` or `StorageError` when the rows cannot be read or the shards not be listed, `SpoolError`,
    ///   `CancellationError`.
    package func run(onStart: @Sendable (FindingBook) -> Void = { _ in }) async throws -> ReconciliationReport {
        let staged = try await LeftoverCheck.stagedFiles(in: world.stagingDirectory, on: threads)
        let context = ReconciliationContext(
            world: world, settings: settings, spool: try await Spool.make(on: threads),
            book: FindingBook(limit: settings.limit), parts: StoreParts(of: world.store, bits: settings.shardBits),
            staged: Set(staged.filter(\.isSealed).map { ByteString($0.name) }), logger: logger,
            start: world.now().microsecondsSinceEpoch / 1_000_000)
        onStart(context.book)
        let reader = ShardIndexReader(context: context)
        let shards = DayShards(context: context, reader: reader)
        let rows = try await MarkedRows(context)
        do {
            try await compare(rows, shards, reader, context)
        } catch {
            await rows.close()
            throw error
        }
        await rows.close()
        try await BigFileCheck(context: context, reader: shards).run()
        try await LeftoverCheck(context: context, threads: threads).run(staged: staged)
        return context.book.snapshot
    }

    private func compare(
        _ rows: MarkedRows, _ shards: DayShards, _ reader: ShardIndexReader, _ context: ReconciliationContext
    ) async throws {
        func settlement(of day: Int64, onlyRows: Bool) -> DaySettlement {
            DaySettlement(
                context: context, day: day, reader: shards,
                repair: PendingRowRepair(context: context, reader: reader, threads: threads), onlyRows: onlyRows)
        }
        let list = ListedShards(context, countsOthers: true)
        var done: Int64?
        while true {
            let rowDay = try await rows.nextDay(after: done)
            let shardDay = try await list.nextDay()
            guard let day = [rowDay, shardDay].compactMap({ $0 }).min() else { break }
            try await context.spool.beginDay()
            if rowDay == day {
                while case let page = try await rows.next(of: day), !page.isEmpty { try await context.spool.add(page) }
            }
            let outcome = try await shards.read(list, day: day)
            logger.debug("\(ListedShards.text(of: day)): \(outcome.count) shards")
            try await settlement(of: day, onlyRows: false).run(isComplete: outcome.isComplete)
            context.book.count { $0.days += 1 }
            done = day
        }
        guard await rows.hasLateRows else { return }
        var late: Int64?
        while let day = try await context.spool.lateDay(after: late) {
            try await context.spool.beginDay()
            try await context.spool.takeLateRows(of: day)
            let outcome = try await shards.readAgain(day: day)
            try await settlement(of: day, onlyRows: true).run(isComplete: outcome.isComplete)
            late = day
        }
    }
}
