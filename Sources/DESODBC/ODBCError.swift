/// Why a call of ODBC failed, as the driver or the driver manager says it. Holds no secret.
package struct ODBCError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of trouble it is; told by the SQLSTATE and, where that says too little, by the database's own code.
    package enum Kind: Sendable, Hashable {
        /// The server cannot be reached, restarts, or the connection broke.
        case unreachable
        /// User, password or a privilege.
        case accessDenied
        case missingDatabase
        case missingTable
        case missingColumn
        /// A lock could not be had in time, or a deadlock was resolved at our expense.
        case locked
        /// The statement ran longer than it may.
        case timedOut
        /// Somebody cancelled the statement.
        case cancelled
        case diskFull
        case readOnly
        /// A constraint refused a row.
        case constraint
        /// No such driver is installed, or it cannot be loaded.
        case missingDriver
        case other
    }

    package var kind: Kind
    /// Five characters; see "Appendix A: ODBC Error Codes" of the ODBC reference.
    package var sqlState: String
    /// The database's own number; 0 if there is none.
    package var nativeCode: Int
    package var message: String

    package init(kind: Kind, sqlState: String, nativeCode: Int = 0, message: String) {
        self.kind = kind
        self.sqlState = sqlState
        self.nativeCode = nativeCode
        self.message = message
    }

    package var description: String {
        nativeCode == 0 ? "\(message) (\(sqlState))" : "\(message) (\(sqlState), \(nativeCode))"
    }
}
