import DESCatalog
import DESPostgres

/// Marks rows in statements that are each a transaction of their own.
///
/// A statement of many rows that failed for one of them is halved until that row is found. Rows that another transaction
/// holds are left out and named: no row is locked while the mark waits for another one.
struct PostgresMarkRun: Sendable {
    /// Long enough for the writes that every row sees now and then; short enough that the rows which are locked already do not
    /// wait for the rest noticeably.
    static let lockTimeout = Duration.milliseconds(10)
    /// Where no row is waited for: for locks of the table and for internal ones.
    private static let tableLockTimeout = Duration.milliseconds(500)

    private(set) var outcomes: [MarkOutcome?]
    /// The positions of the marks whose rows were locked, and are to be tried again.
    private(set) var locked: [Int]

    /// Whether the user may mark rows of the table at all: asked when the server has denied it for some.
    private var mayMark = false
    /// Whether marked rows are read once more before the commit.
    private var isRereading: Bool
    private let marks: [RowMark]
    private let table: PostgresTable
    private let fence: Fence?
    private let place: String
    private let what: String

    /// - Parameter isChangedAfterwards: see ``PostgresMarkSQL/isChangedAfterwards(_:)``.
    init(
        _ marks: [RowMark], of table: PostgresTable, within fence: Fence?, isChangedAfterwards: Bool, what: String,
        place: String
    ) {
        isRereading = isChangedAfterwards
        self.marks = marks
        self.table = table
        self.fence = fence
        self.what = what
        self.place = place
        outcomes = Array(repeating: nil, count: marks.count)
        locked = Array(marks.indices)
    }

    /// The first attempt.
    mutating func mark(in session: PostgresSession) throws {
        try markAll(isWaiting: true, in: session)
    }

    /// Tries the rows that were locked again.
    mutating func markLocked(in session: PostgresSession) throws {
        try markAll(isWaiting: false, in: session)
    }

    private mutating func markAll(isWaiting: Bool, in session: PostgresSession) throws {
        let positions = locked
        locked = []
        // No index finds NULL by a comparison that holds for it: such keys must not slow down the others.
        let withoutUID = positions.filter { marks[$0].key.uid == .null }
        let withUID = withoutUID.isEmpty ? positions : positions.filter { marks[$0].key.uid != .null }
        for group in [withUID, withoutUID] where !group.isEmpty {
            try mark(group[...], isWaiting: isWaiting, in: session)
        }
    }

    /// Gives up the rows that are still locked.
    mutating func refuseLocked(after time: Duration) {
        for position in locked {
            outcomes[position] = .refused(reason: "locked by another transaction for \(Self.seconds(time)) s")
        }
        locked = []
    }

    /// With tenths, if they matter.
    private static func seconds(_ time: Duration) -> String {
        let tenths = Int64((time / .milliseconds(100)).rounded())
        return tenths % 10 == 0 ? String(tenths / 10) : "\(tenths / 10).\(tenths % 10)"
    }

    private mutating func mark(_ positions: ArraySlice<Int>, isWaiting: Bool, in session: PostgresSession) throws {
        let sql = PostgresMarkSQL(positions.map { marks[$0] }, of: table, within: fence)
        do {
            let updated =
                isWaiting
                ? try update(positions, sql, isWaiting, in: session)
                : try withTableLockTimeout(session) { try update(positions, sql, isWaiting, in: session) }
            for position in updated.marked { outcomes[position] = .marked }
            try resolve(positions.filter { outcomes[$0] == nil }, free: updated.free, in: session)
        } catch let change as ChangedRows {
            for position in change.positions { outcomes[position] = Self.changedByDatabase }
            let others = positions.filter { !change.positions.contains($0) }
            if !others.isEmpty { try mark(others[...], isWaiting: isWaiting, in: session) }
        } catch let error as PostgresError {
            switch error.code {
            case .refusedRow where !isRereading && error.message.contains(PostgresMarkSQL.changedRow):
                // Now one statement tells which rows these are.
                isRereading = true
                try mark(positions, isWaiting: isWaiting, in: session)
            case .locked where isWaiting:
                try mark(positions, isWaiting: false, in: session)
            case .locked:
                locked += positions
            case .accessDenied where !mayMark:
                // A policy or a trigger may deny single rows; else it is the same for all, and is said once.
                try PostgresMarkCheck(table: table).run(in: session)
                mayMark = true
                try mark(positions, isWaiting: isWaiting, in: session)
            case .refusedRow where positions.count > 1, .accessDenied where positions.count > 1:
                let middle = positions.startIndex + positions.count / 2
                try mark(positions[..<middle], isWaiting: isWaiting, in: session)
                try mark(positions[middle...], isWaiting: isWaiting, in: session)
            case .refusedRow, .accessDenied:
                for position in positions { outcomes[position] = .refused(reason: error.message) }
            case .missingObject where fence != nil && error.message.contains(PostgresMarkSQL.fences):
                throw fenced
            default: throw error
            }
        }
    }

    /// What a statement has marked, and which of its rows no other transaction held.
    private struct Updated {
        var marked: Set<Int> = []
        var changed: Set<Int> = []
        var free: Set<Int> = []
    }

    /// Rows that the database itself makes something else of when they are marked. The transaction was rolled back.
    private struct ChangedRows: Error {
        let positions: Set<Int>
    }

    private func update(
        _ positions: ArraySlice<Int>, _ sql: PostgresMarkSQL, _ isWaiting: Bool, in session: PostgresSession
    ) throws -> Updated {
        guard isRereading else { return try updateOnce(positions, sql, isWaiting, in: session) }
        return try session.transaction {
            let updated = try updateOnce(positions, sql, isWaiting, in: session)
            // Triggers that wait for the commit are run now.
            try session.execute("SET CONSTRAINTS ALL IMMEDIATE")
            let changed = try updated.changed.union(unmarked(positions.filter(updated.marked.contains), in: session))
            guard changed.isEmpty else { throw ChangedRows(positions: changed) }
            return updated
        }
    }

    private func updateOnce(
        _ positions: ArraySlice<Int>, _ sql: PostgresMarkSQL, _ isWaiting: Bool, in session: PostgresSession
    ) throws -> Updated {
        let isGuarded = !isRereading
        let request = isWaiting ? sql.update(isGuarded: isGuarded) : sql.updateFreeRows(isGuarded: isGuarded)
        let rows = try session.query(request.sql, request.parameters)
        var updated = Updated(free: isWaiting ? Set(positions) : [])
        for row in 0..<rows.rowCount {
            guard let position = position(rows.integer(row, 0), of: positions) else { continue }
            if !isWaiting { updated.free.insert(position) }
            if isWaiting || rows.bool(row, 1) == true { updated.marked.insert(position) }
            let isChanged = isWaiting ? rows.bool(row, 1) != true : rows.bool(row, 2) == true
            if isChanged { updated.changed.insert(position) }
        }
        return updated
    }

    /// Which of the rows that were marked are not, or are not there any more as what they were.
    private func unmarked(_ positions: [Int], in session: PostgresSession) throws -> [Int] {
        guard !positions.isEmpty else { return [] }
        let request = PostgresMarkSQL(positions.map { marks[$0] }, of: table, within: nil).marked
        let rows = try session.query(request.sql, request.parameters)
        var isMarked: [Int: Bool] = [:]
        for row in 0..<rows.rowCount {
            if let position = position(rows.integer(row, 0), of: positions[...]) {
                isMarked[position] = rows.bool(row, 1) == true
            }
        }
        // A view may show pending rows only.
        return positions.filter { !(isMarked[$0] ?? (table.isView)) }
    }

    /// Finds out about the rows that were not marked.
    ///
    /// - Parameter free: those that no other transaction held.
    private mutating func resolve(_ open: [Int], free: Set<Int>, in session: PostgresSession) throws {
        guard !open.isEmpty else { return }
        if let fence {
            let request = PostgresMarkSQL.isCurrent(fence)
            guard try session.query(request.sql, request.parameters).rowCount > 0 else { throw fenced }
        }
        for position in open { outcomes[position] = .changed }
        let state = PostgresMarkSQL(open.map { marks[$0] }, of: table, within: nil).state
        let rows = try session.query(state.sql, state.parameters)
        for row in 0..<rows.rowCount {
            guard let position = position(rows.integer(row, 0), of: open[...]) else { continue }
            if rows.bool(row, 1) != true {
                outcomes[position] = .alreadyMarked
            } else if rows.bool(row, 2) != true {
                outcomes[position] = .changed
            } else if free.contains(position) {
                outcomes[position] = Self.keptPending
            } else {
                outcomes[position] = nil
                locked.append(position)
            }
        }
    }

    /// Where the key stands that a statement counts from 1.
    private func position(_ number: Int64?, of positions: ArraySlice<Int>) -> Int? {
        guard let number, number >= 1, number <= positions.count else { return nil }
        return positions[positions.startIndex + Int(number) - 1]
    }

    private func withTableLockTimeout<Result>(_ session: PostgresSession, _ body: () throws -> Result) throws -> Result
    {
        func set(_ limit: Duration) throws {
            let milliseconds = limit.components.seconds * 1000 + limit.components.attoseconds / 1_000_000_000_000_000
            _ = try session.query("SELECT set_config('lock_timeout', $1, false)", [.text(String(milliseconds))])
        }
        try set(Self.tableLockTimeout)
        defer {
            // If it fails the connection broke, and the next one has the right limit.
            try? set(Self.lockTimeout)
        }
        return try body()
    }

    private var fenced: CatalogError {
        CatalogError(
            code: .fenced, what: what, place: place,
            reason: "another worker has the unit \"\(fence?.unit ?? "")\" by now; token \(fence?.token ?? 0) is void",
            advice: "its rows are left to that worker")
    }

    private static let changedByDatabase = MarkOutcome.refused(
        reason:
            "a trigger or rule of the database undoes the mark, or changes uid, time or location of the row with it; "
            + "the mark was rolled back")
    static let keptPending = MarkOutcome.refused(
        reason: "a trigger, rule or policy of the database left the row pending")
}
