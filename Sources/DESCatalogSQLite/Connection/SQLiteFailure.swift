import DESCatalog
import GRDB
import GRDBSQLite

/// An error code of SQLite with its message, whether GRDB or a statement of our own met it.
struct SQLiteFailure: Error, Equatable {
    /// The extended result code.
    let code: Int32
    let message: String

    init(code: Int32, message: String) {
        self.code = code
        self.message = message
    }

    /// The last error of the connection.
    init(connection: OpaquePointer?) {
        code = sqlite3_extended_errcode(connection)
        message = String(cString: sqlite3_errmsg(connection))
    }

    /// Nil if the error does not come from SQLite.
    init?(_ error: any Error) {
        switch error {
        case let failure as SQLiteFailure: self = failure
        case let error as DatabaseError:
            let code = error.extendedResultCode.rawValue
            self.init(code: code, message: error.message ?? String(cString: sqlite3_errstr(code)))
        default: return nil
        }
    }

    /// SQLITE_READONLY_DBMOVED, a C macro with an expression.
    private static let databaseMoved = SQLITE_READONLY | 4 << 8

    private var primaryCode: Int32 { code & 0xFF }

    /// Whether the row itself, not the database, is what the statement failed for.
    var isConstraint: Bool { primaryCode == SQLITE_CONSTRAINT }

    /// Whether a cancelled task makes statements fail like this.
    var isCausedByCancellation: Bool { [SQLITE_INTERRUPT, SQLITE_ABORT, SQLITE_BUSY].contains(primaryCode) }

    /// The failure in the catalog's terms.
    func catalogError(what: String, place: String, advice: String?) -> CatalogError {
        CatalogError(code: catalogCode, what: what, place: place, reason: message, advice: advice ?? defaultAdvice)
    }

    private var catalogCode: CatalogError.Code {
        if code == Self.databaseMoved { return .replaced }
        return switch primaryCode {
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: .locked
        case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
        case SQLITE_READONLY: .readOnly
        case SQLITE_FULL: .diskFull
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: .cannotOpen
        case SQLITE_IOERR: .inputOutput
        default: .queryFailed
        }
    }

    private var defaultAdvice: String? {
        switch catalogCode {
        case .locked: "another process holds a lock on it; the call can be repeated"
        case .corrupt: "run PRAGMA integrity_check on it and restore it from a backup; nothing was changed"
        case .readOnly: "the user of this process needs to write the file and its folder"
        case .cannotOpen:
            """
            SQLite must be able to open the file, and to make its journal (the same name with -journal, or -wal and -shm) beside \
            it: check the rights of the file and of its folder
            """
        case .diskFull: "free space in the folder of the catalog and in the folder for temporary files"
        default: nil
        }
    }
}
