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
    /// Runs SQL by `psql`, statement by statement, and returns the rows as text: `|` between columns, one line a row.
    @discardableResult
    package func psql(_ sql: String, database: String = "postgres") throws -> String {
        let output = try ChildProcess.run(
            URL(filePath: "/usr/bin/env"),
            [
                "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1",
                "--host=\(self["HOST"])", "--port=\(self["PORT"])", "--username=\(self["USER"])",
                "--dbname=\(database)", "--command=\(sql)",
            ], environment: ["PGPASSWORD": self["PASSWORD"], "PGSSLMODE": "disable"])
        return output.trimmingCharacters(in: .newlines)
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
