import DESBase
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5))) struct HelpTests {
    private static let folder = FileManager.default.temporaryDirectory.path
    private static let subcommands = ["migrate", "pack", "stats", "ls", "stat", "cat", "extract", "verify", "locate"]

    @Test(
        "every program knows the version of the release",
        arguments: ["des", "des-migrate", "des-pack", "des-stats", "des-http"])
    func version(_ program: String) async throws {
        let result = try await run(program, ["--version"], in: Self.folder)
        #expect(result.end == .exit(0))
        #expect(result.output == "\(Release.version)\n")
    }

    @Test("the help of every command shows an example", arguments: subcommands)
    func subcommandHelp(_ name: String) async throws {
        let result = try await run("des", [name, "--help"], in: Self.folder)
        #expect(result.end == .exit(0))
        #expect(result.output.contains("EXAMPLE"))
        #expect(result.output.contains("USAGE: des \(name) "))
    }

    @Test("a program and its subcommand have the same help but for the name", arguments: ["migrate", "pack", "stats"])
    func ownHelp(_ name: String) async throws {
        let program = try await run("des-\(name)", ["--help"], in: Self.folder).output
        let subcommand = try await run("des", [name, "--help"], in: Self.folder).output
        let words = { (text: String) in
            text.replacing("des \(name)", with: "des-\(name)").split { $0.isWhitespace }
        }
        #expect(words(program) == words(subcommand))
        #expect(program.contains("USAGE: des-\(name) "))
    }

    @Test("a subcommand that does not exist is exit code 64")
    func unknown() async throws {
        let result = try await run("des", ["lst"], in: Self.folder)
        #expect(result.end == .exit(64))
    }

    @Test(
        "help or a version that cannot be written is exit code 1, with one line that says so",
        arguments: [
            "des --help", "des", "des --version", "des ls --help", "des help ls", "des-migrate --help",
            "des-pack --version", "des-stats --help", "des-http --help", "des-http --version",
            "des --generate-completion-script bash", "des locate a --created-at 2026-01-31 --n-bits 4",
        ], ["> /dev/full", ">&-"])
    func unwritable(_ command: String, _ output: String) async throws {
        let programs = try BuiltPrograms.folder()
        let result = try await run("/bin/bash", ["-c", "exec '\(programs)'/\(command) \(output)"], in: Self.folder)
        #expect(result.end == .exit(1))
        let lines = result.errors.split(separator: "\n")
        #expect(lines.count == 1 && lines[0].contains("cannot write to standard output"), "\(result.errors)")
    }

    @Test("arguments that are wrong are told on standard error, with exit code 64, whatever standard output is")
    func wrongArguments() async throws {
        let programs = try BuiltPrograms.folder()
        let result = try await run(
            "/bin/bash", ["-c", "exec '\(programs)'/des-pack > /dev/full"], in: Self.folder)
        #expect(result.end == .exit(64))
        #expect(result.errors.contains("Missing expected argument") && result.errors.contains("USAGE: des-pack"))
    }
}
