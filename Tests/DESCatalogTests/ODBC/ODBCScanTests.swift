import DESBase
import DESCatalog
import DESCatalogODBC
import DESTestSupport
import Foundation
import Testing

@Suite("Scanning a MariaDB catalog over ODBC", .serialized)
struct ODBCScanTests {
    static let rows = """
        INSERT INTO files (id, uid, created_at, file_location, size_bytes, archived) VALUES
        (1, 'b', '2024-01-02 03:04:05.123456', '/b', 2, 0), (2, 'a', '2024-01-02 03:04:05.123456', '/größe 😀', 1, NULL),
        (3, 'c', '2024-01-01', '/c', NULL, 0), (4, 'd', '2024-01-01', '/d', 4, 1), (5, NULL, '2024-01-01', '/e', 5, 0),
        (6, 'f', NULL, '/f', 6, 0), (7, 'g', '2025-01-01', '/g', 7, 0)
        """
    static let cutoff = Timestamp(year: 2024, month: 6, day: 1) ?? .latest

    /// With an index for the pages, without one, and without a primary key.
    enum Kind: String, CaseIterable {
        case indexed, sorted, keyless

        var statement: String {
            switch self {
            case .indexed: ODBCDatabase.index
            case .sorted: "SELECT 1"
            case .keyless: "ALTER TABLE files MODIFY id BIGINT NULL, DROP PRIMARY KEY"
            }
        }
    }

    @Test(
        "Rows come in the order of time and uid, then those without a uid, then those without a time",
        arguments: Kind.allCases, [1, 2, 100])
    func order(kind: Kind, pageSize: Int) async throws {
        let database = try ODBCDatabase(ODBCDatabase.defaultTable, Self.rows, kind.statement)
        let catalog = try database.catalog()
        try await catalog.checkSchema()
        let scan = try await catalog.pendingRows(olderThan: Self.cutoff)
        #expect((scan.pagingNote == nil) == (kind == .indexed))
        if kind != .indexed {
            #expect(scan.pagingNote?.contains("ON `files` (`created_at`, `uid`)") == true)
        }
        let rows = try await scan.allRows(pageSize: pageSize)
        #expect(rows.uids == ["c", "a", "b", "NULL", "f"])
        #expect(rows[1].key.location == .text("/größe 😀"))
        #expect(rows[1].key.createdAt == .time(try #require(Timestamp(parsing: "2024-01-02T03:04:05.123456Z"))))
        #expect(rows[0].size == .null && rows[1].size == .integer(1))
        await catalog.close()
    }

    @Test("100,000 rows of one time are returned once each, in bounded pages", arguments: Kind.allCases)
    func ties(kind: Kind) async throws {
        let database = try ODBCDatabase(ODBCDatabase.defaultTable, kind.statement)
        try database.addRows(100_000, oneTime: true)
        let catalog = try database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: 1000)
        #expect(rows.count == 100_000)
        #expect(Set(rows.uids).count == 100_000)
        await catalog.close()
    }

    @Test("Rows that are marked between two pages neither move the others nor stop the scan", arguments: Kind.allCases)
    func marksWhileScanning(kind: Kind) async throws {
        let database = try ODBCDatabase(ODBCDatabase.defaultTable, kind.statement)
        try database.addRows(2500)
        let catalog = try database.catalog()
        let scan = try await catalog.pendingRows(olderThan: .latest)
        var uids: [String] = []
        while case let page = try await scan.nextPage(atMost: 300), !page.isEmpty {
            uids += page.uids
            let outcomes = try await catalog.mark(page.map { RowMark(key: $0.key, shard: "s") }, within: nil)
            #expect(outcomes.allSatisfy { $0 == .marked })
        }
        #expect(uids.count == 2500 && uids == uids.sorted())
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows().isEmpty)
        await catalog.close()
    }

    @Test("A server that restarts between two pages costs one failed call, and no row", arguments: Kind.allCases)
    func restart(kind: Kind) async throws {
        let server = try MariaDBServers.own()
        let database = try ODBCDatabase(ODBCDatabase.defaultTable, kind.statement, on: server)
        try database.addRows(5000, oneTime: true)
        let catalog = try database.catalog()
        let scan = try await catalog.pendingRows(olderThan: .latest)
        var uids: [String] = []
        uids += try await scan.nextPage(atMost: 1500).uids
        try server.restart()
        var failures = 0
        while true {
            do {
                let page = try await scan.nextPage(atMost: 1500)
                if page.isEmpty { break }
                uids += page.uids
            } catch let error as CatalogError {
                #expect(error.code == .unreachable && error.isTransient)
                failures += 1
                try #require(failures < 5)
            }
        }
        #expect(uids.count == 5000 && Set(uids).count == 5000)
        await catalog.close()
    }

    @Test("Dates of zeros, and dates with a month of zero, are rows without a time")
    func zeroDates() async throws {
        let database = try ODBCDatabase(
            ODBCDatabase.defaultTable, ODBCDatabase.index,
            """
            SET sql_mode = ''; INSERT INTO files (uid, created_at, file_location, size_bytes) VALUES
            ('zero', '0000-00-00', '/z', 1), ('month', '2024-00-10', '/m', 1), ('good', '2024-01-01', '/g', 1)
            """)
        let catalog = try database.catalog()
        let rows = try await catalog.pendingRows(olderThan: Self.cutoff).allRows()
        #expect(rows.uids.first == "good" && Set(rows.uids) == ["good", "zero", "month"])
        #expect(rows.dropFirst().allSatisfy { $0.key.createdAt.timestamp == nil })
        let statistics = try await catalog.statistics(olderThan: Self.cutoff)
        #expect(statistics.totalFiles == 1 && statistics.rowsWithoutTime == 2)
        #expect(
            try await catalog.pendingDays(olderThan: Self.cutoff) == [
                PendingDay(dayNumber: 19723, rows: 1), PendingDay(dayNumber: nil, rows: 2),
            ])
        await catalog.close()
    }

    @Test("Times are UTC though the server's zone is not: TIMESTAMP is converted, DATETIME is taken as it is")
    func timeZones() async throws {
        let database = try ODBCDatabase(
            """
            CREATE TABLE files (uid INT PRIMARY KEY, created_at TIMESTAMP(6) NULL, file_location TEXT, size_bytes INT,
                archived BIT(1) NOT NULL DEFAULT 0, day DATE, KEY (created_at, uid))
            """,
            """
            SET time_zone = '+00:00';
            INSERT INTO files VALUES (1, '2024-01-02 03:04:05.000001', '/a', 1, 0, '2024-01-02')
            """)
        #expect(try database.execute("SELECT created_at FROM files") == "2024-01-02 08:34:05.000001")
        let schema = CatalogSchema(table: "files", metaColumns: ["day"])
        let catalog = try database.catalog(schema: schema)
        let row = try #require(try await catalog.pendingRows(olderThan: Self.cutoff).allRows().first)
        #expect(row.key.createdAt == .time(try #require(Timestamp(parsing: "2024-01-02T03:04:05.000001Z"))))
        #expect(row.meta == [.time(try #require(Timestamp(year: 2024, month: 1, day: 2)))])
        let late = try #require(Timestamp(parsing: "2024-01-02T03:04:05.000002Z"))
        #expect(try await catalog.pendingRows(olderThan: late).allRows().count == 1)
        let same = try #require(row.key.createdAt.timestamp)
        #expect(try await catalog.pendingRows(olderThan: same).allRows().isEmpty)
        #expect(try await catalog.mark([RowMark(key: row.key, shard: "s")], within: nil) == [.marked])
        await catalog.close()
    }

    @Test(
        "Whatever type uid and time have, a row that was read can be found again and marked",
        arguments: [
            ("BIGINT", "42", "42"), ("VARCHAR(50) CHARACTER SET latin1", "'größe'", "größe"),
            (
                "CHAR(36) CHARACTER SET ascii", "'123e4567-e89b-12d3-a456-426614174000'",
                "123e4567-e89b-12d3-a456-426614174000"
            ),
            ("UUID", "'123e4567-e89b-12d3-a456-426614174000'", "123e4567-e89b-12d3-a456-426614174000"),
            ("BINARY(4)", "'abcd'", "abcd"), ("VARBINARY(20)", "x'00ff'", nil),
            ("DECIMAL(30,0)", "123456789012345678901", "123456789012345678901"),
            ("BIGINT UNSIGNED", "18446744073709551615", "18446744073709551615"), ("TEXT", "'long 😀'", "long 😀"),
        ] as [(String, String, String?)],
        [
            "DATETIME(6) '2024-01-02 03:04:05.123456'", "DATE '2024-01-02'", "BIGINT 1704164645",
            "VARCHAR(40) '2024-01-02T03:04:05Z'", "DOUBLE 1704164645.5",
        ])
    func types(uid: (type: String, value: String, text: String?), time: String) async throws {
        let space = time.firstIndex(of: " ") ?? time.endIndex
        let database = try ODBCDatabase(
            """
            CREATE TABLE files (id INT AUTO_INCREMENT PRIMARY KEY, uid \(uid.type), created_at \(time[..<space]),
                file_location VARCHAR(100), size_bytes INT, archived VARCHAR(5) DEFAULT 'false')
            """,
            "INSERT INTO files (uid, created_at, file_location) VALUES (\(uid.value), \(time[space...]), '/a')")
        let catalog = try database.catalog()
        let row = try #require(try await catalog.pendingRows(olderThan: Self.cutoff).allRows().first)
        #expect(row.key.uid.uidText == uid.text)
        let moment = try #require(row.key.createdAt.timestamp)
        #expect(moment.dateDirectory == "20240102")
        if let text = uid.text {
            let found = try await catalog.recoveredRows(for: [(text, moment), ("other", moment)])
            #expect(found[0].map(\.row) == [row] && found[1].isEmpty)
            #expect(found[0].first?.isArchived == false)
        }
        let statistics = try await catalog.statistics(olderThan: Self.cutoff)
        #expect(statistics.totalFiles == 1 && statistics.oldest == moment && statistics.newest == moment)
        #expect(statistics.rowsWithUnusableKey == (uid.text == nil ? 1 : 0))
        let mark = RowMark(key: row.key, shard: "s")
        #expect(try await catalog.mark([mark], within: nil) == [.marked])
        #expect(try await catalog.mark([mark], within: nil) == [.alreadyMarked])
        #expect(try database.execute("SELECT archived FROM files") == "1")
        await catalog.close()
    }
}
