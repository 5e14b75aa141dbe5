import DESCatalog
import DESRouting
import Foundation
import Testing

@Suite("Scanning a MariaDB catalog over ODBC")
struct ODBCScanTests {
    static let rows = """
        INSERT INTO files (id, uid, created_at, file_location, size_bytes, archived) VALUES
        (1, 'b', '2024-01-02 03:04:05.123456', '/b', 2, 0), (2, 'a', '2024-01-02 03:04:05.123456', '/größe 😀', 1, NULL),
        (3, 'c', '2024-01-01', '/c', NULL, 0), (4, 'd', '2024-01-01', '/d', 4, 1), (5, NULL, '2024-01-01', '/e', 5, 0),
        (6, 'f', NULL, '/f', 6, 0), (7, 'g', '2025-01-01', '/g', 7, 0)
        """
    static let cutoff = Timestamp(year: 2024, month: 6, day: 1) ?? .latest

    @Test("Rows come in the order of time and uid, then those without a uid, then those without a time", arguments: [true, false])
    func order(isIndexed: Bool) async throws {
        let database = try ODBCDatabase(ODBCDatabase.defaultTable, Self.rows)
        if isIndexed { try database.execute(ODBCDatabase.index) }
        let catalog = try database.catalog()
        try await catalog.checkSchema()
        let scan = try await catalog.pendingRows(olderThan: Self.cutoff)
        #expect((scan.pagingNote == nil) == isIndexed)
        #expect(isIndexed || scan.pagingNote?.contains("CREATE INDEX `des_pending_files` ON `files` (`created_at`, `uid`)") == true)
        let rows = try await scan.allRows(pageSize: 1)
        #expect(rows.uids == ["c", "a", "b", "NULL", "f"])
        #expect(rows[1].key.location == .text("/größe 😀"))
        #expect(rows[1].key.createdAt == .time(try #require(Timestamp(parsing: "2024-01-02T03:04:05.123456Z"))))
        #expect(rows[0].size == .null && rows[1].size == .integer(1))
        await catalog.close()
    }
}
