import DESBase
import DESCatalog
import DESCatalogODBC
import DESTestSupport
import Testing

@Suite("Trying a mark in a MariaDB catalog, and a table that changes")
struct ODBCTrialTests {
    @Test(
        "Rows that are on hold at both ends of the table do not stop those between",
        arguments: [true, false], [(20, 20), (30, 60), (80, 0), (0, 80), (100, 0)])
    func heldAtBothEnds(isIndexed: Bool, held: (first: Int, last: Int)) async throws {
        let database = try ODBCDatabase(
            """
            CREATE TABLE files (n INT PRIMARY KEY, uid VARCHAR(20), created_at DATETIME, file_location VARCHAR(20),
                size_bytes INT, archived TINYINT DEFAULT 0, hold INT, CHECK (archived = 0 OR hold = 0))
            """,
            """
            INSERT INTO files SELECT seq, seq, IF(seq < 20, '2020-01-31', IF(seq < 80, '2024-01-31', '2026-01-31')), '/', 1, 0,
                seq < \(held.first) OR seq > 99 - \(held.last) FROM seq_0_to_99
            """)
        if isIndexed { try database.execute(ODBCDatabase.index) }
        let catalog = try database.catalog()
        let error = await catalogError { try await catalog.tryMark(olderThan: .latest) }
        #expect(error?.code == (held.first == 100 ? .notMarkable : nil))
        // Nothing of what is on hold would be packed.
        try await catalog.tryMark(olderThan: moment("2019-01-01"))
        #expect(try database.execute("SELECT COUNT(*) FROM files WHERE archived = 0").contains("100"))
        await catalog.close()
    }

    @Test("A view whose rows are others at each look is refused, and one whose rows stay the same is not")
    func views() async throws {
        try await atOnce([
            ("uid", "created_at", true), ("uid", "COALESCE(created_at, '2026-01-01')", true),
            ("uid", "NOW() - INTERVAL 30 DAY", false), ("uid", "NOW(6) - INTERVAL 30 DAY", false),
        ]) { try await Self.tryView(uid: $0.0, time: $0.1, isTaken: $0.2) }
    }

    private static func tryView(uid: String, time: String, isTaken: Bool) async throws {
        let database = try ODBCDatabase(
            ODBCDatabase.defaultTable.replacing("TABLE files", with: "TABLE rows_of_files"),
            """
            INSERT INTO rows_of_files (uid, created_at, file_location, size_bytes, archived)
            VALUES ('a', '2026-01-31', '/a', 1, 0), ('b', NULL, '/b', 1, 0), ('c', '2026-01-30', '/c', 1, 1)
            """,
            """
            CREATE VIEW files AS SELECT id, \(uid) AS uid, \(time) AS created_at, file_location, size_bytes, archived
            FROM rows_of_files
            """)
        let catalog = try database.catalog()
        try await catalog.checkSchema()
        let error = await catalogError { try await catalog.tryMark(olderThan: .latest) }
        #expect(error?.code == (isTaken ? nil : .notMarkable), "\(uid), \(time)")
        if !isTaken {
            #expect(error?.description.contains("was not found again by its uid, time and location") == true)
        }
        #expect(try database.execute("SELECT COUNT(*) FROM rows_of_files WHERE archived = 1").contains("1"))
        await catalog.close()
    }

    @Test("A table that changes while the catalog is open is looked up anew, and its rows are found and marked")
    func refreshed() async throws {
        try await atOnce([
            ["ALTER TABLE files ADD COLUMN other INT FIRST"],
            ["ALTER TABLE files MODIFY created_at DATETIME"], ["ALTER TABLE files MODIFY created_at VARCHAR(30)"],
            ["ALTER TABLE files MODIFY created_at DATE"], ["ALTER TABLE files MODIFY uid INT"],
            ["ALTER TABLE files MODIFY uid CHAR(20)"], ["ALTER TABLE files MODIFY archived VARCHAR(5)"],
            [
                "ALTER TABLE files MODIFY archived VARCHAR(5)",
                "ALTER TABLE files MODIFY archived ENUM('0', '1') DEFAULT '0'",
            ],
            ["ALTER TABLE files DROP COLUMN id"], ["ALTER TABLE files ENGINE=MyISAM"],
            ["RENAME TABLE files TO rows_of_files", "CREATE VIEW files AS SELECT * FROM rows_of_files"],
            [
                "CREATE TABLE new (archived INT, uid VARCHAR(9), size_bytes INT, file_location VARCHAR(99), created_at DATETIME)",
                "INSERT INTO new SELECT archived, uid, size_bytes, file_location, created_at FROM files",
                "RENAME TABLE files TO old, new TO files", "DROP TABLE old",
            ],
            ["CREATE TRIGGER t BEFORE UPDATE ON files FOR EACH ROW SET NEW.size_bytes = 5"],
        ]) { try await Self.tryChange($0) }
    }

    private static func tryChange(_ change: [String]) async throws {
        let database = try ODBCDatabase(
            ODBCDatabase.defaultTable,
            """
            INSERT INTO files (uid, created_at, file_location, size_bytes)
            VALUES ('1', '2026-01-31', '/f', 1), ('2', '2026-01-31', '/f', 1), ('3', '2026-01-31', '/f', 1)
            """)
        let catalog = try database.catalog()
        try await catalog.checkSchema()
        try await catalog.tryMark(olderThan: .latest)
        let first = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(try await catalog.mark([first[0].key]) == [.marked])

        for statement in change { try database.execute(statement) }
        await catalog.refresh()
        try await catalog.checkSchema()
        try await catalog.tryMark(olderThan: .latest)
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(rows.uids == ["2", "3"], "\(change)")
        #expect(rows.allSatisfy { $0.key.createdAt.timestamp == Timestamp(year: 2026, month: 1, day: 31) })
        #expect(try await catalog.mark(rows.map(\.key)) == [.marked, .marked])
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows().isEmpty)
        await catalog.close()
    }
}
