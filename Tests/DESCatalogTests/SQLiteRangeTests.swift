import DESBase
import DESCatalog
import DESCatalogSQLite
import Foundation
import Testing

@Suite("Scanning a period of an SQLite catalog")
struct SQLiteRangeTests {
    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(parsing: text)) }

    /// Times of three days in every form, and rows without one.
    private static func fill(type: String) -> [String] {
        [
            "CREATE TABLE files (id INTEGER PRIMARY KEY, uid, created_at \(type), file_location, size_bytes, archived)",
            """
            WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2999),
            t (i, s) AS (SELECT i, 1704067200 + i * 86.4 FROM n)
            INSERT INTO files SELECT i, CASE i % 11 WHEN 0 THEN NULL ELSE 'uid' || i END, CASE i % 10
                WHEN 0 THEN strftime('%Y-%m-%d %H:%M:%S', s, 'unixepoch')
                WHEN 1 THEN strftime('%Y-%m-%dT%H:%M:%S+14:00', s + 14 * 3600, 'unixepoch')
                WHEN 2 THEN strftime('%Y%m%dT%H%M%SZ', s, 'unixepoch')
                WHEN 3 THEN CAST(s AS INTEGER) WHEN 4 THEN s WHEN 5 THEN CAST(s * 1000 AS INTEGER)
                WHEN 6 THEN CAST(s * 1000000 AS INTEGER) || '' WHEN 7 THEN CAST(s AS INTEGER) || ''
                WHEN 8 THEN CAST(strftime('%Y%m%d%H%M%S', s, 'unixepoch') AS INTEGER)
                ELSE strftime(' %Y-%m-%dT%H:%M:%S-11:00', s - 11 * 3600, 'unixepoch') END, '/data/' || i, i, 0 FROM t
            """,
            "INSERT INTO files (uid, created_at, archived) VALUES ('null', NULL, 0), ('soon', 'soon', 0), ('empty', '', 0)",
        ]
    }

    @Test(
        "Three scans of a day each return every row once, whatever the column's type and index",
        arguments: ["TEXT", "TIMESTAMP", "INTEGER", "REAL", "BLOB", "VARCHAR(30) COLLATE NOCASE"],
        ["CREATE INDEX i ON files (created_at, uid)", "CREATE INDEX i ON files (created_at)", "SELECT 1"])
    func days(type: String, index: String) async throws {
        let database = try TemporaryDatabase(index: index, Self.fill(type: type))
        let catalog = database.catalog()
        var rows: [CatalogRow] = []
        for day in 1...3 {
            let range = PendingRange(
                from: try time("2024-01-0\(day)"), before: try time("2024-01-0\(day + 1)"), includesUndated: false)
            let page = try await catalog.pendingRows(in: range).allRows(pageSize: 37)
            #expect(
                page.allSatisfy { $0.key.createdAt.timestamp.map { $0 >= range.from && $0 < range.before } == true })
            #expect(page.count == 1000)
            rows += page
        }
        #expect(Set(rows.map(\.key.rowID)).count == 3000)

        // With the others, whatever the period.
        let last = PendingRange(from: try time("2024-01-03"), before: try time("2024-01-04"))
        let withUndated = try await catalog.pendingRows(in: last).allRows(pageSize: 37)
        #expect(withUndated.count == 1003)
        let days = try await catalog.pendingDays(olderThan: time("2024-01-03"))
        #expect(
            days == [
                PendingDay(dayNumber: 19_723, rows: 1000), PendingDay(dayNumber: 19_724, rows: 1000),
                PendingDay(dayNumber: nil, rows: 3),
            ])
    }

    @Test("An empty period has no rows but those without a time")
    func emptyPeriod() async throws {
        let database = try TemporaryDatabase(index: TemporaryDatabase.index, Self.fill(type: "TEXT"))
        let catalog = database.catalog()
        let moment = try time("2024-01-02")
        #expect(try await catalog.pendingRows(in: PendingRange(from: moment, before: moment)).allRows().count == 3)
        let strict = PendingRange(from: moment, before: moment, includesUndated: false)
        #expect(try await catalog.pendingRows(in: strict).allRows().isEmpty)
    }

    @Test("Days before 1970 are days")
    func earlyDays() async throws {
        let database = try TemporaryDatabase(
            TemporaryDatabase.defaultTable,
            """
            INSERT INTO files (uid, created_at) VALUES ('a', '1969-12-31 23:59:59'), ('b', -1), ('c', '1969-12-30'),
            ('d', '1970-01-01'), ('e', '0001-01-01')
            """, TemporaryDatabase.index)
        let catalog = database.catalog()
        let days = try await catalog.pendingDays(olderThan: .latest)
        #expect(days.map(\.dayNumber) == [-719_162, -2, -1, 0])
        #expect(days.map(\.rows) == [1, 1, 2, 1])
        let range = PendingRange(from: try time("1969-12-31"), before: try time("1970-01-01"), includesUndated: false)
        #expect(try await catalog.pendingRows(in: range).allRows().uids.sorted() == ["a", "b"])
    }

    @Test("Many days in the middle of a large table are read in less time than the whole of it")
    func manyDays() async throws {
        let database = try TemporaryDatabase(
            TemporaryDatabase.defaultTable,
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
            INSERT INTO files SELECT i, 'uid' || i, strftime('%Y-%m-%d %H:%M:%S', 1600000000 + i * 600, 'unixepoch'),
                '/data/' || i, i, 0 FROM n
            """, TemporaryDatabase.index)
        let catalog = database.catalog()
        func count(_ range: PendingRange) async throws -> Int {
            try await catalog.pendingRows(in: range).allRows(pageSize: 1000).count
        }
        let clock = ContinuousClock()
        let whole = try await clock.measure {
            let rows = try await count(PendingRange(before: .latest))
            #expect(rows == 200_000)
        }
        // Reading from the start of the index, or to its end, would take fifty times half of that.
        let days = try await clock.measure {
            for day in 0..<50 {
                let from = Timestamp(microsecondsSinceEpoch: 1_660_003_200_000_000 + Int64(day) * 86_400_000_000)
                let before = Timestamp(microsecondsSinceEpoch: from.microsecondsSinceEpoch + 86_400_000_000)
                let rows = try await count(PendingRange(from: from, before: before, includesUndated: false))
                #expect(rows == 144)
            }
        }
        #expect(days < whole * 3)
    }
}

extension TemporaryDatabase {
    convenience init(index: String, _ statements: [String]) throws {
        try self.init()
        for statement in statements + [index] { try execute(statement) }
    }
}
