import DESBase
import DESCatalog
import GRDBSQLite
import Synchronization

/// The catalog of a test: an SQLite file, and a plain connection to it, the "other program" that owns it.
final class PipelineTable: Sendable {
    /// What the table knows of a row.
    struct Row: Sendable, Hashable {
        let id: Int64
        let isMarked: Bool
    }

    static let definition = """
        CREATE TABLE files (
            id INTEGER PRIMARY KEY, uid, created_at, file_location, size_bytes, archived BOOLEAN DEFAULT 0,
            category TEXT, score REAL, thumbnail BLOB
        )
        """

    let path: String
    private let connection = Mutex<Int>(0)

    init(path: String, definition: String = PipelineTable.definition) throws {
        self.path = path
        var handle: OpaquePointer?
        guard sqlite3_open(path, &handle) == SQLITE_OK else { throw PipelineFailure("cannot open \(path)") }
        sqlite3_busy_timeout(handle, 10_000)
        // As a number, because a pointer cannot be in a mutex that several tasks use.
        let address = Int(bitPattern: handle)
        connection.withLock { $0 = address }
        try execute("PRAGMA synchronous = OFF")
        try execute(definition)
        try execute("CREATE INDEX files_by_time ON files (created_at, uid)")
    }

    deinit {
        connection.withLock { _ = sqlite3_close_v2(OpaquePointer(bitPattern: $0)) }
    }

    func execute(_ sql: String) throws {
        try connection.withLock { address in
            let handle = OpaquePointer(bitPattern: address)
            guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
                throw PipelineFailure("\(String(cString: sqlite3_errmsg(handle))): \(sql)")
            }
        }
    }

    /// Adds a pending row and gives its id.
    func insert(
        uid: CatalogValue, createdAt: CatalogValue, location: CatalogValue, size: CatalogValue,
        meta: [CatalogValue] = []
    ) throws -> Int64 {
        let columns = ["uid", "created_at", "file_location", "size_bytes", "category", "score", "thumbnail"]
        let values = [uid, createdAt, location, size] + meta
        let names = columns.prefix(values.count).joined(separator: ", ")
        let places = values.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
        return try connection.withLock { address in
            let handle = OpaquePointer(bitPattern: address)
            var statement: OpaquePointer?
            sqlite3_prepare_v2(handle, "INSERT INTO files (\(names)) VALUES (\(places))", -1, &statement, nil)
            defer { sqlite3_finalize(statement) }
            for (index, value) in values.enumerated() { Self.bind(value, to: statement, at: Int32(index + 1)) }
            guard sqlite3_step(statement) == SQLITE_DONE else {
                throw PipelineFailure("\(String(cString: sqlite3_errmsg(handle))): cannot insert")
            }
            return sqlite3_last_insert_rowid(handle)
        }
    }

    /// All rows in the order of their ids.
    func rows() throws -> [Row] {
        try connection.withLock { address in
            let handle = OpaquePointer(bitPattern: address)
            var statement: OpaquePointer?
            let sql = "SELECT id, ifnull(archived, 0) <> 0 FROM files ORDER BY id"
            guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else {
                throw PipelineFailure(String(cString: sqlite3_errmsg(handle)))
            }
            defer { sqlite3_finalize(statement) }
            var rows: [Row] = []
            while true {
                switch sqlite3_step(statement) {
                case SQLITE_ROW:
                    rows.append(
                        Row(id: sqlite3_column_int64(statement, 0), isMarked: sqlite3_column_int(statement, 1) != 0)
                    )
                case SQLITE_DONE: return rows
                default: throw PipelineFailure(String(cString: sqlite3_errmsg(handle)))
                }
            }
        }
    }

    /// The ids of the marked rows.
    func markedIDs() throws -> Set<Int64> { Set(try rows().filter(\.isMarked).map(\.id)) }

    private static func bind(_ value: CatalogValue, to statement: OpaquePointer?, at index: Int32) {
        // SQLITE_TRANSIENT: SQLite copies the bytes.
        let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch value {
        case .null, .tooLong: sqlite3_bind_null(statement, index)
        case .integer(let number): sqlite3_bind_int64(statement, index, number)
        case .real(let number): sqlite3_bind_double(statement, index, number)
        case .text(let text): sqlite3_bind_text(statement, index, text, Int32(text.utf8.count), copied)
        case .time(let time): sqlite3_bind_text(statement, index, time.rfc3339, -1, copied)
        case .blob(let bytes): sqlite3_bind_blob(statement, index, bytes, Int32(bytes.count), copied)
        }
    }
}
