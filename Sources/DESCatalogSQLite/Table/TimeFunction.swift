import DESBase
import DESCatalog
import GRDB
import GRDBSQLite

/// The SQL function that turns a time, in whatever form it is stored, into microseconds since 1970, or NULL: it lets
/// SQLite compare and sort by time where one column holds texts, numbers and offsets side by side.
enum TimeFunction {
    static let name = "des_microseconds"

    static func register(on database: Database) throws {
        let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC
        let code = sqlite3_create_function_v2(
            database.sqliteConnection, name, 1, flags, nil,
            { context, _, values in
                if let time = Timestamp(sqliteValue: values?.pointee) {
                    sqlite3_result_int64(context, time.microsecondsSinceEpoch)
                } else {
                    sqlite3_result_null(context)
                }
            }, nil, nil, nil)
        guard code == SQLITE_OK else { throw SQLiteFailure(connection: database.sqliteConnection) }
    }
}

extension Timestamp {
    /// The moment that a value of SQLite stands for: the same as ``CatalogValue/timestamp``, without copying it.
    fileprivate init?(sqliteValue value: OpaquePointer?) {
        switch sqlite3_value_type(value) {
        case SQLITE_INTEGER: self.init(storedInteger: sqlite3_value_int64(value))
        case SQLITE_FLOAT: self.init(storedReal: sqlite3_value_double(value))
        case SQLITE_TEXT:
            let text = sqlite3_value_text(value)
            let count = Int(sqlite3_value_bytes(value))
            self.init(parsingUTF8: UnsafeBufferPointer(start: text, count: text == nil ? 0 : count))
        case SQLITE_BLOB:
            let blob = sqlite3_value_blob(value)?.assumingMemoryBound(to: UInt8.self)
            let count = Int(sqlite3_value_bytes(value))
            self.init(parsingUTF8: UnsafeBufferPointer(start: blob, count: blob == nil ? 0 : count))
        default: return nil
        }
    }
}
