import DESBase
import DESCatalog
import Logging

/// The marked rows of a catalog by days, a page at a time.
///
/// They come in the order of time, but where times are stored in several forms each form may have an order of its own: rows
/// whose day is done are put aside, and compared at the end.
actor MarkedRows {
    private let context: ReconciliationContext
    private let scan: any PendingRowScan
    private var buffer: ArraySlice<SpooledRow> = []
    private var isEnded = false
    private var late: [SpooledRow] = []
    /// Whether rows were put aside.
    private(set) var hasLateRows = false

    private static let pageSize = 5000

    init(_ context: ReconciliationContext) async throws {
        self.context = context
        let settings = context.settings
        let range = PendingRange(
            from: settings.firstDay.map { Self.start(of: $0) } ?? .earliest,
            before: settings.lastDay.map { Self.start(of: $0 + 1) } ?? .latest,
            includesUndated: settings.isWhole, state: .archived)
        scan = try await context.retrying { try await context.world.catalog.pendingRows(in: range) }
        if let note = scan.pagingNote { context.logger.notice("\(note)") }
    }

    private static func start(of day: Int64) -> Timestamp {
        Timestamp(microsecondsSinceEpoch: day * CivilDate.microsecondsPerDay)
    }

    func close() async { await scan.close() }

    /// The day of the next row that is later than the one given; nil at the end.
    func nextDay(after done: Int64?) async throws -> Int64? {
        while true {
            try await fill()
            guard let row = buffer.first else {
                try await keepLate(atLeast: 1)
                return nil
            }
            let day = row.time.dayNumber
            guard let done, day <= done else { return day }
            putAside()
            try await keepLate(atLeast: Self.pageSize)
        }
    }

    /// The next rows of a day; empty if another one follows.
    func next(of day: Int64) async throws -> [SpooledRow] {
        while true {
            try await fill()
            let page = buffer.prefix { $0.time.dayNumber == day }
            buffer = buffer.dropFirst(page.count)
            if !page.isEmpty { return Array(page) }
            guard let row = buffer.first, row.time.dayNumber < day else { return [] }
            putAside()
            try await keepLate(atLeast: Self.pageSize)
        }
    }

    private func putAside() {
        hasLateRows = true
        if let row = buffer.popFirst() { late.append(row) }
    }

    private func keepLate(atLeast count: Int) async throws {
        guard late.count >= count else { return }
        let rows = late
        late = []
        try await context.spool.addLate(rows)
    }

    private func fill() async throws {
        while buffer.isEmpty, !isEnded {
            let page = try await context.retrying { [scan] in try await scan.nextPage(atMost: Self.pageSize) }
            guard !page.isEmpty else {
                isEnded = true
                return
            }
            context.book.count { $0.markedRows += page.count }
            buffer = page.compactMap(spooled)[...]
        }
    }

    /// Nil, and a finding, if no shard can have its file.
    private func spooled(_ row: CatalogRow) -> SpooledRow? {
        let uid = row.key.uid.uidText
        guard let uid, !uid.isEmpty, let time = row.key.createdAt.timestamp else {
            var finding = Finding(
                .markedWithoutKey, uid: uid, location: row.key.location.uidText,
                message: row.key.createdAt.timestamp == nil
                    ? "created_at is \(row.key.createdAt.uidText.map { "\($0)" } ?? "NULL")" : "no uid")
            finding.createdAt = row.key.createdAt.timestamp?.rfc3339
            context.book.add(finding)
            return nil
        }
        return SpooledRow(uid: uid, time: time, place: row.key.location.place)
    }
}

extension CatalogValue {
    /// A hash by which the locations of rows with one uid and time are told apart.
    var place: Int64 {
        var hasher = Hasher()
        // By its bytes: equal texts may differ in them.
        Array((uidText ?? "").utf8).withUnsafeBytes { hasher.combine(bytes: $0) }
        return Int64(hasher.finalize())
    }
}
