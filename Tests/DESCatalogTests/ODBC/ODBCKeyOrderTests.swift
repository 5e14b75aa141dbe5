import DESBase
import DESCatalog
import DESCatalogODBC
import DESTestSupport
import Foundation
import Testing

@Suite("Keys, marks and dates of MariaDB that are not what they seem")
struct ODBCKeyOrderTests {
    @Test(
        "Rows come once each, whatever the collation or the type of the key", arguments: [1, 2, 3, 7],
        [
            "uid VARCHAR(20) COLLATE utf8mb4_general_ci, PRIMARY KEY (uid, n)",
            "uid VARCHAR(20) COLLATE utf8mb4_unicode_ci, PRIMARY KEY (n)",
            "uid CHAR(20) COLLATE utf8mb4_general_ci, kind ENUM('photo', 'doc', 'audio'), PRIMARY KEY (kind, n)",
            "uid VARCHAR(20), kind SET('z', 'y', 'x'), PRIMARY KEY (kind, n)",
            "uid VARCHAR(20), kind ENUM('photo', 'doc', 'audio'), PRIMARY KEY (n, kind)",
        ])
    func everyRowOnce(pageSize: Int, columns: String) async throws {
        let database = try ODBCDatabase(
            """
            CREATE TABLE files (n INT, created_at DATETIME, file_location VARCHAR(200), size_bytes INT,
                archived INT DEFAULT 0, \(columns)) CHARACTER SET utf8mb4
            """, "CREATE INDEX by_time ON files (created_at\(columns.contains("PRIMARY KEY (kind, n)") ? "" : ", uid"))"
        )
        let hasKind = columns.contains("kind")
        for (number, uid) in ["a", "A", "á", "b", "B", "c"].enumerated() {
            let kinds = columns.contains("SET") ? ["z", "y,x", "x"] : ["photo", "doc", "audio"]
            let n = columns.contains("(n, kind)") ? 7 : number
            for (other, kind) in (hasKind ? kinds : ["-"]).enumerated() {
                try database.execute(
                    """
                    INSERT INTO files (uid, n, created_at, file_location\(hasKind ? ", kind" : "")) VALUES
                    ('\(n == 7 ? "u" : uid)', \(n == 7 ? number : number), '2026-01-31', '/\(number)-\(other)'\
                    \(hasKind ? ", '\(kind)'" : ""))
                    """)
            }
        }
        let catalog = try database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: pageSize)
        #expect(rows.count == (hasKind ? 18 : 6))
        #expect(Set(rows.compactMap(\.key.location.uidText)).count == rows.count)
        for (number, row) in rows.enumerated() {
            #expect(try await catalog.mark([row.key]) == [.marked])
            #expect(try database.execute("SELECT COUNT(*) FROM files WHERE archived = 1").contains("\(number + 1)"))
        }
        await catalog.close()
    }

    @Test("Columns that SELECT * does not show are found, also in the primary key", arguments: [1, 2, 10])
    func invisible(pageSize: Int) async throws {
        let database = try ODBCDatabase(
            """
            CREATE TABLE files (n INT, kind INT INVISIBLE DEFAULT 0, uid VARCHAR(20), created_at DATETIME INVISIBLE,
                file_location VARCHAR(200), size_bytes INT INVISIBLE, archived INT INVISIBLE DEFAULT 0, PRIMARY KEY (n, kind),
                KEY (created_at, uid))
            """,
            """
            INSERT INTO files (n, kind, uid, created_at, file_location, size_bytes)
            SELECT 1, seq, 'u', '2026-01-31', CONCAT('/', seq), 1 FROM seq_1_to_10
            """)
        let catalog = try database.catalog()
        try await catalog.checkSchema()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: pageSize)
        #expect(Set(rows.compactMap(\.key.location.uidText)).count == 10)
        #expect(rows.count == 10)
        let error = await catalogError {
            try await database.catalog(schema: CatalogSchema(table: "files", sizeColumn: "nothing")).checkSchema()
        }
        #expect(error?.code == .missingColumn)
        await catalog.close()
    }

    @Test(
        "The member of an ENUM or SET that means true is written",
        arguments: [
            ("ENUM('N','Y') DEFAULT 'N'", "Y"), ("ENUM('no','yes') DEFAULT 'no'", "yes"),
            ("ENUM('false','true') NOT NULL DEFAULT 'false'", "true"), ("SET('Y','other') DEFAULT ''", "Y"),
            ("ENUM('it''s','1') DEFAULT NULL", "1"), ("ENUM('0','1') DEFAULT '0'", "1"),
        ])
    func members(type: String, mark: String) async throws {
        let database = try ODBCDatabase(
            ODBCDatabase.defaultTable.replacing("archived TINYINT NULL DEFAULT 0", with: "archived \(type)"))
        try database.addRows(3)
        let catalog = try database.catalog()
        try await catalog.checkSchema()
        try await catalog.tryMark(olderThan: .latest)
        #expect(try await catalog.findings().otherMarks == nil)
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(try await catalog.mark(rows.map(\.key)) == [.marked, .marked, .marked])
        #expect(try database.execute("SELECT DISTINCT archived FROM files").contains(mark))
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows().isEmpty)
        await catalog.close()
    }

    @Test(
        "What the database would refuse of every row is known at once, and nothing is changed",
        arguments: [
            ["archived ENUM('new','old') DEFAULT NULL"],
            ["archived CHAR(1) DEFAULT 'N' CHECK (archived IN ('Y', 'N'))"],
            ["archived TINYINT DEFAULT 0, shard VARCHAR(20)"], ["archived TINYINT AS (size_bytes * 0) STORED"],
            [
                "archived TINYINT DEFAULT 0",
                "CREATE TRIGGER t BEFORE UPDATE ON files FOR EACH ROW SIGNAL SQLSTATE '45000'",
            ],
            [
                "archived TINYINT DEFAULT 0",
                "CREATE TRIGGER t BEFORE UPDATE ON files FOR EACH ROW SET NEW.archived = 0",
            ],
        ])
    func refused(_ given: [String]) async throws {
        let database = try ODBCDatabase(
            ODBCDatabase.defaultTable.replacing("archived TINYINT NULL DEFAULT 0", with: given[0]))
        try database.addRows(3)
        for statement in given.dropFirst() { try database.execute(statement) }
        let schema = CatalogSchema(table: "files", shardKeyColumn: given[0].contains("shard") ? "shard" : nil)
        let catalog = try database.catalog(schema: schema)
        let error = await catalogError {
            try await catalog.checkSchema()
            try await catalog.tryMark(olderThan: .latest)
        }
        #expect(error?.code == .notMarkable)
        let count = "SELECT COUNT(*) FROM files WHERE CAST(archived AS CHAR) IN ('1', 'Y')"
        #expect(try database.execute(count).contains("0"))
        await catalog.close()
    }

    @Test("The server tells its time")
    func serverTime() async throws {
        let catalog = try ODBCDatabase(ODBCDatabase.defaultTable).catalog()
        let time = try #require(try await catalog.serverTime())
        #expect(abs(Double(time.microsecondsSinceEpoch) / 1e6 - Date().timeIntervalSince1970) < 3600)
        await catalog.close()
    }

    @Test("No mark is tried where it could not be taken back", arguments: ["MyISAM", "InnoDB"])
    func engines(engine: String) async throws {
        let database = try ODBCDatabase(ODBCDatabase.defaultTable + " ENGINE=\(engine)")
        try database.addRows(3)
        let catalog = try database.catalog()
        try await catalog.tryMark(olderThan: .latest)
        #expect(try database.execute("SELECT COUNT(*) FROM files WHERE archived = 0").contains("3"))
        await catalog.close()
    }

    @Test(
        "Marks that are neither done nor waiting are counted and told",
        arguments: [
            ("INT", "2", true), ("VARCHAR(20)", "'pending'", true), ("INT", "1", false),
            ("VARCHAR(20)", "'Yes'", false),
        ])
    func otherMarks(type: String, value: String, isTold: Bool) async throws {
        let database = try ODBCDatabase(
            ODBCDatabase.defaultTable.replacing(
                "archived TINYINT NULL DEFAULT 0", with: "archived \(type) DEFAULT \(value)"))
        try database.addRows(3)
        let told = try await database.catalog().findings().otherMarks
        #expect((told != nil) == isTold)
        if isTold { #expect(told?.hasPrefix("3 rows have a mark") == true) }
    }

    @Test(
        "Dates that are none are found with the pages, alone, and in the statistics",
        arguments: [
            "2026-00-15", "2026-01-00", "2026-02-31", "2025-02-29", "0000-01-01", "0000-00-00", "1899-02-31",
            "2150-04-31",
            "2025-12-00", "2026-11-31",
        ], ["DATETIME", "DATETIME(6)", "DATE"])
    func noDates(date: String, type: String) async throws {
        let database = try ODBCDatabase(
            ODBCDatabase.defaultTable.replacing("created_at DATETIME(6)", with: "created_at \(type)"),
            ODBCDatabase.index)
        try database.execute(
            """
            SET sql_mode = 'ALLOW_INVALID_DATES';
            INSERT INTO files (uid, created_at, file_location) VALUES ('bad', '\(date)', '/a'), ('leap', '2024-02-29', '/b'),
            ('first', '2026-03-01', '/c'), ('last', '2025-12-31', '/d')
            """)
        let catalog = try database.catalog()
        let all = try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: 2)
        #expect(all.uids == ["leap", "last", "first", "bad"])
        #expect(all.last?.key.createdAt.timestamp == nil)
        let alone = PendingRange(from: .latest, before: .latest, includesUndated: true)
        #expect(try await catalog.pendingRows(in: alone).allRows(pageSize: 2).uids == ["bad"])
        let statistics = try await catalog.statistics(olderThan: .latest)
        #expect(statistics.rowsWithoutTime == 1)
        #expect(statistics.totalFiles == 3)
        let days = try await catalog.pendingDays(olderThan: .latest)
        #expect(days.last == PendingDay(dayNumber: nil, rows: 1))
        #expect(days.count == 4)
        await catalog.close()
    }

    @Test("A page ends early where its values are long", arguments: [true, false])
    func boundedPages(hasIndex: Bool) async throws {
        let database = try ODBCDatabase(
            ODBCDatabase.defaultTable.replacing("KEY by_uid (uid)", with: "m LONGTEXT, KEY by_uid (uid)"),
            hasIndex ? ODBCDatabase.index : "SELECT 1")
        try database.execute(
            """
            INSERT INTO files (uid, created_at, file_location, m) SELECT seq, '2026-01-01', CONCAT('/', seq),
            IF(seq > 70, REPEAT('x', 900000), IF(seq = 70, REPEAT('y', 1048577), 'm')) FROM seq_1_to_100
            """)
        let schema = CatalogSchema(table: "files", metaColumns: ["m"])
        let scan = try await database.catalog(schema: schema).pendingRows(olderThan: .latest)
        var rows: [CatalogRow] = []
        while case let page = try await scan.nextPage(atMost: 1000), !page.isEmpty {
            #expect(page.reduce(0) { $0 + $1.memoryInBytes } < 6_000_000)
            rows += page
        }
        await scan.close()
        #expect(Set(rows.uids) == Set((1...100).map { String($0) }))
        #expect(rows.count == 100)
        #expect(rows.filter { $0.meta == [.tooLong(sizeInBytes: 1_048_577)] }.uids == ["70"])
    }
}
