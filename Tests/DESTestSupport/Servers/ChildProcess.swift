package import Foundation
import Glibc

/// Runs a program to its end.
package enum ChildProcess {
    /// The program could not be run, or failed.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    /// Returns what the program printed. The calling thread waits for it.
    ///
    /// Not `Process` of Foundation: that waits until each process which the program leaves behind, such as a server, has
    /// ended too.
    ///
    /// - Throws: ``Failure`` with the program's messages if it does not end with status 0.
    package static func run(
        _ program: URL, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> String {
        let call = "\(program.lastPathComponent) \(arguments.joined(separator: " "))"
        // Files, not pipes: a server would hold the pipe open.
        let (output, errors) = (try temporaryFile(), try temporaryFile())
        defer { for file in [output, errors] { try? FileManager.default.removeItem(at: file) } }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output.path, O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, errors.path, O_WRONLY, 0)
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let argumentList = ([program.path] + arguments).map { strdup($0) }
        let environmentList = variables.map { strdup("\($0)=\($1)") }
        defer { for text in argumentList + environmentList { free(text) } }
        var pid: pid_t = 0
        let result = SpawnAttributes().withPointer { attributes in
            posix_spawn(&pid, program.path, &actions, attributes, argumentList + [nil], environmentList + [nil])
        }
        guard result == 0 else { throw Failure(description: "\(call): \(String(cString: strerror(result)))") }

        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        let text = String(decoding: try Data(contentsOf: output), as: UTF8.self)
        guard status == 0 else {
            let messages = String(decoding: try Data(contentsOf: errors), as: UTF8.self)
            throw Failure(description: "\(call): status \(status >> 8)\n\(messages)\(text)")
        }
        return text
    }

    private static func temporaryFile() throws -> URL {
        let file = FileManager.default.temporaryDirectory.appending(path: "des-output-\(UUID().uuidString)")
        try Data().write(to: file)
        return file
    }
}
