import DESBase
package import DESCatalog
import GRDB
import GRDBSQLite

/// A prepared statement with its values bound and read by SQLite's own calls: a row costs no closure, no boxed value and
/// no array. GRDB prepares, caches and finalizes the statement.
struct StatementCursor {
    private let statement: Statement
    private let connection: OpaquePointer?

    fileprivate init(_ statement: Statement, _ connection: OpaquePointer?) {
        self.statement = statement
        self.connection = connection
    }

    private var handle: OpaquePointer { statement.sqliteStatement }

    /// Whether there is a row. At the end of the rows, or when it throws, the statement is reset.
    func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            sqlite3_reset(handle)
            return false
        default:
            let failure = SQLiteFailure(connection: connection)
            sqlite3_reset(handle)
            throw failure
        }
    }

    /// Ends the reading, and with it the lock that the statement holds.
    func reset() {
        sqlite3_reset(handle)
    }

    // MARK: Parameters, counted from 1

    func bind(_ value: CatalogValue, at index: Int32) throws {
        let code =
            switch value {
            // Rows with a value that is too long are read, and never asked for.
            case .null, .tooLong: sqlite3_bind_null(handle, index)
            case .integer(let number): sqlite3_bind_int64(handle, index, number)
            case .real(let number): sqlite3_bind_double(handle, index, number)
            case .text(let text): bindText(text, at: index)
            case .time(let time): bindText(time.storedText, at: index)
            case .blob(let bytes) where bytes.isEmpty: sqlite3_bind_zeroblob(handle, index, 0)
            case .blob(let bytes): sqlite3_bind_blob64(handle, index, bytes, UInt64(bytes.count), Self.copied)
            }
        guard code == SQLITE_OK else { throw SQLiteFailure(connection: connection) }
    }

    /// Binds up to three values without copying their texts, and steps the statement to its end, in the body, before
    /// they go.
    func withBound<Result>(
        _ values: (CatalogValue, CatalogValue, CatalogValue), from index: Int32, _ body: () throws -> Result
    ) throws -> Result {
        try withBound(values.0, at: index) {
            try withBound(values.1, at: index + 1) {
                try withBound(values.2, at: index + 2, body)
            }
        }
    }

    private func withBound<Result>(
        _ value: CatalogValue, at index: Int32, _ body: () throws -> Result
    ) throws -> Result {
        guard case .text(var text) = value else {
            try bind(value, at: index)
            return try body()
        }
        return try text.withUTF8 { bytes in
            let code = bytes.withMemoryRebound(to: CChar.self) { bytes in
                // With a nil pointer SQLite would bind NULL.
                sqlite3_bind_text64(
                    handle, index, bytes.baseAddress ?? UnsafePointer(bitPattern: 1), UInt64(bytes.count), nil,
                    UInt8(SQLITE_UTF8))
            }
            guard code == SQLITE_OK else { throw SQLiteFailure(connection: connection) }
            // The pointer must not outlive this scope in the statement.
            defer { sqlite3_bind_null(handle, index) }
            return try body()
        }
    }

    /// Binds bytes as a text, valid UTF-8 or not.
    func bindText(_ bytes: [UInt8], at index: Int32) throws {
        // With a nil pointer SQLite would bind NULL.
        let code =
            bytes.isEmpty
            ? sqlite3_bind_text(handle, index, "", 0, Self.copied)
            : bytes.withUnsafeBytes { bytes in
                sqlite3_bind_text64(
                    handle, index, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), UInt64(bytes.count),
                    Self.copied, UInt8(SQLITE_UTF8))
            }
        guard code == SQLITE_OK else { throw SQLiteFailure(connection: connection) }
    }

    private func bindText(_ text: String, at index: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { bytes in
            guard let start = bytes.baseAddress, !bytes.isEmpty else {
                return sqlite3_bind_text(handle, index, "", 0, Self.copied)
            }
            return start.withMemoryRebound(to: CChar.self, capacity: bytes.count) { start in
                sqlite3_bind_text64(handle, index, start, UInt64(bytes.count), Self.copied, UInt8(SQLITE_UTF8))
            }
        }
    }

    /// SQLITE_TRANSIENT, which is a C macro with a cast: SQLite copies the bytes.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    // MARK: Columns, counted from 0

    var columnCount: Int32 { sqlite3_column_count(handle) }

    /// The value, or that it is too long: only then it is not copied.
    func value(at column: Int32, limit: Int) -> CatalogValue {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_TEXT, SQLITE_BLOB:
            let size = byteCount(at: column)
            return size > limit ? .tooLong(sizeInBytes: size) : value(at: column)
        default: return value(at: column)
        }
    }

    func value(at column: Int32) -> CatalogValue {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, column))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, column))
        case SQLITE_TEXT:
            let bytes = UnsafeBufferPointer(
                start: sqlite3_column_text(handle, column), count: Int(sqlite3_column_bytes(handle, column)))
            return Self.text(bytes).map(CatalogValue.text) ?? .blob(Array(bytes))
        case SQLITE_BLOB:
            let start = sqlite3_column_blob(handle, column)
            return .blob(Array(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : byteCount(at: column))))
        default: return .null
        }
    }

    /// The text, or nil if it is not valid UTF-8. Most texts are ASCII, which is known much faster than by the general
    /// validation.
    private static func text(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        var union: UInt64 = 0
        let raw = UnsafeRawBufferPointer(bytes)
        var offset = 0
        while offset + 8 <= raw.count {
            union |= raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        while offset < raw.count {
            union |= UInt64(raw[offset])
            offset += 1
        }
        if union & 0x8080_8080_8080_8080 == 0 { return String(decoding: bytes, as: UTF8.self) }
        return String(validating: bytes, as: UTF8.self)
    }

    func isNull(at column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func isText(at column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_TEXT }

    /// The value as integer; 0 for NULL.
    func integer(at column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// The value as text; empty for NULL.
    func text(at column: Int32) -> String {
        sqlite3_column_text(handle, column).map { String(cString: $0) } ?? ""
    }

    private func byteCount(at column: Int32) -> Int { Int(sqlite3_column_bytes(handle, column)) }
}

extension Database {
    /// The statement, prepared once for the connection. Binding it again ends an earlier use.
    func cursor(_ sql: String) throws -> StatementCursor {
        let cursor = StatementCursor(try cachedStatement(sql: sql), sqliteConnection)
        cursor.reset()
        return cursor
    }

    /// Runs a query and hands each row to the body until that answers false. Holds a read lock meanwhile, not longer.
    func rows(
        _ sql: String, binding values: [CatalogValue] = [], _ body: (StatementCursor) throws -> Bool
    ) throws {
        let cursor = try cursor(sql)
        defer { cursor.reset() }
        for (index, value) in values.enumerated() { try cursor.bind(value, at: Int32(index + 1)) }
        while try cursor.step() {
            guard try body(cursor) else { return }
        }
    }

    /// Whether the main schema has a table or view of this name.
    package func hasTable(_ name: String) throws -> Bool {
        try hasRow(
            "SELECT 1 FROM main.sqlite_schema WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE",
            [.text(name)])
    }

    /// Whether a query has any row.
    func hasRow(_ sql: String, _ values: [CatalogValue] = []) throws -> Bool {
        var hasRow = false
        try rows(sql, binding: values) { _ in
            hasRow = true
            return false
        }
        return hasRow
    }

    /// All rows of a query that has few of them.
    package func rows(_ sql: String, _ values: [CatalogValue] = []) throws -> [[CatalogValue]] {
        var result: [[CatalogValue]] = []
        try rows(sql, binding: values) { row in
            result.append((0..<row.columnCount).map { row.value(at: $0) })
            return true
        }
        return result
    }

    /// Runs a statement that returns no rows, and answers how many it has changed itself, triggers aside.
    @discardableResult
    package func change(_ sql: String, _ values: [CatalogValue]) throws -> Int {
        try rows(sql, binding: values) { _ in true }
        return changedRowCount
    }

    /// How many rows the last UPDATE changed itself, triggers aside.
    var changedRowCount: Int { Int(sqlite3_changes(sqliteConnection)) }
}
