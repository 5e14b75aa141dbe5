package import ArgumentParser
import Glibc

/// Runs a program's command.
package enum ProgramRun {
    /// Parses the arguments and runs what they say, as `main()` of a command does; but help, version and the like that cannot be
    /// written are a failure too.
    package static func run(_ program: (some AsyncParsableCommand).Type) async -> Never {
        do {
            var command = try program.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            end(program, error)
        }
        exit(ExitStatus.success.rawValue)
    }

    private static func end(_ program: any ParsableArguments.Type, _ error: any Error) -> Never {
        guard program.exitCode(for: error).isSuccess else { program.exit(withError: error) }
        let text = program.fullMessage(for: error)
        do {
            if !text.isEmpty { try Console.out(text) }
        } catch {
            Console.error("\(error)")
            exit(ExitStatus.fatal.rawValue)
        }
        exit(ExitStatus.success.rawValue)
    }
}
