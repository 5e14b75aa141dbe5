import Foundation

/// Redis for tests.
package enum RedisTestServer {
    /// A server of the caller's own, empty, and with nothing kept over a restart.
    ///
    /// Facts: `URL`, `HOST`, `PORT`. `perform("pause")` stops it without closing a connection, `perform("resume")` lets it
    /// go on.
    ///
    /// - Parameter settings: lines for its configuration, as `["maxmemory 8mb"]`.
    package static func start(settings: [String] = []) throws -> DatabaseServer {
        try DatabaseServer(script: "redis-server", arguments: settings.flatMap { ["--set", $0] })
    }
}

extension DatabaseServer {
    /// Runs one command by the command line client, as `redis(["SET", "key", "value"])`, and returns its answer as text.
    @discardableResult
    package func redis(_ command: [String], password: String? = nil) throws -> String {
        let output = try ChildProcess.run(
            URL(filePath: "/usr/bin/env"),
            ["redis-cli", "-h", self["HOST"], "-p", self["PORT"], "--raw"] + command,
            environment: password.map { ["REDISCLI_AUTH": $0] } ?? [:])
        return output.trimmingCharacters(in: .newlines)
    }

    /// Adds lines to the configuration of a Redis server; they hold from its next start.
    package func configureRedis(_ lines: [String]) throws {
        let file = folder.appending(path: "redis.conf")
        let text = try String(contentsOf: file, encoding: .utf8)
        try Data((text + lines.map { $0 + "\n" }.joined()).utf8).write(to: file)
    }
}
