import GRDB
import GRDBSQLite

/// A prepared statement of the spool, bound and run many times. Uids are bound as bytes: that is how they compare.
struct SpoolStatement {
    private let statement: Statement
    private let connection: OpaquePointer?

    init(_ database: Database, _ sql: String) throws {
        statement = try database.cachedStatement(sql: sql)
        connection = database.sqliteConnection
    }

    private var handle: OpaquePointer { statement.sqliteStatement }

    /// Parameters are counted from 1; nil is NULL.
    func bind(_ number: Int64?, at index: Int32) throws {
        try check(number.map { sqlite3_bind_int64(handle, index, $0) } ?? sqlite3_bind_null(handle, index))
    }

    /// Binds the bytes of a text.
    func bind(_ text: String, at index: Int32) throws {
        var text = text
        let code = text.withUTF8 { bytes in
            guard let start = bytes.baseAddress, !bytes.isEmpty else { return sqlite3_bind_zeroblob(handle, index, 0) }
            return sqlite3_bind_blob64(handle, index, start, UInt64(bytes.count), Self.copied)
        }
        try check(code)
    }

    /// Moves to the next row; false at the end, where the statement is ready for other values.
    func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            sqlite3_reset(handle)
            return false
        default:
            let error = failure()
            sqlite3_reset(handle)
            throw error
        }
    }

    /// Runs a statement that returns no rows.
    func run() throws { while try step() {} }

    /// Ends a statement before its last row.
    func reset() { sqlite3_reset(handle) }

    /// Columns are counted from 0; nil for NULL.
    func integer(_ column: Int32) -> Int64? {
        sqlite3_column_type(handle, column) == SQLITE_NULL ? nil : sqlite3_column_int64(handle, column)
    }

    /// The text whose bytes are stored; empty for NULL.
    func text(_ column: Int32) -> String {
        let start = sqlite3_column_blob(handle, column)
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count), as: UTF8.self)
    }

    private func check(_ code: Int32) throws {
        guard code == SQLITE_OK else { throw failure() }
    }

    private func failure() -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)),
            message: String(cString: sqlite3_errmsg(connection)))
    }

    /// SQLITE_TRANSIENT, which is a C macro with a cast: SQLite copies the bytes.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}
