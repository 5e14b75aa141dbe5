import ArgumentParser
import DESTelemetry
import Logging

/// How much a command logs, and in which form. Logs go to standard error.
struct LoggingOptions: ParsableArguments {
    @Option(name: .customLong("log-level"), help: "trace, debug, info, notice, warning, error or critical.")
    var level: String?

    @Option(name: .customLong("log-format"), help: "text or json.")
    var format: String?

    func validate() throws {
        if let level, Logger.Level(parsing: level) == nil {
            let names = Logger.Level.names.joined(separator: ", ")
            throw ValidationError("--log-level is \(level), expected one of \(names)")
        }
        if let format, LoggingFormat(rawValue: format) == nil {
            throw ValidationError("--log-format is \(format), expected text or json")
        }
    }

    /// - Parameters:
    ///   - level: without `--log-level`.
    ///   - format: without `--log-format`.
    func logger(label: String, level: Logger.Level, format: LoggingFormat, sink: ConsoleSink) -> Logger {
        makeLogger(
            label: label,
            level: self.level.flatMap { Logger.Level(parsing: $0) } ?? level,
            format: self.format.flatMap { LoggingFormat(rawValue: $0) } ?? format,
            sink: sink
        )
    }
}
