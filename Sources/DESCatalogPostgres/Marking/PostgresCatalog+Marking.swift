package import DESCatalog
import DESPostgres
import Synchronization

extension PostgresCatalog {
    /// Marks the rows by one statement, which is one transaction. Where a row is locked or refuses the mark, the others are
    /// marked by further ones, and the locked ones are tried again until ``Limits/lockWait`` is over.
    package func mark(_ rows: [RowMark], within fence: Fence?) async throws -> [MarkOutcome] {
        guard !rows.isEmpty else { return [] }
        let table = try await table()
        let what = "cannot mark \(rows.count) rows of table \"\(schema.table)\""
        try checkWritable(what)
        guard table.archived != nil else {
            throw CatalogError(
                code: .notMarkable, what: what, place: place, reason: "the catalog has no archived column")
        }
        let place = place
        let first = try await writer.use(what) { [self] session in
            var run = PostgresMarkRun(
                rows, of: table, within: fence, isChangedAfterwards: try isChangedAfterwards(table, in: session),
                what: what, place: place)
            try run.mark(in: session)
            return run
        }
        let last = try await first.locked.isEmpty ? first : retryLocked(first, what, by: clock)
        return last.outcomes.map { $0 ?? .changed }
    }

    /// Whether triggers and the like may change a row after it was marked; asked again after a minute.
    private func isChangedAfterwards(_ table: PostgresTable, in session: PostgresSession) throws -> Bool {
        if let answer = afterwards.withLock({ $0 }), .now < answer.expiry { return answer.isChanged }
        let request = PostgresMarkSQL.isChangedAfterwards(table)
        let isChanged = try session.query(request.sql, request.parameters).bool(0, 0) != false
        afterwards.withLock { $0 = (isChanged, .now + .seconds(60)) }
        return isChanged
    }

    private func retryLocked(
        _ first: PostgresMarkRun, _ what: String, by clock: some Clock<Duration>
    ) async throws -> PostgresMarkRun {
        var run = first
        let deadline = clock.now.advanced(by: limits.lockWait)
        while !run.locked.isEmpty, clock.now < deadline {
            try await clock.sleep(until: min(clock.now.advanced(by: Self.retryPause), deadline), tolerance: nil)
            let current = run
            run = try await writer.use(what) { session in
                var run = current
                try run.markLocked(in: session)
                return run
            }
        }
        run.refuseLocked(after: limits.lockWait)
        return run
    }

    private static let retryPause = Duration.milliseconds(100)
}
