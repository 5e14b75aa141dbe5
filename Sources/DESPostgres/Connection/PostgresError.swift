/// Why a PostgreSQL server could not be used or refused a statement. Holds no secret.
package struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure; the set may grow.
    package struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        package let rawValue: String

        package init(rawValue: String) { self.rawValue = rawValue }

        package var description: String { rawValue }

        /// The server cannot be reached, starts or stops, or the connection broke.
        package static let unreachable = Code(rawValue: "unreachable")
        /// The server has no connection left.
        package static let outOfConnections = Code(rawValue: "outOfConnections")
        /// The connection cannot be made, now or later: a wrong URL, a certificate that is refused.
        package static let cannotConnect = Code(rawValue: "cannotConnect")
        package static let missingDatabase = Code(rawValue: "missingDatabase")
        /// User, password or certificate were refused, or the user may not do this.
        package static let accessDenied = Code(rawValue: "accessDenied")
        /// Another transaction holds a lock for too long, or the two would wait for one another for ever.
        package static let locked = Code(rawValue: "locked")
        /// A statement took longer than it may.
        package static let timedOut = Code(rawValue: "timedOut")
        package static let diskFull = Code(rawValue: "diskFull")
        /// The server is a standby, or takes no changes for another reason.
        package static let readOnly = Code(rawValue: "readOnly")
        /// A table, column, schema or function is missing.
        package static let missingObject = Code(rawValue: "missingObject")
        /// The statement failed for the values of a row: a constraint, a trigger, a value that does not fit.
        package static let refusedRow = Code(rawValue: "refusedRow")
        package static let queryFailed = Code(rawValue: "queryFailed")
        /// The connection was closed before.
        package static let closed = Code(rawValue: "closed")
    }

    package var code: Code
    /// The five characters of SQLSTATE; nil if the failure was not reported by the server.
    package var sqlState: String?
    /// The reason, in the words of the server or of libpq.
    package var message: String
    /// The server's detail; may hold values of the row.
    package var detail: String?
    /// What was attempted, as in "cannot claim a unit"; empty if not known yet.
    package var what: String
    /// Host, database and user, without the password.
    package var place: String
    /// What happens next, or what the user can do.
    package var advice: String?
    /// Whether the connection broke after the statement was sent: it may have been carried out.
    package var isOutcomeUnknown: Bool

    package init(
        code: Code, sqlState: String? = nil, message: String, detail: String? = nil, what: String = "",
        place: String = "", advice: String? = nil, isOutcomeUnknown: Bool = false
    ) {
        self.code = code
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.what = what
        self.place = place
        self.advice = advice
        self.isOutcomeUnknown = isOutcomeUnknown
    }

    /// Whether the same call may succeed when it is repeated a little later.
    package var isTransient: Bool { code == .unreachable || code == .locked || code == .outOfConnections }

    package var description: String {
        "\(what.isEmpty ? "PostgreSQL" : what) (\(place)): \(message)" + (sqlState.map { " [\($0)]" } ?? "")
            + (advice.map { "; \($0)" } ?? "")
    }

    /// Whether a prepared statement was lost or has outlived a change of its tables: preparing it again helps.
    package var isStalePlan: Bool {
        sqlState == "26000" || (sqlState == "0A000" && message.contains("cached plan"))
    }
}

extension PostgresError {
    /// What can be done about it, where the SQLSTATE or the message says more than the kind.
    var specialAdvice: String? {
        switch sqlState {
        // A prepared statement or a cursor that is missing, or is there already: it belongs to another session.
        case "26000", "42P05", "34000", "42P03":
            return """
                if a connection pooler (PgBouncer, Pgpool, Supavisor, a proxy of the provider) is between, it hands each \
                transaction to another session: set pool_mode = session for this user, or connect to the server itself
                """
        default: break
        }
        if message.contains("unsupported startup parameter") {
            return """
                a connection pooler is between: leave options out of the URL, or name them in its ignore_startup_parameters; \
                it must keep sessions (pool_mode = session)
                """
        }
        if message.contains("local user with ID") {
            return """
                this process runs as a user that the system has no name for (no entry in /etc/passwd, as in containers): write \
                the database's user into the URL (postgresql://USER@HOST/DATABASE) or into PGUSER
                """
        }
        return nil
    }
}

extension PostgresError.Code {
    /// The kind of an SQLSTATE (appendix "PostgreSQL Error Codes" of the manual).
    init(sqlState: String) {
        switch sqlState {
        case "53300": self = .outOfConnections
        case "53100": self = .diskFull
        case "3D000": self = .missingDatabase
        case "25006": self = .readOnly
        case "57014": self = .timedOut
        case "42501": self = .accessDenied
        case "55P03", "40P01", "40001": self = .locked
        // Ended by the administrator, crash of another process, starting up, idle for too long, idle in a transaction.
        case "57P01", "57P02", "57P03", "57P05", "25P03": self = .unreachable
        case "42P01", "42703", "3F000", "42883", "42704": self = .missingObject
        default:
            switch sqlState.prefix(2) {
            case "08": self = .unreachable
            case "28": self = .accessDenied
            // What these classes name lies in the server or the statement; every other one may be raised for a row.
            case "03", "0A", "25", "26", "2D", "3B", "3D", "3F", "34", "40", "42", "53", "54", "55", "57", "58", "F0",
                "HV", "XX":
                self = .queryFailed
            default: self = .refusedRow
            }
        }
    }

    /// What can be done about it.
    var defaultAdvice: String? {
        switch self {
        case .unreachable: "the call can be repeated once the server answers"
        case .outOfConnections: "the call can be repeated; else raise max_connections or use fewer workers"
        case .missingDatabase: "check the database name in the URL"
        case .locked: "another transaction holds a lock; the call can be repeated"
        case .diskFull: "free space on the database server"
        case .readOnly:
            "connect to the primary: in a URL of several hosts target_session_attrs=read-write chooses it"
        default: nil
        }
    }
}
