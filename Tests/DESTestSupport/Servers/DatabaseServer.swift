package import Foundation

/// A real database server on loopback with a throw-away folder, started by a script of `Tests/Support`.
///
/// The script is called as `script start|stop|kill|restart|remove FOLDER`; `start` prints the facts as `KEY=VALUE` lines and
/// returns once the server answers. The server goes with this object, or with the process, however that ends.
/// All calls wait for the script.
package final class DatabaseServer: Sendable {
    /// What `start` printed: `HOST`, `PORT`, `USER`, `PASSWORD`, `URL`, …
    package let facts: [String: String]
    /// The server's throw-away folder.
    package let folder: URL
    private let script: URL

    /// Starts a new server.
    ///
    /// - Parameters:
    ///   - script: its name in `Tests/Support`.
    ///   - arguments: further ones of `start`.
    package init(script: String, arguments: [String] = []) throws {
        let support = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        self.script = support.appending(path: "Support/\(script)")
        // Short, since a unix socket in it may have a path of 107 bytes.
        folder = URL(filePath: "/tmp/des-server-\(UUID().uuidString.prefix(13))")
        let parent = String(ProcessInfo.processInfo.processIdentifier)
        let output = try ChildProcess.run(self.script, ["start", folder.path, "--parent", parent] + arguments)
        facts = output.split(separator: "\n").reduce(into: [:]) { facts, line in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { facts[String(parts[0])] = String(parts[1]) }
        }
    }

    deinit {
        // What cannot be removed now is removed when the process ends.
        _ = try? ChildProcess.run(script, ["remove", folder.path])
    }

    /// A fact that the script always prints.
    package subscript(_ key: String) -> String { facts[key] ?? "" }

    /// The URL of the database that `start` printed.
    package var url: String { self["URL"] }

    /// Starts the server again, on the same port, after ``stop()`` or ``kill()``.
    package func start() throws { _ = try ChildProcess.run(script, ["start", folder.path]) }

    /// Ends it in order; its connections are cut.
    package func stop() throws { _ = try ChildProcess.run(script, ["stop", folder.path]) }

    /// Ends it as a crash would.
    package func kill() throws { _ = try ChildProcess.run(script, ["kill", folder.path]) }

    /// Calls the script with another command of its own.
    package func perform(_ command: String) throws { _ = try ChildProcess.run(script, [command, folder.path]) }

    /// Stops and starts it.
    package func restart() throws { _ = try ChildProcess.run(script, ["restart", folder.path]) }
}
