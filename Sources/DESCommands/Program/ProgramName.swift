import ArgumentParser
import Foundation

/// Each command is a program of its own name and a subcommand of `des`; help shows it as it was called.
enum ProgramName {
    /// `des-<name>` when the running program is called that, else the plain subcommand.
    static func command(_ name: String) -> String {
        let program = CommandLine.arguments.first.map { ($0 as NSString).lastPathComponent }
        return program == "des-\(name)" ? "des-\(name)" : name
    }
}
