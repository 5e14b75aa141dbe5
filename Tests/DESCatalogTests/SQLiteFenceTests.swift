import DESCatalog
import DESCatalogSQLite
import Testing

@Suite("Fencing tokens in an SQLite catalog")
struct SQLiteFenceTests {
    private let key = RowKey(rowID: 1, uid: .text("a"), createdAt: .text("2024-01-01"), location: .text("/a"))

    private func database() throws -> TemporaryDatabase {
        try TemporaryDatabase(
            TemporaryDatabase.defaultTable, "INSERT INTO files VALUES (1, 'a', '2024-01-01', '/a', 1, 0)")
    }

    private func mark(_ catalog: SQLiteCatalog, _ token: Int64, unit: String = "2024-01-01") async -> CatalogError.Code?
    {
        await catalogError {
            let fence = Fence(unit: unit, token: token)
            let outcomes = try await catalog.mark([RowMark(key: key, shard: "s")], within: fence)
            #expect(outcomes == [.marked])
        }?.code
    }

    @Test("Only the token that was raised last marks, and nothing is marked under another")
    func tokens() async throws {
        let database = try database()
        let early = database.catalog()
        let late = database.catalog()
        // Without a fence nothing of ours is created.
        #expect(await mark(early, 1) == .fenced)
        #expect(try database.integer("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'des%'") == 0)

        try await early.raise(Fence(unit: "2024-01-01", token: 1))
        try await late.raise(Fence(unit: "2024-01-01", token: 2))
        try await late.raise(Fence(unit: "2024-01-01", token: 2))
        #expect(await catalogError { try await early.raise(Fence(unit: "2024-01-01", token: 1)) }?.code == .fenced)
        for token: Int64 in [0, 1, 3] { #expect(await mark(early, token) == .fenced) }
        #expect(await mark(late, 2, unit: "2024-01-02") == .fenced)
        #expect(try database.integer("SELECT count(*) FROM files WHERE archived = 1") == 0)
        #expect(await mark(late, 2) == nil)
        #expect(try database.integer("SELECT count(*) FROM des_migration_fences") == 1)
    }

    @Test("Raising waits for a transaction of another connection, and is refused to a reader")
    func waits() async throws {
        let database = try database()
        try database.execute("BEGIN IMMEDIATE")
        let busy = database.catalog(busyTimeout: .milliseconds(20))
        #expect(await catalogError { try await busy.raise(Fence(unit: "u", token: 1)) }?.code == .locked)
        try database.execute("ROLLBACK")
        try await busy.raise(Fence(unit: "u", token: 1))
        let reader = database.catalog(access: .readOnly)
        #expect(await catalogError { try await reader.raise(Fence(unit: "u", token: 2)) }?.code == .readOnly)
    }
}
