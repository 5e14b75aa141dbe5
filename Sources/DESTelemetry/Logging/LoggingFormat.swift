package import DESBase
package import Logging

/// How log lines look; the values of `--log-format` and `logging.format`.
package enum LoggingFormat: String, Sendable, CaseIterable {
    /// For people.
    case text
    /// One JSON object a line.
    case json
}

/// Makes a logger without touching the global logging system.
///
/// - Parameters:
///   - label: names the part of the program.
///   - level: events below it are not written.
///   - format: text or JSON.
///   - sink: where lines go; the one that the progress line uses, if there is one.
///   - now: the clock.
package func makeLogger(
    label: String, level: Logger.Level, format: LoggingFormat, sink: any LineSink,
    now: @escaping @Sendable () -> Timestamp = Timestamp.now
) -> Logger {
    Logger(label: label) { _ in LineLogHandler(format: format, logLevel: level, sink: sink, now: now) }
}

extension Logger.Level {
    /// The level that people mean by a word, in any case: the names of swift-log and those of Python's logging.
    ///
    /// - Returns: nil when the word is none of ``names``.
    package init?(parsing text: String) {
        switch text.lowercased() {
        case "trace": self = .trace
        case "debug": self = .debug
        case "info": self = .info
        case "notice": self = .notice
        case "warning", "warn": self = .warning
        case "error": self = .error
        case "critical", "fatal": self = .critical
        default: return nil
        }
    }

    /// What ``init(parsing:)`` accepts, for messages.
    package static var names: [String] {
        ["trace", "debug", "info", "notice", "warning", "warn", "error", "critical", "fatal"]
    }

    /// Upper case, at least five columns wide, so that messages stand below each other.
    var columnText: String {
        switch self {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info: "INFO "
        case .notice: "NOTICE"
        case .warning: "WARN "
        case .error: "ERROR"
        case .critical: "CRITICAL"
        }
    }
}
