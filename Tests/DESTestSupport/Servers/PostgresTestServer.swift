import CPostgres
import Foundation
import Synchronization

/// PostgreSQL for tests: one server a process, and a database of its own for each test.
package enum PostgresTestServer {
    private static let sharedServer = Mutex<DatabaseServer?>(nil)

    /// The server that all tests of the process share; started by the first. It is not to be stopped: a test that stops a
    /// server starts one of its own with ``start(settings:)``.
    package static func shared() throws -> DatabaseServer {
        try sharedServer.withLock { server in
            if let server { return server }
            let started = try start()
            server = started
            return started
        }
    }

    /// A server of the caller's own.
    ///
    /// - Parameters:
    ///   - settings: lines for its configuration, as `["max_connections=10"]`.
    ///   - primary: the server that it follows as a standby; `perform("promote")` ends that.
    package static func start(
        settings: [String] = [], standbyOf primary: DatabaseServer? = nil
    ) throws -> DatabaseServer {
        let following = primary.map { ["--standby-of", $0.folder.path] } ?? []
        return try DatabaseServer(script: "postgres-server", arguments: settings.flatMap { ["--set", $0] } + following)
    }
}

extension DatabaseServer {
    /// Runs SQL on a connection of its own, all statements in one transaction unless they say otherwise, and returns the
    /// rows as text: `|` between columns, one line a row, and nothing for NULL.
    @discardableResult
    package func psql(_ sql: String, database: String = "postgres") throws -> String {
        // A process a statement, as by the client of that name, would take longer than most statements.
        let values = [
            "host": self["HOST"], "port": self["PORT"], "user": self["USER"], "password": self["PASSWORD"],
            "dbname": database, "sslmode": "disable", "application_name": "psql",
        ]
        let conninfo = values.map { "\($0)='\($1)'" }.joined(separator: " ")
        guard let connection = PQconnectdb(conninfo) else { throw ChildProcess.Failure(description: "no memory") }
        defer { PQfinish(connection) }
        guard PQstatus(connection) == CONNECTION_OK, PQsendQuery(connection, sql) == 1 else {
            throw ChildProcess.Failure(description: String(cString: PQerrorMessage(connection)))
        }
        var lines: [String] = []
        var failure: String?
        while let result = PQgetResult(connection) {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK:
                lines += (0..<PQntuples(result)).map { row in
                    (0..<PQnfields(result)).map { String(cString: PQgetvalue(result, row, $0)) }
                        .joined(separator: "|")
                }
            case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: break
            default: failure = failure ?? "\(String(cString: PQresultErrorMessage(result)))\n\(sql)"
            }
        }
        if let failure { throw ChildProcess.Failure(description: failure) }
        return lines.joined(separator: "\n").trimmingCharacters(in: .newlines)
    }

    /// Creates an empty PostgreSQL database with a name of its own, and returns its name.
    package func createPostgresDatabase() throws -> String {
        let name = "t" + UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "")
        try psql("CREATE DATABASE \(name)")
        return name
    }

    /// The server's URL with another database, user or password.
    package func postgresURL(
        database: String = "postgres", user: String? = nil, password: String? = nil, options: String = "sslmode=disable"
    ) -> String {
        let secret = (password ?? self["PASSWORD"]).replacingOccurrences(of: "%", with: "%25")
        let host = "\(self["HOST"]):\(self["PORT"])"
        return "postgresql://\(user ?? self["USER"]):\(secret)@\(host)/\(database)?\(options)"
    }
}
