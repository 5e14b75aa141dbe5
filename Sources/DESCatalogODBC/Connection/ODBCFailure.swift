import DESCatalog
import DESODBC

extension CatalogError {
    /// A failure of ODBC in the catalog's terms.
    init(_ error: ODBCError, what: String, place: String, advice: String?) {
        let code = Self.code(error.kind)
        self.init(
            code: code, what: what, place: place, reason: error.description,
            advice: advice ?? Self.advice(code, error.kind))
    }

    private static func code(_ kind: ODBCError.Kind) -> Code {
        switch kind {
        case .unreachable: .unreachable
        case .accessDenied: .accessDenied
        case .missingDatabase, .missingDriver: .cannotOpen
        case .missingTable: .missingTable
        case .missingColumn: .missingColumn
        case .locked: .locked
        case .timedOut, .cancelled: .timedOut
        case .diskFull: .diskFull
        case .readOnly: .readOnly
        case .constraint, .other: .queryFailed
        }
    }

    private static func advice(_ code: Code, _ kind: ODBCError.Kind) -> String? {
        switch code {
        case .unreachable: "the call can be repeated once the server is back"
        case .accessDenied: "check user and password in database.url, and what the user may do"
        case .cannotOpen where kind == .missingDriver: "check the driver's name in /etc/odbcinst.ini"
        case .cannotOpen: "check database.url"
        case .locked: "another transaction holds a lock; the call can be repeated"
        case .readOnly: "the server, or the user, may only read; marks need a server that can be written"
        case .diskFull: "free space on the database server"
        default: nil
        }
    }
}
