import DESBase
import DESCatalog
import DESODBC

/// A mark of some rows in one transaction of a session.
struct ODBCMarking: Sendable {
    /// What a transaction ended with.
    enum Result: Sendable {
        case done([MarkOutcome])
        /// Others have locked some of the rows, and nothing was marked.
        case blocked
        /// A higher token was raised, and nothing was marked.
        case fenced
    }

    /// What the database has for a row, as far as it concerns the mark.
    private struct Found {
        enum State {
            case pending
            case marked
            /// Others hold it, and it is or may be pending.
            case locked
        }

        var state: State
        /// The keys of the pending rows: more than one if rows are equal.
        var keys: [ODBCValue]
    }

    let statements: ODBCMarkStatements
    let rows: [RowMark]
    let fence: Fence?
    /// Whether rows that others have locked are refused; else the transaction ends as ``Result/blocked``.
    let refusesLockedRows: Bool
    /// Whether all rows are read once more before the commit; else those of statements that changed fewer than they should.
    var rereadsRows: Bool
    /// Whether the marks stay; else they are tried and taken back.
    var commits = true

    private var table: ODBCTable { statements.table }
    private var dialect: SQLDialect { table.dialect }

    func run(in session: ODBCSession) throws -> Result {
        try session.transaction { () throws(ODBCError) in
            if let fence, let token = try token(of: fence, in: session), token > fence.token {
                return (.fenced, false)
            }
            let identities = rows.map(\.key)
            var found = try find(statements.lockedRows, Set(identities), .own, in: session).found
            let missing = Set(identities.filter { found[$0] == nil })
            if dialect.skipsLockedRows, !missing.isEmpty {
                let others = try find(statements.allRows, missing, .others, in: session).found
                if !refusesLockedRows, others.values.contains(where: { $0.state == .locked }) {
                    return (.blocked, false)
                }
                found.merge(others) { $1 }
            }
            return (.done(try update(identities, found, in: session)), commits)
        }
    }

    /// Finds the rows as a mark would, and changes nothing: those that are pending could be `marked`.
    func look(in session: ODBCSession) throws(ODBCError) -> [MarkOutcome] {
        let identities = rows.map(\.key)
        let found = try find(statements.allRows, Set(identities), .own, in: session).found
        return identities.map { identity in
            switch found[identity]?.state {
            case nil: .changed
            case .pending, .locked: .marked
            case .marked: .alreadyMarked
            }
        }
    }

    private func token(of fence: Fence, in session: ODBCSession) throws(ODBCError) -> Int64? {
        let statement = try session.statement(statements.sharedToken)
        try statement.execute([.text(fence.unit)])
        let rows = try statement.rows(atMost: 1)
        statement.close()
        return rows.first?.first?.integer
    }

    // MARK: Finding the rows

    /// How the rows of a query are to be taken.
    private enum Look {
        /// They are locked by this transaction.
        case own
        /// Others have locked those that are pending.
        case others
        /// They are locked and were marked by this transaction.
        case marked
    }

    /// What there is of the wanted rows, by their uids, and whether the table shows any marked row of these.
    private func find(
        _ sql: (Int) -> String, _ wanted: Set<RowKey>, _ look: Look, in session: ODBCSession
    ) throws(ODBCError) -> (found: [RowKey: Found], showsMarked: Bool) {
        var found: [RowKey: Found] = [:]
        var showsMarked = false
        var uids: [ODBCValue] = []
        for identity in wanted where identity.isComplete {
            if let value = dialect.value(identity.uid, for: table.uid) { uids.append(value) }
        }
        for uids in dialect.lists(of: uids).map(padded) {
            let query = ODBCQuery(
                sql: sql(uids.count), parameters: uids.map { ODBCParameter(table.uid.parameterKind, $0) })
            try session.forEachRow(of: query) { (row) throws(ODBCError) in
                let values = try row.values
                let identity = table.key(values)
                if values[3].integer != 1 { showsMarked = true }
                guard wanted.contains(identity) else { return }
                let state: Found.State =
                    switch (look, values[3].integer == 1) {
                    case (.own, let isPending), (.marked, let isPending): isPending ? .pending : .marked
                    // What others may roll back says nothing.
                    case (.others, let isPending): isPending || dialect.readsUncommitted ? .locked : .marked
                    }
                // Of equal rows one that is pending counts; afterwards others may still hold some that are.
                var entry = found[identity] ?? Found(state: state, keys: [])
                if (state == .marked) == (look == .marked) { entry.state = state }
                if state == .pending, values.count > 4 { entry.keys.append(values[4]) }
                found[identity] = entry
            }
        }
        return (found, showsMarked)
    }

    // MARK: Marking them

    private func update(
        _ identities: [RowKey], _ found: [RowKey: Found], in session: ODBCSession
    ) throws(ODBCError) -> [MarkOutcome] {
        var outcomes: [MarkOutcome] = []
        var positions: [Int] = []
        var seen: Set<RowKey> = []
        for (position, identity) in identities.enumerated() {
            switch found[identity]?.state {
            case nil where !identity.isComplete:
                outcomes.append(.refused(reason: "a row without uid, time or location cannot be marked"))
            case nil: outcomes.append(.changed)
            case .marked: outcomes.append(.alreadyMarked)
            case .locked: outcomes.append(.refused(reason: "locked by another transaction of the database"))
            case .pending:
                // The same row a second time finds it marked.
                let isFirst = seen.insert(identity).inserted
                outcomes.append(isFirst ? .marked : .alreadyMarked)
                if isFirst { positions.append(position) }
            }
        }
        for (position, reason) in try mark(positions, found, identities, in: session) {
            outcomes[position] = .refused(reason: reason)
        }
        // A row that was refused is refused for each who asked.
        for (position, identity) in identities.enumerated() where outcomes[position] == .alreadyMarked {
            guard found[identity]?.state == .pending, let first = identities.firstIndex(of: identity) else { continue }
            if case .refused = outcomes[first] { outcomes[position] = outcomes[first] }
        }
        return outcomes
    }

    /// Marks rows that are locked and pending. Answers the positions that the database refused, with its reasons.
    private func mark(
        _ positions: [Int], _ found: [RowKey: Found], _ identities: [RowKey], in session: ODBCSession
    ) throws(ODBCError) -> [(Int, String)] {
        guard !positions.isEmpty else { return [] }
        try session.statement(dialect.setSavepoint).execute()
        do {
            let isComplete: Bool
            if let key = table.singleKey {
                isComplete = try markByKey(key, positions, found, identities, in: session)
            } else {
                let (sql, kinds) = statements.update
                let count = try session.statement(sql).execute(kinds.map { parameter($0, positions) })
                isComplete = count == positions.count
            }
            let refused = isComplete && !rereadsRows ? [] : try unmarked(positions, in: session)
            if refused.isEmpty { return [] }
            try session.statement(dialect.rollbackToSavepoint).execute()
            let refusedPositions = Set(refused.map(\.0))
            let others = positions.filter { !refusedPositions.contains($0) }
            let alsoRefused = try mark(others, found, identities, in: session)
            return refused + alsoRefused
        } catch  where error.isCausedByRow || error.kind == .accessDenied {
            try session.statement(dialect.rollbackToSavepoint).execute()
            // A policy or a trigger may deny single rows; what is denied for all fails here too, and is said once.
            if error.kind == .accessDenied { try session.execute(statements.trial) }
            if positions.count == 1 { return [(positions[0], error.message)] }
            let middle = positions.count / 2
            return try mark(Array(positions[..<middle]), found, identities, in: session)
                + mark(Array(positions[middle...]), found, identities, in: session)
        }
    }

    /// Marks the rows by lists of their keys; whether all of them were changed.
    private func markByKey(
        _ key: ODBCColumn, _ positions: [Int], _ found: [RowKey: Found], _ identities: [RowKey],
        in session: ODBCSession
    ) throws(ODBCError) -> Bool {
        // Rows of one shard go together, since a statement has one name of a shard.
        var groups: [(shard: String, keys: [ODBCValue])] = []
        var groupOfShard: [ByteString: Int] = [:]
        for position in positions {
            let shard = table.shardKey == nil ? "" : rows[position].shard
            let group = groupOfShard[ByteString(shard)] ?? groups.count
            if group == groups.count {
                groupOfShard[ByteString(shard)] = group
                groups.append((shard, []))
            }
            groups[group].keys += found[identities[position]]?.keys ?? []
        }
        var isComplete = true
        for (shard, keys) in groups {
            for part in dialect.lists(of: keys) {
                let list = padded(part)
                var parameters = list.map { ODBCParameter(key.parameterKind, $0) }
                if let column = table.shardKey {
                    parameters.insert(ODBCParameter(column.parameterKind, .text(shard)), at: 0)
                }
                let count = try session.statement(statements.update(by: key, keys: list.count)).execute(parameters)
                if count != part.count { isComplete = false }
            }
        }
        return isComplete
    }

    /// With the last value repeated, which means the same in `IN`: few lengths, so that few statements are prepared.
    private func padded(_ values: [ODBCValue]) -> [ODBCValue] {
        guard let last = values.last else { return [] }
        var length = 1
        while length < values.count { length *= 4 }
        return values + Array(repeating: last, count: min(length, dialect.listLimit) - values.count)
    }

    /// Which of the rows that were marked are not, or are something else by now, and why.
    private func unmarked(_ positions: [Int], in session: ODBCSession) throws(ODBCError) -> [(Int, String)] {
        let wanted = Set(positions.map { rows[$0].key })
        let (found, showsMarked) = try find(statements.allRows, wanted, .marked, in: session)
        var unmarked: [(Int, String)] = []
        for position in positions {
            switch found[rows[position].key]?.state {
            case .marked: continue
            // A view may show pending rows only.
            case nil: if !table.isView || showsMarked { unmarked.append((position, MarkRefusal.changed)) }
            case .pending, .locked: unmarked.append((position, MarkRefusal.keptPending))
            }
        }
        return unmarked
    }

    private func parameter(_ kind: ODBCMarkStatements.Parameter, _ positions: [Int]) -> ODBCParameter {
        switch kind {
        case .shard:
            ODBCParameter(
                table.shardKey?.parameterKind ?? .text(isWide: false), positions.map { .text(rows[$0].shard) })
        case .key(let column):
            ODBCParameter(
                column.parameterKind,
                positions.map { dialect.value(value(of: column, in: rows[$0].key), for: column) ?? .null })
        case .nextMicrosecond:
            ODBCParameter(
                .text(isWide: false),
                positions.map { position in
                    guard let time = rows[position].key.createdAt.timestamp else { return .null }
                    let next = Timestamp(microsecondsSinceEpoch: time.microsecondsSinceEpoch + 1)
                    return .text(dialect.text(next, for: table.createdAt))
                })
        }
    }

    private func value(of column: ODBCColumn, in key: RowKey) -> CatalogValue {
        column.name == table.uid.name ? key.uid : column.name == table.createdAt.name ? key.createdAt : key.location
    }
}

extension ODBCError {
    /// Whether the row itself, not the database or the connection, is what a mark failed for.
    fileprivate var isCausedByRow: Bool { kind == .constraint || kind == .other }
}

extension RowKey {
    /// Whether no part of it is NULL: only then can the row be found.
    fileprivate var isComplete: Bool { uid != .null && createdAt != .null && location != .null }
}
