/// Section `logging`.
package struct LoggingConfiguration: Sendable, Equatable {
    /// How much is logged.
    package enum Level: String, Sendable, CaseIterable {
        /// The names of swift-log's levels, from the most to the least.
        case trace, debug, info, notice, warning, error, critical
    }

    /// How a log line looks.
    package enum Format: String, Sendable, CaseIterable {
        /// For people.
        case text
        /// One JSON object a line.
        case json
    }

    /// `level`, in any letter case; `WARN` and `FATAL` are known too. Default info.
    package var level: Level

    /// `format`. Default text.
    package var format: Format

    /// Makes a configuration with the defaults of the file.
    package init(level: Level = .info, format: Format = .text) {
        self.level = level
        self.format = format
    }
}

extension LoggingConfiguration {
    /// Reads the section.
    init(_ section: ConfigurationSection) {
        self.init(
            level: section.choice(
                "level",
                of: [
                    "trace": .trace, "debug": .debug, "info": .info, "notice": .notice, "warning": .warning,
                    "warn": .warning, "error": .error, "critical": .critical, "fatal": .critical,
                ], default: .info),
            format: section.choice("format", of: ["text": .text, "json": .json], default: .text))
    }
}
