import DESCatalog
import DESRouting
import Testing

@Suite("Trying a mark in a MariaDB catalog")
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

    @Test(
        "A view whose rows are others at each look is refused, and one whose rows stay the same is not",
        arguments: [
            ("uid", "created_at", true), ("uid", "COALESCE(created_at, '2026-01-01')", true),
            ("uid", "NOW() - INTERVAL 30 DAY", false), ("uid", "NOW(6) - INTERVAL 30 DAY", false),
        ])
    func views(uid: String, time: String, isTaken: Bool) async throws {
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
        #expect(error?.code == (isTaken ? nil : .notMarkable))
        if !isTaken {
            #expect(error?.description.contains("was not found again by its uid, time and location") == true)
        }
        #expect(try database.execute("SELECT COUNT(*) FROM rows_of_files WHERE archived = 1").contains("1"))
        await catalog.close()
    }
}
