import DESCatalog
import DESCatalogSQLite
import DESTestSupport
import GRDBSQLite

/// A throw-away folder with an SQLite file, and a plain connection to it: the "other program" that owns the catalog.
final class TemporaryDatabase {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static let defaultTable = """
        CREATE TABLE files (
            id INTEGER PRIMARY KEY, uid TEXT, created_at, file_location TEXT, size_bytes INTEGER, archived BOOLEAN
        )
        """
    static let index = "CREATE INDEX files_by_time ON files (created_at, uid)"

    let folder: TemporaryFolder
    let path: String
    private var connection: OpaquePointer?

    init(_ sql: String...) throws {
        folder = try TemporaryFolder()
        path = folder("catalog.db")
        guard sqlite3_open(path, &connection) == SQLITE_OK else { throw Failure(description: "cannot open \(path)") }
        for statement in sql { try execute(statement) }
    }

    deinit { sqlite3_close_v2(connection) }

    func execute(_ sql: String) throws {
        guard sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else {
            throw Failure(description: "\(String(cString: sqlite3_errmsg(connection))): \(sql)")
        }
    }

    /// The first column of the first row, as integer.
    func integer(_ sql: String) throws -> Int64 {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK else {
            throw Failure(description: "\(String(cString: sqlite3_errmsg(connection))): \(sql)")
        }
        defer { sqlite3_finalize(statement) }
        guard sqlite3_step(statement) == SQLITE_ROW else { throw Failure(description: "no row: \(sql)") }
        return sqlite3_column_int64(statement, 0)
    }

    func catalog(
        schema: CatalogSchema = CatalogSchema(table: "files"), access: CatalogAccess = .readWrite,
        busyTimeout: Duration = .seconds(10)
    ) -> SQLiteCatalog {
        SQLiteCatalog(path: path, schema: schema, access: access, busyTimeout: busyTimeout)
    }
}

extension SourceCatalog {
    /// Marks rows whose files are in the shard `test.shard`.
    func mark(_ keys: [RowKey]) async throws -> [MarkOutcome] {
        try await mark(keys.map { RowMark(key: $0, shard: "test.shard") }, within: nil)
    }
}

extension PendingRowScan {
    /// All rows, by pages of that many; the scan is closed.
    func allRows(pageSize: Int = 3) async throws -> [CatalogRow] {
        var rows: [CatalogRow] = []
        while true {
            let page = try await nextPage(atMost: pageSize)
            if page.isEmpty { break }
            if page.count > pageSize { throw TemporaryDatabase.Failure(description: "a page of \(page.count) rows") }
            rows += page
        }
        await close()
        return rows
    }
}

extension Array where Element == CatalogRow {
    /// The texts of the uids, in order; `NULL` for none.
    var uids: [String] { map { $0.key.uid.uidText ?? "NULL" } }
}

/// Runs the body and returns the catalog's error that it throws, or nil.
func catalogError(_ body: () async throws -> Void) async -> CatalogError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? CatalogError
    }
}
