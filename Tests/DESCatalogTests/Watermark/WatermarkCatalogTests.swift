import DESBase
import DESCatalog
import DESCatalogSQLite
import Synchronization
import Testing

@testable import DESCatalogWatermark

@Suite("A catalog behind a watermark")
struct WatermarkCatalogTests {
    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(parsing: text)) }

    /// Ten files a day of three days, in a table that nobody may change.
    private func base() throws -> TemporaryDatabase {
        try TemporaryDatabase(
            TemporaryDatabase.defaultTable,
            """
            WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 29)
            INSERT INTO files SELECT i + 1, 'uid' || i, strftime('%Y-%m-%d %H:%M:%S', 1704067200 + i * 8640, 'unixepoch'),
                '/data/' || i, 100, 0 FROM n
            """, TemporaryDatabase.index,
            "INSERT INTO files (uid, created_at, file_location) VALUES ('undated', NULL, '/x')",
            "CREATE TRIGGER never BEFORE UPDATE ON files BEGIN SELECT RAISE(ABORT, 'never change this'); END")
    }

    private func catalog(_ base: TemporaryDatabase, _ store: any ArchiveStore) -> WatermarkCatalog {
        let schema = CatalogSchema(table: "files", archivedColumn: nil)
        return WatermarkCatalog(base: base.catalog(schema: schema), store: store)
    }

    @Test("Pending is what is after the watermark and neither packed nor set aside", arguments: ArchiveKind.allCases)
    func pending(kind: ArchiveKind) async throws {
        let base = try base()
        defer { withExtendedLifetime(base) {} }
        let fixture = try ArchiveFixture(kind)
        defer { withExtendedLifetime(fixture) {} }
        let store = fixture.store()
        let catalog = catalog(base, store)
        try await catalog.checkSchema()
        // Before anything is prepared all rows are pending: a dry run creates nothing.
        #expect(try await catalog.statistics(olderThan: .latest).totalFiles == 30)
        try await store.prepare()

        let range = PendingRange(before: .latest, includesUndated: false)
        let rows = try await catalog.pendingRows(in: range).allRows(pageSize: 7)
        #expect(rows.count == 30)
        let marks = rows[0..<12].map { RowMark(key: $0.key, shard: "s") }
        #expect(try await catalog.mark(marks, within: nil) == Array(repeating: .marked, count: 12))
        #expect(try await catalog.mark([marks[0]], within: nil) == [.alreadyMarked])
        #expect(try await catalog.mark([], within: nil).isEmpty)
        let failure = ArchiveFailure(key: rows[15].key, reason: "missing", message: "gone", isPermanent: true)
        #expect(try await store.failed([failure], cycle: "1", limit: 1) == [true])
        let left = rows[12..<15] + rows[16...]
        #expect(try await catalog.pendingRows(in: range).allRows(pageSize: 7) == Array(left))
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows().count == 18)

        try await store.advance(from: nil, to: try time("2024-01-02"))
        #expect(try await catalog.pendingRows(in: range).allRows(pageSize: 1) == Array(left))
        let statistics = try await catalog.statistics(olderThan: try time("2024-01-03"))
        #expect(statistics.totalFiles == 7)
        #expect(statistics.totalSizeInBytes == 700)
        #expect(statistics.rowsAfterCutoff == 10)
        #expect(statistics.rowsWithoutTime == 1)
        #expect(try statistics.oldest == time("2024-01-02T04:48:00Z"))
        #expect(
            try await catalog.pendingDays(olderThan: .latest)
                == [
                    PendingDay(dayNumber: 19_724, rows: 7), PendingDay(dayNumber: 19_725, rows: 10),
                    PendingDay(dayNumber: nil, rows: 1),
                ])
        #expect(try base.integer("SELECT count(*) FROM files WHERE archived <> 0") == 0)
    }

    @Test("However many rows are left out, a scan looks for those of each page alone", arguments: [1, 7, 1000])
    func manyLeftOut(pageSize: Int) async throws {
        // 20,000 rows, a hundred at each moment; all but the last day are packed.
        let base = try TemporaryDatabase(
            TemporaryDatabase.defaultTable,
            """
            WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19999)
            INSERT INTO files SELECT i + 1, 'uid' || i, strftime('%Y-%m-%d %H:%M:%S', 1704067200 + i / 100 * 8640, 'unixepoch'),
                '/data/' || i, 100, 0 FROM n
            """, TemporaryDatabase.index)
        let fixture = try ArchiveFixture(.sqlite)
        defer { withExtendedLifetime(fixture) {} }
        let real = fixture.store()
        try await real.prepare()
        let range = PendingRange(before: .latest, includesUndated: false)
        let rows = try await catalog(base, real).pendingRows(in: range).allRows(pageSize: 5000)
        #expect(rows.count == 20_000)
        let packed = rows[..<19_950].filter { $0.key.rowID != 5001 }
        _ = try await real.addPacked(packed.map { RowMark(key: $0.key, shard: "s") })

        let store = CountingArchiveStore(real)
        let left = try await catalog(base, store).pendingRows(in: range).allRows(pageSize: pageSize)
        #expect(left == [rows[5000]] + rows[19_950...])
        #expect(store.largestAnswer <= 2000, "the identities of a page's moments")
        #expect(store.rowsReturned < 20_000 * 2)
    }

    @Test("Rows that are set aside are found again, and those without a time alone", arguments: ArchiveKind.allCases)
    func setAside(kind: ArchiveKind) async throws {
        let base = try base()
        defer { withExtendedLifetime(base) {} }
        let fixture = try ArchiveFixture(kind)
        defer { withExtendedLifetime(fixture) {} }
        let store = fixture.store()
        try await store.prepare()
        let catalog = catalog(base, store)
        let rows = try await catalog.pendingRows(in: PendingRange(before: .latest, includesUndated: false)).allRows()
        let failures = [rows[2], rows[11], rows[12]].map {
            ArchiveFailure(key: $0.key, reason: "missing", message: "gone", isPermanent: true)
        }
        #expect(try await store.failed(failures, cycle: "1", limit: 9) == [true, true, true])
        for until in [nil, try time("2024-01-03"), .latest] {
            if let until { _ = try await store.setWatermark(until: until, lagDays: nil) }
            let found = try await catalog.setAsideRows(in: PendingRange(before: .latest)).allRows(pageSize: 2)
            #expect(found == [rows[2], rows[11], rows[12]])
            let day = PendingRange(from: try time("2024-01-02"), before: try time("2024-01-03"))
            #expect(try await catalog.setAsideRows(in: day).allRows() == [rows[11], rows[12]])
            let undated = try await catalog.pendingRows(in: PendingRange(before: .earliest)).allRows()
            #expect(undated.map(\.key.uid) == [.text("undated")])
        }
    }

    @Test("Recovery learns what is behind the watermark or packed", arguments: ArchiveKind.allCases)
    func recovery(kind: ArchiveKind) async throws {
        let base = try base()
        defer { withExtendedLifetime(base) {} }
        let fixture = try ArchiveFixture(kind)
        defer { withExtendedLifetime(fixture) {} }
        let store = fixture.store()
        try await store.prepare()
        let catalog = catalog(base, store)
        let rows = try await catalog.pendingRows(in: PendingRange(before: .latest, includesUndated: false)).allRows()
        _ = try await catalog.mark([RowMark(key: rows[20].key, shard: "s")], within: nil)
        try await store.advance(from: nil, to: try time("2024-01-02"))
        let keys = [0, 9, 10, 11, 20, 21].map {
            (uid: "uid\($0)", createdAt: rows[$0].key.createdAt.timestamp ?? .latest)
        }
        let found = try await catalog.recoveredRows(for: keys + [("none", .latest)])
        #expect(found.map { $0.map(\.isArchived) } == [[true], [true], [true], [false], [true], [false], []])
        #expect(try await catalog.recoveredRows(for: [("none", .latest)]) == [[]])
        #expect(try await catalog.locationsStillPending(["/data/0", "/none"]) == ["/data/0"])
    }

    @Test("A cycle day by day moves the watermark, stops it at a failure, and passes once the file is given up")
    func cycles() async throws {
        let base = try base()
        defer { withExtendedLifetime(base) {} }
        // The watermark lives in the file of the source table itself.
        let store = SQLiteArchiveStore(path: base.path)
        try await store.prepare()
        let catalog = catalog(base, store)
        var packed: [String] = []

        func cycle(_ name: String) async throws {
            let config = try await store.config()
            var window = WatermarkWindow(
                archivedUntil: config?.archivedUntil, lagDays: config?.lagDays ?? 1,
                now: try time("2024-01-05T12:00:00Z"))
            var watermark = config?.archivedUntil
            func follow() async throws {
                guard let target = window.watermark, target != watermark else { return }
                try await store.advance(from: watermark, to: target)
                watermark = target
            }
            while let rest = window.rest {
                let scan = try await catalog.pendingRows(in: rest)
                let first = try await scan.nextPage(atMost: 1).first
                await scan.close()
                guard let slice = window.nextSlice(firstRow: first?.key.createdAt.timestamp) else { break }
                let rows = try await catalog.pendingRows(in: slice.range).allRows(pageSize: 4)
                let bad = rows.filter { $0.key.uid == .text("uid13") }
                let good = rows.filter { $0.key.uid != .text("uid13") }
                _ = try await catalog.mark(good.map { RowMark(key: $0.key, shard: name) }, within: nil)
                packed += good.uids
                let failures = bad.map {
                    ArchiveFailure(key: $0.key, reason: "unreadable", message: "EIO", isPermanent: false)
                }
                let setAside = try await store.failed(failures, cycle: name, limit: 10)
                window.finish(slice, isSettled: setAside.allSatisfy { $0 })
                try await follow()
            }
            try await follow()
        }

        for name in ["1", "2"] {
            try await cycle(name)
            #expect(try await store.config()?.archivedUntil == time("2024-01-02"))
            #expect(packed.count == 29)
            #expect(try base.integer("SELECT count(*) FROM des_archive_packed") == 18)
        }
        try await cycle("3")
        #expect(try await store.config()?.archivedUntil == time("2024-01-04"))
        #expect(Set(packed).count == 29)
        #expect(packed.count == 29)
        #expect(try base.integer("SELECT count(*) FROM des_archive_packed") == 0)
        #expect(try await store.setAside(atMost: 10).map(\.uid) == ["uid13"])
        // A row that comes later, after the watermark, is found; the one that was set aside is not.
        try base.execute(
            "INSERT INTO files (uid, created_at, file_location) VALUES ('late', '2024-01-04 00:00:00', '/late')")
        try base.execute(
            "INSERT INTO files (uid, created_at, file_location) VALUES ('new', '2024-01-04 00:00:01', '/new')")
        #expect(
            try await catalog.pendingRows(in: PendingRange(before: .latest, includesUndated: false)).allRows().uids == [
                "new"
            ])
    }

    @Test("A row's identity tells apart what differs, and only that")
    func identities() {
        func identity(_ uid: CatalogValue, _ time: CatalogValue, _ place: CatalogValue) -> RowIdentity {
            RowIdentity(RowKey(rowID: nil, uid: uid, createdAt: time, location: place))
        }
        let time = CatalogValue.text("2024-01-02")
        let different = [
            identity(.text("a"), time, .text("b")), identity(.text("ab"), time, .text("")),
            identity(.text(""), time, .text("ab")), identity(.null, time, .text("ab")),
            identity(.text("b"), time, .text("a")),
            identity(.text("a"), .text("2024-01-02 00:00:00.000001"), .text("b")),
            identity(.text("a"), .null, .text("b")),
            identity(.text("a"), .text("soon"), .text("b")), identity(.text("a"), time, .null),
            identity(.blob([0xFF]), time, .text("b")), identity(.text("x'ff'"), time, .text("b")),
        ]
        #expect(Set(different).count == different.count)
        #expect(identity(.integer(7), .integer(1_704_153_600), .text("b")) == identity(.text("7"), time, .blob([0x62])))
        // Values that would read as the end of one column and the begin of the next.
        let border = "\u{3}\0\0\0\0\0\0\0\0\u{1}"
        #expect(
            identity(.text(""), .text("1970-01-01"), .text(border + "x"))
                != identity(.text(border), .text("1970-01-01"), .text("x")))
        var set = IdentitySet()
        for identity in different.dropLast() { set.append(identity) }
        set.sort()
        #expect(different.dropLast().allSatisfy(set.contains))
        #expect(!set.contains(different[different.count - 1]))
        #expect(!IdentitySet().contains(different[0]))
        #expect(RowIdentity(bytes: different[0].bytes) == different[0])
    }
}

/// A store that counts what it answers.
private final class CountingArchiveStore: ArchiveStore {
    private let real: any ArchiveStore
    private let counts = Mutex((rows: 0, largest: 0))

    init(_ real: any ArchiveStore) { self.real = real }

    var rowsReturned: Int { counts.withLock { $0.rows } }
    var largestAnswer: Int { counts.withLock { $0.largest } }

    func leftOut(
        _ kind: LeftOutKind, in range: PendingRange, after: LeftOutRow?, atMost count: Int
    ) async throws -> [LeftOutRow] {
        let rows = try await real.leftOut(kind, in: range, after: after, atMost: count)
        counts.withLock { counts in
            counts.rows += rows.count
            counts.largest = max(counts.largest, rows.count)
        }
        return rows
    }

    func prepare() async throws { try await real.prepare() }
    func storeName() async throws -> String? { try await real.storeName() }
    func remember(storeName: String) async throws { try await real.remember(storeName: storeName) }
    func config() async throws -> ArchiveConfig? { try await real.config() }
    func setWatermark(until: Timestamp?, lagDays: Int?) async throws -> ArchiveConfig {
        try await real.setWatermark(until: until, lagDays: lagDays)
    }
    func advance(from: Timestamp?, to: Timestamp) async throws { try await real.advance(from: from, to: to) }
    func addPacked(_ rows: [RowMark]) async throws -> [MarkOutcome] { try await real.addPacked(rows) }
    func isArchived(_ keys: [RowKey]) async throws -> [Bool] { try await real.isArchived(keys) }
    func failed(_ failures: [ArchiveFailure], cycle: String, limit: Int) async throws -> [Bool] {
        try await real.failed(failures, cycle: cycle, limit: limit)
    }
    func packedLocations(beginningWith prefix: String, atMost count: Int) async throws -> [String] {
        try await real.packedLocations(beginningWith: prefix, atMost: count)
    }
    func setAsideCount() async throws -> Int { try await real.setAsideCount() }
    func acceptedCount() async throws -> Int { try await real.acceptedCount() }
    func setAside(atMost count: Int) async throws -> [SetAsideRow] { try await real.setAside(atMost: count) }
    func acceptSetAside() async throws -> Int { try await real.acceptSetAside() }
    func close() async { await real.close() }
}
