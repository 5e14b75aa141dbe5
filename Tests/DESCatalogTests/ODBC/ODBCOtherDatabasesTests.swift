import DESBase
import DESCatalog
import DESCatalogODBC
import DESODBC
import DESTestSupport
import Testing

/// The connector with other databases that can run here: what works with three drivers owes nothing to one of them.
@Suite("PostgreSQL and SQLite through ODBC")
struct ODBCOtherDatabasesTests {
    enum Kind: String, CaseIterable, Sendable {
        case postgresql, sqlite
    }

    /// An empty database, and a connection to fill it.
    private final class Database: Sendable {
        let source: ODBCSource
        private let folder: TemporaryFolder
        private let connection: ODBCConnection

        init(_ kind: Kind) throws {
            folder = try TemporaryFolder()
            switch kind {
            case .postgresql:
                let server = try PostgresTestServer.shared()
                source = try ODBCSource(url: server.postgresURL(database: try server.createPostgresDatabase()))
            case .sqlite:
                source = ODBCSource(connectionString: "DRIVER={SQLite3};DATABASE=\(folder("catalog.db"))")
            }
            connection = ODBCConnection(source: { [source] in try source.connectionString() })
        }

        @discardableResult
        func execute(_ statements: String...) async throws -> [[ODBCValue]] {
            try await connection.run { session in
                var rows: [[ODBCValue]] = []
                for sql in statements { rows = try session.execute(sql) }
                return rows
            }
        }

        func catalog(_ schema: CatalogSchema = CatalogSchema(table: "files")) -> ODBCCatalog {
            ODBCCatalog(source: source, schema: schema)
        }

        func close() async { await connection.close() }
    }

    private static func table(_ kind: Kind) -> String {
        let time = kind == .postgresql ? "TIMESTAMPTZ" : "TEXT"
        let archived = kind == .postgresql ? "BOOLEAN" : "INTEGER"
        return """
            CREATE TABLE files (id INTEGER PRIMARY KEY, uid VARCHAR(100), created_at \(time), file_location TEXT,
                size_bytes BIGINT, archived \(archived))
            """
    }

    private static func rows(_ kind: Kind) -> String {
        let (yes, no) = kind == .postgresql ? ("TRUE", "FALSE") : ("1", "0")
        return """
            INSERT INTO files VALUES (1, 'b', '2024-01-02T03:04:05.123456Z', '/b', 2, \(no)),
            (2, 'größe 😀', '2024-01-02T03:04:05.123456Z', '/größe 😀', 1, NULL), (3, 'c', '2024-01-01T00:00:00Z', '/c', NULL, \(no)),
            (4, 'd', '2024-01-01T00:00:00Z', '/d', 4, \(yes)), (5, NULL, '2024-01-01T00:00:00Z', '/e', 5, \(no)),
            (6, 'f', NULL, '/f', 6, \(no)), (7, 'g', '2025-01-01T00:00:00Z', '/g', 7, \(no))
            """
    }

    private static let cutoff = Timestamp(year: 2024, month: 6, day: 1) ?? .latest

    @Test("Long texts are read whole, and found again", arguments: Kind.allCases)
    func longTexts(kind: Kind) async throws {
        let database = try Database(kind)
        let path = "/" + String(repeating: "größe 😀/", count: 3000)
        try await database.execute(
            Self.table(kind), "INSERT INTO files VALUES (1, 'a', '2024-01-01T00:00:00Z', '\(path)', 1, NULL)")
        let catalog = database.catalog()
        let rows = try await catalog.pendingRows(olderThan: Self.cutoff).allRows()
        #expect(rows.first?.key.location == .text(path))
        #expect(try await catalog.mark(rows.map { RowMark(key: $0.key, shard: "s") }, within: nil) == [.marked])
        await catalog.close()
        await database.close()
    }

    @Test("Marks without a primary key are found by exact values", arguments: Kind.allCases)
    func withoutKey(kind: Kind) async throws {
        let database = try Database(kind)
        try await database.execute(
            Self.table(kind).replacing("PRIMARY KEY", with: ""), Self.rows(kind))
        let catalog = database.catalog()
        let rows = try await catalog.pendingRows(olderThan: Self.cutoff).allRows()
        let outcomes = try await catalog.mark(rows.map { RowMark(key: $0.key, shard: "s") }, within: nil)
        #expect(outcomes.prefix(3).allSatisfy { $0 == .marked })
        #expect(
            outcomes.dropFirst(3).allSatisfy {
                $0 == .refused(reason: "a row without uid, time or location cannot be marked")
            })
        await catalog.close()
        await database.close()
    }

    @Test("What is missing is named", arguments: Kind.allCases)
    func missing(kind: Kind) async throws {
        let database = try Database(kind)
        try await database.execute(Self.table(kind))
        let catalogs = [
            database.catalog(CatalogSchema(table: "filez")),
            database.catalog(CatalogSchema(table: "files", uidColumn: "uidd")),
        ]
        var errors: [CatalogError?] = []
        for catalog in catalogs {
            errors.append(await catalogError { try await catalog.checkSchema() })
            await catalog.close()
        }
        #expect(errors.map { $0?.code } == [.missingTable, .missingColumn])
        #expect(errors.map { $0?.advice } == ["did you mean \"files\"?", "did you mean \"uid\"?"])
        await database.close()
    }
}
