package import DESCatalog
import DESODBC
import Synchronization

extension ODBCCatalog {
    package func mark(_ rows: [RowMark], within fence: Fence?) async throws -> [MarkOutcome] {
        guard !rows.isEmpty else { return [] }
        let table = try await table()
        let what = "cannot mark \(rows.count) rows of table \"\(schema.table)\""
        try checkWritable(what)
        guard table.markedValue != nil else { throw notMarkable(table, what: what) }
        let statements = ODBCMarkStatements(table: table)
        // Where no triggers are seen the first marks are a trial: one that is there, but not shown, does its work on them.
        let rereadsRows = table.mayHaveTriggers || !hasTriedMarks.withLock { $0 }
        let result = try await retryingLocks(for: settings.lockWait) { isLast in
            try await self.writer.run(what) { session in
                try ODBCMarking(
                    statements: statements, rows: rows, fence: fence, refusesLockedRows: isLast,
                    rereadsRows: rereadsRows
                ).run(in: session)
            }
        }
        switch result {
        case .done(let outcomes):
            if outcomes.contains(.marked) { hasTriedMarks.withLock { $0 = true } }
            return outcomes
        case .fenced: throw fenced(fence, what: what)
        case .blocked:
            // Not with the last attempt, which refuses them.
            throw CatalogError(code: .locked, what: what, place: place, reason: "other transactions hold the rows")
        }
    }

    /// Makes attempts, with longer and longer pauses, until one is not blocked by others.
    ///
    /// - Parameter attempt: gets whether it is the last one.
    private func retryingLocks(
        for time: Duration, _ attempt: (_ isLast: Bool) async throws -> ODBCMarking.Result
    ) async throws -> ODBCMarking.Result {
        var pause = Duration.milliseconds(20)
        let end = ContinuousClock.now + time
        while true {
            let isLast = ContinuousClock.now + pause >= end
            do {
                let result = try await attempt(isLast)
                guard case .blocked = result, !isLast else { return result }
            } catch let error as CatalogError where error.code == .locked && !isLast {
                // A deadlock, or a lock that a trigger waited for: the transaction was rolled back.
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(500))
        }
    }

    package func raise(_ fence: Fence) async throws {
        let table = try await table()
        let what = "cannot take over unit \(fence.unit) with token \(fence.token)"
        try checkWritable(what)
        let statements = ODBCMarkStatements(table: table)
        try await createFenceTable(statements, what: what)
        // A paused worker's transaction is ended by the server after its idle time.
        let result = try await retryingLocks(for: settings.lockWait + settings.idleTransactionTimeout) { _ in
            try await self.writer.run(what) { session in
                try Self.raise(fence, statements, in: session) ? .done([]) : .fenced
            }
        }
        if case .fenced = result { throw fenced(fence, what: what) }
    }

    /// False if a higher token is there.
    private static func raise(
        _ fence: Fence, _ statements: ODBCMarkStatements, in session: ODBCSession
    ) throws -> Bool {
        let unit = ODBCParameter.text(fence.unit)
        let token = ODBCParameter.integer(fence.token)
        return try session.transaction { () throws(ODBCError) in
            let current = try session.execute(statements.lockedToken, [unit]).first?.first?.integer
            if let current {
                if current > fence.token { return (false, false) }
                if current < fence.token { try session.execute(statements.raiseToken, [token, unit, token]) }
                return (true, true)
            }
            do throws(ODBCError) {
                try session.execute(statements.insertToken, [unit, token])
            } catch  where error.kind == .constraint {
                // Another worker was faster: its token is compared in the next attempt.
                throw ODBCError(
                    kind: .locked, sqlState: error.sqlState, nativeCode: error.nativeCode, message: error.message)
            }
            return (true, true)
        }
    }

    private func createFenceTable(_ statements: ODBCMarkStatements, what: String) async throws {
        try await writer.run(what) { session in
            do throws(ODBCError) {
                // The right to create is needed only if somebody else has not done it.
                _ = try session.execute(statements.sharedToken, [.text("")])
                return
            } catch  where error.kind == .missingTable {}
            do throws(ODBCError) {
                try session.execute(statements.createFenceTable)
            } catch  where error.kind != .unreachable {
                // Two workers may have created it at once.
                guard (try? session.execute(statements.sharedToken, [.text("")])) != nil else { throw error }
            }
        }
    }

    private func fenced(_ fence: Fence?, what: String) -> CatalogError {
        CatalogError(
            code: .fenced, what: what, place: place,
            reason: "another worker has taken over unit \(fence?.unit ?? "")", advice: "nothing was marked")
    }
}
