import ArgumentParser

/// How a program ends; 64 (usage) comes from the argument parser.
enum ExitStatus {
    /// Everything is done; nothing to do is fine too.
    static let success = ExitCode.success
    /// Nothing could be done.
    static let fatal = ExitCode(1)
    /// Finished, but some files failed.
    static let incomplete = ExitCode(3)
    /// The configuration is wrong.
    static let configuration = ExitCode(78)

    /// Stopped by a signal, after an orderly drain.
    static func stopped(by signal: Int32) -> ExitCode { ExitCode(128 + signal) }
}
