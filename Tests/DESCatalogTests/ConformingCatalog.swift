import DESBase
import DESCatalog
import DESCatalogODBC
import DESCatalogSQLite
import DESCatalogWatermark
import DESTestSupport

/// Every kind of catalog, each of which keeps what ``SourceCatalog`` promises.
enum CatalogKind: CaseIterable, Sendable {
    case sqlite, postgres, mariadb
    /// By ODBC, as databases without a client of their own are read.
    case sqliteByODBC, postgresByODBC
    case manifest
    /// A table that is never marked, behind a watermark.
    case watermark

    /// Those that workers share, and somebody else changes.
    static let databases = allCases.filter { $0 != .manifest && $0 != .watermark }
}

/// A row of a catalog that every kind can hold; it is pending.
struct SampleRow: Sendable {
    var uid: String
    /// With microseconds, in UTC.
    var time: String?
    var size: Int? = 1

    var location: String { "/data/\(uid)" }

    /// Before 2024-06-01 but for the last.
    static let all = [
        SampleRow(uid: "c", time: "2024-01-03T00:00:00.000000Z", size: 3),
        SampleRow(uid: "b", time: "2024-01-02T03:04:05.123456Z", size: nil),
        SampleRow(uid: "größe 😀", time: "2024-01-02T03:04:05.123457Z", size: 5),
        SampleRow(uid: "a", time: "2024-01-01T00:00:00.000000Z"), SampleRow(uid: "undated", time: nil),
        SampleRow(uid: "late", time: "2025-01-01T00:00:00.000000Z"),
    ]
    static let cutoff = Timestamp(year: 2024, month: 6, day: 1) ?? .latest
}

/// A catalog of a kind with some rows, and the "other program" that owns it.
final class ConformingCatalog {
    let kind: CatalogKind
    private let file: TemporaryDatabase
    private let postgres: PostgresTestDatabase?
    private let mariadb: ODBCDatabase?
    private let rows: [SampleRow]

    init(_ kind: CatalogKind, isIndexed: Bool = true, _ rows: [SampleRow] = SampleRow.all) async throws {
        self.kind = kind
        self.rows = rows
        let usesPostgres = kind == .postgres || kind == .postgresByODBC
        file = try TemporaryDatabase(
            """
            CREATE TABLE files (
                id INTEGER PRIMARY KEY, uid VARCHAR(100), created_at TEXT, file_location TEXT, size_bytes BIGINT,
                archived INTEGER
            )
            """)
        postgres = usesPostgres ? try await PostgresTestDatabase(PostgresTestDatabase.defaultTable) : nil
        mariadb = kind == .mariadb ? try ODBCDatabase(ODBCDatabase.defaultTable) : nil
        let values = rows.map { row in
            let time = row.time.map { kind == .mariadb ? $0.replacing("T", with: " ").dropLast() : Substring($0) }
            let (moment, size) = (time.map { "'\($0)'" } ?? "NULL", row.size.map { "\($0)" } ?? "NULL")
            return "('\(row.uid)', \(moment), '\(row.location)', \(size))"
        }
        try await execute(
            "INSERT INTO files (uid, created_at, file_location, size_bytes) VALUES \(values.joined(separator: ", "))")
        guard isIndexed else { return }
        try await execute(TemporaryDatabase.index)
        if usesPostgres { try await execute("CREATE INDEX files_by_uid ON files (uid)") }
    }

    /// Runs SQL that every database takes.
    func execute(_ sql: String) async throws {
        if let postgres { return try await postgres.execute(sql) }
        if let mariadb { try mariadb.execute(sql) } else { try file.execute(sql) }
    }

    /// The catalog, as it is opened by each worker.
    func open() async throws -> any SourceCatalog {
        let schema = CatalogSchema(table: "files")
        switch kind {
        case .sqlite: return file.catalog()
        case .sqliteByODBC:
            return ODBCCatalog(
                source: ODBCSource(connectionString: "DRIVER={SQLite3};DATABASE=\(file.path)"), schema: schema)
        case .postgres, .postgresByODBC:
            guard let postgres else { break }
            let url = postgres.server.postgresURL(database: postgres.name)
            return kind == .postgres
                ? postgres.catalog() : ODBCCatalog(source: try ODBCSource(url: url), schema: schema)
        case .mariadb: if let mariadb { return try mariadb.catalog() }
        case .manifest:
            let entries = rows.map { row in
                let time = row.time.map { ", \"created_at\": \"\($0)\"" } ?? ""
                let size = row.size.map { ", \"size_bytes\": \($0)" } ?? ""
                return "{\"uid\": \"\(row.uid)\"\(time)\(size), \"source_path\": \"\(row.location)\"}"
            }
            return try ManifestCatalog(json: Array("[\(entries.joined(separator: ", "))]".utf8), path: "files.json")
        case .watermark:
            let store = SQLiteArchiveStore(path: file.path)
            try await store.prepare()
            return WatermarkCatalog(
                base: file.catalog(schema: CatalogSchema(table: "files", archivedColumn: nil)), store: store)
        }
        throw TemporaryDatabase.Failure(description: "no database for \(kind)")
    }
}

extension RowMark {
    /// With another place than was read.
    func moved() -> RowMark {
        var key = key
        key.location = .text("/elsewhere")
        return RowMark(key: key, shard: "s")
    }
}
