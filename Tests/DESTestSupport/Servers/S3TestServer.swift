import Foundation
import Synchronization

/// S3 for tests: one Ceph RADOS Gateway a process, with a bucket of its own for whoever wants one.
package enum S3TestServer {
    private static let sharedServer = Mutex<DatabaseServer?>(nil)

    /// The server that all tests of the process share; started by the first. It is not to be stopped: a test that stops a
    /// server starts one of its own with ``start(arguments:)``.
    ///
    /// Facts: `URL`, `HOST`, `PORT`, `REGION`, `BUCKET`, `ACCESS_KEY`, `SECRET_KEY`, and `READER_ACCESS_KEY`,
    /// `READER_SECRET_KEY` of a user who may only read and list `BUCKET`.
    package static func shared() throws -> DatabaseServer {
        try sharedServer.withLock { server in
            if let server { return server }
            let started = try start()
            server = started
            return started
        }
    }

    /// A server of the caller's own.
    package static func start(arguments: [String] = []) throws -> DatabaseServer {
        try DatabaseServer(script: "s3-server", arguments: arguments)
    }
}

/// A proxy in front of an HTTP server that makes requests fail; the kinds of faults are told by `Tests/Support/fault-proxy`.
package final class FaultProxy: Sendable {
    package let server: DatabaseServer

    /// Starts a proxy that lets everything pass.
    ///
    /// - Parameters:
    ///   - target: `HOST:PORT`
    ///   - arguments: further ones of `start`, as `["--tls"]`.
    package init(target: String, seed: Int = 1, arguments: [String] = []) throws {
        server = try DatabaseServer(
            script: "fault-proxy", arguments: ["--target", target, "--seed", String(seed)] + arguments)
    }

    package var url: String { server["URL"] }

    /// The faults of the next requests, in order: `KIND`, or `METHOD:KIND` for the next request of that method.
    package func plan(_ faults: [String]) throws { try write(faults, to: "plan") }

    /// How often each kind of fault happens by chance, 0 … 1.
    package func setRates(_ rates: [String: Double]) throws {
        try write(rates.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }, to: "rates")
    }

    /// What was done so far: `METHOD PATH KIND` for each request.
    package func log() throws -> [String] {
        guard let text = try? String(contentsOf: server.folder.appending(path: "log"), encoding: .utf8) else {
            return []
        }
        return text.split(separator: "\n").map(String.init)
    }

    private func write(_ lines: [String], to name: String) throws {
        try Data(lines.joined(separator: "\n").utf8).write(to: server.folder.appending(path: name), options: .atomic)
    }
}
