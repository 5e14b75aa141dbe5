import Foundation
import Synchronization

/// MariaDB for tests: one server a process, and a database of its own for each test.
package enum MariaDBTestServer {
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

    /// A server of the caller's own. Its time zone is not UTC.
    ///
    /// - Parameter settings: lines for its configuration, as `["max_connections=10"]`.
    package static func start(settings: [String] = []) throws -> DatabaseServer {
        try DatabaseServer(script: "mariadb-server", arguments: settings.flatMap { ["--set", $0] })
    }
}

extension DatabaseServer {
    /// Runs SQL by the command line client and returns the rows as text: a tab between columns, one line a row.
    @discardableResult
    package func mariadb(_ sql: String, database: String = "des") throws -> String {
        let output = try ChildProcess.run(
            URL(filePath: "/usr/bin/env"),
            [
                "mariadb", "--no-defaults", "--protocol=tcp", "--host=\(self["HOST"])", "--port=\(self["PORT"])",
                "--user=\(self["USER"])", "--batch", "--skip-column-names", "--default-character-set=utf8mb4",
                "--database=\(database)", "--execute=\(sql)",
            ], environment: ["MYSQL_PWD": self["PASSWORD"]])
        return output.trimmingCharacters(in: .newlines)
    }

    /// Creates an empty MariaDB database with a name of its own, and returns its name.
    package func createMariaDBDatabase() throws -> String {
        let name = "t" + UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "").prefix(20)
        try mariadb("CREATE DATABASE \(name)")
        return name
    }

    /// The server's URL with another database, user or password.
    package func mariadbURL(
        database: String = "des", user: String? = nil, password: String? = nil, options: String = ""
    ) -> String {
        let allowed = CharacterSet.alphanumerics
        let secret = (password ?? self["PASSWORD"]).addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
        let query = options.isEmpty ? "" : "?\(options)"
        return "mysql://\(user ?? self["USER"]):\(secret)@\(self["HOST"]):\(self["PORT"])/\(database)\(query)"
    }
}
