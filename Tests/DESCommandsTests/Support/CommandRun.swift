import DESTestSupport
import Foundation
import Glibc
import Synchronization
import Testing

/// How a command ended and what it wrote.
struct CommandResult: Sendable {
    enum End: Sendable, Equatable {
        case exit(Int32)
        case signal(Int32)
    }

    let end: End
    let outputBytes: [UInt8]
    let errors: String

    var output: String { String(decoding: outputBytes, as: UTF8.self) }
    /// Both streams, for messages and for what must be in neither.
    var everything: String { output + errors }

    /// Standard output as one JSON object.
    func json() throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(outputBytes)) as? [String: Any])
    }
}

/// One of the built programs, or another command, as a process.
///
/// Nothing is waited for longer than the test may last: when its time limit cancels it, the process is killed.
final class CommandRun: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Held from the making of pipes to the start of their process, so that no other process inherits them.
    private static let spawning = Mutex(())

    private let processID: pid_t
    let output = OutputRecorder()
    let errors = OutputRecorder()

    /// Starts a command.
    ///
    /// - Parameters:
    ///   - program: a path, or the name of a built program.
    ///   - environment: added to that of the tests.
    ///   - folder: the working directory.
    init(_ program: String, _ arguments: [String], environment: [String: String] = [:], in folder: String) throws {
        let path = program.contains("/") ? program : try BuiltPrograms.folder() + "/" + program
        var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("DES_") }
        variables.merge(environment) { $1 }
        // env changes the folder and then becomes the program.
        let command = ["env", "-C", folder, path] + arguments
        let outputPipe: (read: Int32, write: Int32)
        let errorPipe: (read: Int32, write: Int32)
        (processID, outputPipe, errorPipe) = try Self.spawning.withLock { _ in
            let (output, errors) = (try Self.pipe(), try Self.pipe())
            let processID = try Self.spawn(
                command, variables.map { "\($0)=\($1)" }, output: output.write, errors: errors.write)
            close(output.write)
            close(errors.write)
            return (processID, output, errors)
        }
        Thread.detachNewThread { [output] in output.read(outputPipe.read) }
        Thread.detachNewThread { [errors] in errors.read(errorPipe.read) }
    }

    /// Sends a signal.
    func send(_ signal: Int32) { kill(processID, signal) }

    /// Waits until a text is in one of the outputs.
    ///
    /// - Throws: `Failure` when the process ends without it.
    func wait(for text: String, in recorder: OutputRecorder) async throws {
        let isFound = await killedOnCancellation { await recorder.wait(for: text) }
        guard isFound else { throw Failure(description: "'\(text)' never came: \(output.text)\n\(errors.text)") }
    }

    /// Waits for the end. To be called once.
    func finish() async -> CommandResult {
        await killedOnCancellation {
            await output.waitForEnd()
            await errors.waitForEnd()
        }
        // Both outputs are closed, so this takes no time.
        var status: Int32 = 0
        while waitpid(processID, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7F
        return CommandResult(
            end: signal == 0 ? .exit((status >> 8) & 0xFF) : .signal(signal), outputBytes: output.bytes,
            errors: errors.text)
    }

    private func killedOnCancellation<Result>(_ body: () async -> Result) async -> Result {
        await withTaskCancellationHandler(operation: body) { send(SIGKILL) }
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw Failure(description: "no pipe: error \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func spawn(
        _ arguments: [String], _ environment: [String], output: Int32, errors: Int32
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)

        var argumentPointers = arguments.map { strdup($0) } + [nil]
        var environmentPointers = environment.map { strdup($0) } + [nil]
        defer { (argumentPointers + environmentPointers).forEach { free($0) } }
        var processID: pid_t = 0
        let code = SpawnAttributes().withPointer { attributes in
            posix_spawn(&processID, "/usr/bin/env", &actions, attributes, &argumentPointers, &environmentPointers)
        }
        guard code == 0 else { throw Failure(description: "cannot start \(arguments): error \(code)") }
        return processID
    }
}

/// Starts a command and waits for its end.
func run(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], in folder: String
) async throws -> CommandResult {
    try await CommandRun(program, arguments, environment: environment, in: folder).finish()
}

/// Where the programs are that were built together with the tests.
enum BuiltPrograms {
    /// The folder of the test bundle, which holds the programs as well.
    static func folder() throws -> String {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let places = [own] + CommandLine.arguments.filter { $0.hasSuffix(".xctest") }
        let folders = places.map { ($0 as NSString).deletingLastPathComponent }
        let found = folders.first { FileManager.default.isExecutableFile(atPath: $0 + "/des-migrate") }
        return try #require(found, "the programs are not beside the tests: run swift build --build-tests")
    }
}
