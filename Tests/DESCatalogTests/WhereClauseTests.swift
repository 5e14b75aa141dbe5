import DESBase
import DESTestSupport
import Testing

@testable import DESCatalog

@Suite("The operator's where_clause")
struct WhereClauseTests {
    /// Each would take in rows that the operator did not mean, or fails in the database.
    static let refused = [
        "uid like 'v%') OR (uid like 'f%'", "1 = 1) --", "size_bytes = ", "no_such_column = 1",
        "uid = 'f000001' ORDER BY uid", "1 = 1 THEN 1 ELSE 0 END FROM files WHERE (1 = 1", "uid = 'a", "1 = 1 /*",
        "count(*) > 0", "uid = 'a'; DELETE FROM files",
    ]
    /// With comments, and parentheses in texts.
    static let accepted = ["uid <> 'x' -- c", "uid <> ')' OR (uid = '(')", "(size_bytes < 10)\nOR 1 = 0"]

    @Test("What is tried first stands between keywords, and a comment ends with its line, in every dialect")
    func statements() {
        #expect(
            WhereClause.trials(of: "a = 1 -- x", on: "[dbo].[files]") == [
                "SELECT CASE WHEN\na = 1 -- x\nTHEN 1 ELSE 0 END FROM [dbo].[files] WHERE 1 = 0",
                "SELECT 1 FROM [dbo].[files] WHERE 1 = 0 AND (\na = 1 -- x\n)",
            ])
    }

    private func schema(_ clause: String) -> CatalogSchema {
        var schema = CatalogSchema(table: "files")
        schema.whereClause = clause
        return schema
    }

    private func expectRefusal(_ clause: String, _ catalog: some SourceCatalog) async {
        let error = await catalogError { try await catalog.checkSchema() }
        #expect(error?.description.contains("where_clause") == true, "\(clause): \(String(describing: error))")
        #expect(error?.isTransient == false)
        let scanError = await catalogError { _ = try await catalog.pendingRows(olderThan: .latest) }
        #expect(scanError != nil)
        await catalog.close()
    }

    private func expectUse(_ clause: String, _ catalog: some SourceCatalog) async throws {
        try await catalog.checkSchema()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(rows.count == 3, "\(clause)")
        #expect(try await catalog.mark(rows.map(\.key)) == [.marked, .marked, .marked])
        #expect(try await catalog.statistics(olderThan: .latest).totalFiles == 0)
        await catalog.close()
    }

    @Test("PostgreSQL: a clause that is no condition of its own is refused, and others work")
    func postgres() async throws {
        let database = try await PostgresTestDatabase(PostgresTestDatabase.defaultTable)
        try await database.insertFiles(3)
        for clause in Self.refused { await expectRefusal(clause, database.catalog(schema: schema(clause))) }
        #expect(try await database.value("SELECT count(*) FROM files WHERE NOT archived") == "3")
        for clause in Self.accepted {
            try await database.execute("UPDATE files SET archived = false")
            try await expectUse(clause, database.catalog(schema: schema(clause)))
        }
    }

    @Test("MariaDB: a clause that is no condition of its own is refused, and others work")
    func mariaDB() async throws {
        let database = try ODBCDatabase(ODBCDatabase.defaultTable)
        try database.addRows(3)
        for clause in Self.refused + ["uid <> ?"] {
            await expectRefusal(clause, try database.catalog(schema: schema(clause)))
        }
        for clause in Self.accepted + ["uid <> 'x' # c"] {
            try database.execute("UPDATE files SET archived = 0")
            try await expectUse(clause, try database.catalog(schema: schema(clause)))
        }
    }

    @Test("SQLite: a clause that is no condition of its own is refused, and others work")
    func sqlite() async throws {
        let database = try TemporaryDatabase(TemporaryDatabase.defaultTable, SQLiteMarkTests.threeRows)
        for clause in Self.refused + ["uid <> ?"] {
            await expectRefusal(clause, database.catalog(schema: schema(clause)))
        }
        for clause in Self.accepted {
            try database.execute("UPDATE files SET archived = 0")
            try await expectUse(clause, database.catalog(schema: schema(clause)))
        }
    }
}
