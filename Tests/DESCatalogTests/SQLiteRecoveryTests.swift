import DESBase
import DESCatalog
import DESCatalogSQLite
import Testing

@Suite("Looking up rows for recovery and deletion")
struct SQLiteRecoveryTests {
    static let tables = [
        TemporaryDatabase.defaultTable,
        TemporaryDatabase.defaultTable
            + "; CREATE INDEX by_uid ON files (uid); CREATE INDEX by_place ON files (file_location)",
        "CREATE TABLE files (id INTEGER PRIMARY KEY, uid, created_at, file_location, size_bytes, archived)",
        """
        CREATE TABLE files (
            id INTEGER PRIMARY KEY, uid COLLATE NOCASE, created_at, file_location COLLATE NOCASE, size_bytes, archived
        ); CREATE INDEX by_uid ON files (uid); CREATE INDEX by_place ON files (file_location)
        """,
    ]

    static let rows = """
        INSERT INTO files VALUES
        (1, 'a', '2024-01-01 00:00:00', '/a', 1, 1), (2, 'a', 1704067200, '/a2', 2, 0), (3, 'a', '2024-01-01 00:00:01', '/a3', 3, 0),
        (4, 'A', '2024-01-01', '/A', 4, 0), (5, 42, '2024-01-01', '/42', 5, NULL), (6, x'62', '2024-01-01', x'2F62', 6, 0),
        (7, NULL, '2024-01-01', '/7', 7, 0), (8, 'n', NULL, '/8', 8, 0), (9, '007', '2024-01-01', '/a', 9, 1)
        """

    @Test("All rows of a uid and time are found, marked or not, whatever the form of their time", arguments: tables)
    func recoveredRows(table: String) async throws {
        let database = try TemporaryDatabase(table, Self.rows)
        let time = try #require(Timestamp(parsing: "2024-01-01T00:00:00Z"))
        let found = try await database.catalog().recoveredRows(for: [
            ("a", time), ("42", time), ("b", time), ("7", time), ("007", time), ("x", time), ("a", time), ("n", time),
        ])
        #expect(
            found.map { $0.compactMap(\.row.key.rowID).sorted() } == [[1, 2], [5], [6], [], [9], [], [1, 2], []])
        #expect(found[0].sorted { $0.row.key.rowID ?? 0 < $1.row.key.rowID ?? 0 }.map(\.isArchived) == [true, false])
        #expect(found[0].allSatisfy { $0.row.key.uid == .text("a") })
        #expect(try await database.catalog().recoveredRows(for: []).isEmpty)
    }

    @Test("A location is still pending while any row that is not marked names it", arguments: tables)
    func locations(table: String) async throws {
        let database = try TemporaryDatabase(table, Self.rows)
        let catalog = database.catalog()
        #expect(
            try await catalog.locationsStillPending(["/a", "/a2", "/A", "/b", "/none", "/A2"]) == ["/a2", "/A", "/b"])
        #expect(try await catalog.locationsStillPending([]).isEmpty)
    }

    @Test("Many keys are looked up in one pass where no index has the uid")
    func manyKeys() async throws {
        let database = try TemporaryDatabase(
            TemporaryDatabase.defaultTable,
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
            INSERT INTO files SELECT i, 'uid' || i, 1704067200 + i, '/data/' || i, i, i % 2 FROM n
            """)
        let keys = (1...20_000).map {
            (uid: "uid\($0)", createdAt: Timestamp(microsecondsSinceEpoch: (1_704_067_200 + Int64($0)) * 1_000_000))
        }
        let found = try await database.catalog().recoveredRows(for: keys)
        #expect(found.allSatisfy { $0.count == 1 })
        #expect(found.map { $0.first?.row.key.rowID } == (1...20_000).map { Int64($0) })
        #expect(found.map { $0.first?.isArchived } == (1...20_000).map { $0 % 2 == 1 })
    }
}
