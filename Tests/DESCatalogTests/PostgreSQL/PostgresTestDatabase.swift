import DESBase
import DESCatalog
import DESCatalogPostgres
import DESTestSupport
import Foundation
import Testing

/// A database of a test's own on a real server: the "other program" that owns the catalog speaks through `psql`.
struct PostgresTestDatabase {
    static let defaultTable = """
        CREATE TABLE files (
            id bigserial PRIMARY KEY, uid text, created_at timestamptz, file_location text, size_bytes bigint,
            archived boolean DEFAULT false
        )
        """
    static let indexes = """
        CREATE INDEX files_by_time ON files (created_at, uid); CREATE INDEX files_by_uid ON files (uid)
        """

    let server: DatabaseServer
    let name: String

    init(_ sql: String..., on server: DatabaseServer? = nil) async throws {
        let existing = server
        let server = try await Blocking.run { try existing ?? PostgresTestServer.shared() }
        self.server = server
        name = try await Blocking.run { try server.createPostgresDatabase() }
        if !sql.isEmpty { try await execute(sql.joined(separator: ";\n")) }
    }

    func execute(_ sql: String) async throws { _ = try await value(sql) }

    /// The rows as text.
    func value(_ sql: String) async throws -> String {
        let (server, name) = (server, name)
        return try await Blocking.run { try server.psql(sql, database: name) }
    }

    func catalog(
        schema: CatalogSchema = CatalogSchema(table: "files"), access: CatalogAccess = .readWrite,
        limits: PostgresCatalog.Limits = PostgresCatalog.Limits(), user: String? = nil, password: String? = nil
    ) -> PostgresCatalog {
        PostgresCatalog(
            conninfo: server.postgresURL(database: name, user: user, password: password), schema: schema,
            access: access, limits: limits)
    }

    /// Inserts rows with a uid, time and location of their own: `f000001`, seconds from 2024-01-01, `/data/f000001`.
    func insertFiles(_ count: Int) async throws {
        try await execute(
            """
            INSERT INTO files (uid, created_at, file_location, size_bytes)
            SELECT 'f' || lpad(n::text, 6, '0'), timestamptz '2024-01-01Z' + n * interval '1 s',
                '/data/f' || lpad(n::text, 6, '0'), n FROM generate_series(1, \(count)) n; ANALYZE files
            """)
    }
}

extension RowMark {
    /// The mark of a row as it was read.
    init(_ row: CatalogRow) {
        self.init(key: row.key, shard: "20240101-00")
    }
}

extension PostgresCatalog {
    /// Marks rows as they were read, without a fence.
    func mark(_ rows: [CatalogRow]) async throws -> [MarkOutcome] {
        try await mark(rows.map { RowMark($0) }, within: nil)
    }
}

/// A moment from its text.
func moment(_ text: String) throws -> Timestamp {
    try #require(Timestamp(parsing: text))
}

/// Runs blocking calls on a few threads of their own, so that many tests at once hold up neither the cooperative pool nor
/// the machine.
enum Blocking {
    private static let queue: OperationQueue = {
        let queue = OperationQueue()
        queue.maxConcurrentOperationCount = 4
        return queue
    }()

    static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.addOperation { continuation.resume(with: Swift.Result { try body() }) }
        }
    }
}
