package import DESBase

/// Marks that are tried on a few pending rows before anything is packed, and taken back.
///
/// One that is accepted ends the trial. Else rows that the cycle would pack are looked at, of several times: those that a trigger
/// refuses (on legal hold, not yet reviewed) must not stop the others. And rows that are not found again by their uid, time and
/// location would be packed anew in each cycle.
package struct MarkTrial: Sendable {
    /// How many rows are tried at most of each order, and of the oldest due ones.
    package static let rows = 20
    /// And of each later moment.
    private static let rowsOfMoment = 8
    /// So many due rows are read, of which these are chosen.
    private static let pageSize = 200
    /// How long due rows are looked for, and then tried.
    private static let timeLimit = Duration.seconds(10)
    /// Longer than the time between two values of a clock of seconds.
    private static let pauseOfView = Duration.milliseconds(1050)

    private let subject: any MarkTrialSubject
    private let cutoff: Timestamp
    private var refusal: (key: RowKey, reason: String)?
    /// A row that was not found again.
    private var lost: RowKey?
    /// Whether a row was accepted, or nothing can be said.
    private var isOver = false
    /// The latest time of a row that was tried.
    private var newest: Timestamp?
    private var hasMarks: Bool?

    /// - Parameter cutoff: rows of this time and later are not packed.
    package init(_ subject: any MarkTrialSubject, olderThan cutoff: Timestamp) {
        self.subject = subject
        self.cutoff = cutoff
    }

    /// - Throws: ``CatalogError`` with `notMarkable` if no row takes a mark, although some are due.
    package mutating func run() async throws {
        for order in MarkTrialOrder.allCases {
            try await attempt(try await subject.rows(order).map(\.key))
            guard isInDoubt else { return }
        }
        // Then it takes marks, and the rows that refuse them fail one by one.
        if lost == nil, try await tableHasMarks() { return }
        if let due = try await dueRows() {
            (refusal, lost) = (nil, nil)
            try await attempt(due, for: Self.timeLimit)
            guard isInDoubt else { return }
        }
        if lost != nil {
            // Somebody may have changed just these.
            lost = nil
            if let due = try await oldestDueRows() {
                try await attempt(due, for: Self.timeLimit)
            } else {
                try await attempt(try await subject.rows(.any).map(\.key))
            }
            guard isInDoubt else { return }
            if let lost { throw notFound(lost) }
        }
        if let refusal, try await !tableHasMarks() { throw refused(refusal) }
    }

    /// Whether marks have failed and none was accepted.
    private var isInDoubt: Bool { !isOver && (refusal != nil || lost != nil) }

    /// Tries rows that were just read until one is accepted, or that time is over: without an index on the uid each attempt
    /// reads the table.
    private mutating func attempt(_ rows: [RowKey], for time: Duration = .seconds(600)) async throws {
        let keys = rows.filter(\.isUsable)
        guard !keys.isEmpty else { return }
        if subject.isView { try await Task.sleep(for: Self.pauseOfView) }
        let end = ContinuousClock.now + time
        for key in keys where !isOver && .now < end {
            newest = max(newest ?? .earliest, key.createdAt.timestamp ?? .earliest)
            switch try await subject.attempt(key) {
            case .outcome(.marked), .tableIsLocked: isOver = true
            case .outcome(.refused(let reason)): refusal = refusal ?? (key, reason)
            case .outcome(.changed): lost = lost ?? key
            case .outcome(.alreadyMarked), .rowIsLocked: break
            }
        }
    }

    private mutating func tableHasMarks() async throws -> Bool {
        if let hasMarks { return hasMarks }
        let answer = try await subject.hasMarks()
        hasMarks = answer
        return answer
    }

    // MARK: Due rows

    private func oldestDueRows() async throws -> [RowKey]? {
        let end = ContinuousClock.now + Self.timeLimit
        return try await dueRows(from: .earliest, until: end).map { Self.spread($0, Self.rows) }
    }

    /// Rows of several times that the cycle would pack, from the oldest one on; nil if none could be read in the time that there
    /// is.
    private func dueRows() async throws -> [RowKey]? {
        let end = ContinuousClock.now + Self.timeLimit
        guard let first = try await dueRows(from: .earliest, until: end) else { return nil }
        guard let oldest = first.first?.createdAt.timestamp else { return [] }
        var keys = Self.spread(first, Self.rows)
        var moments = MarkTrialMoments(from: oldest, to: min(newest ?? .now(), cutoff))
        var last = first.last?.createdAt.timestamp
        while let moment = moments.next(after: last) {
            guard let rows = try await dueRows(from: moment, until: end) else { break }
            keys += Self.spread(rows, Self.rowsOfMoment)
            last = rows.last?.createdAt.timestamp
        }
        return keys
    }

    /// Nil if the time is up.
    private func dueRows(from moment: Timestamp, until end: ContinuousClock.Instant) async throws -> [RowKey]? {
        let range = PendingRange(from: moment, before: cutoff, includesUndated: false)
        return try await withThrowingTaskGroup(of: [RowKey]?.self) { [subject] group in
            group.addTask {
                let scan = try await subject.pendingRows(in: range)
                do {
                    let page = try await scan.nextPage(atMost: Self.pageSize)
                    await scan.close()
                    return page.map(\.key)
                } catch {
                    await scan.close()
                    throw error
                }
            }
            group.addTask {
                try await Task.sleep(until: end)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// Some of the rows, from the first to the last.
    private static func spread(_ rows: [RowKey], _ count: Int) -> [RowKey] {
        guard rows.count > count else { return rows }
        return (0..<count).map { rows[$0 * (rows.count - 1) / (count - 1)] }
    }

    // MARK: Errors

    private func refused(_ refusal: (key: RowKey, reason: String)) -> CatalogError {
        notMarkable(
            "DES tried a mark on the row with the uid \(Self.text(refusal.key)) and took it back: \(refusal.reason)",
            advice:
                "DES writes \(subject.written); make the table take that, name another archived_column, or leave such rows out "
                + "by where_clause; nothing was packed")
    }

    private func notFound(_ key: RowKey) -> CatalogError {
        notMarkable(
            """
            the row with the uid \(Self.text(key)) was not found again by its uid, time and location a moment after it was read, \
            and neither was any other that was tried, as in a view whose values change at each look (now(), random())
            """,
            advice:
                "DES could mark no file that it packs, and would pack it again in each cycle; give the rows values that stay the "
                + "same, or name the table behind the view; nothing was packed")
    }

    private func notMarkable(_ reason: String, advice: String) -> CatalogError {
        CatalogError(
            code: .notMarkable, what: "cannot mark rows of table \"\(subject.table)\"", place: subject.place,
            reason: reason, advice: advice)
    }

    private static func text(_ key: RowKey) -> String {
        key.uid.uidText.map { String($0.prefix(256)).debugDescription } ?? "NULL"
    }
}
