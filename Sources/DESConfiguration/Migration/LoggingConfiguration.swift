package import DESTelemetry
package import Logging

/// Section `logging`.
package struct LoggingConfiguration: Sendable, Equatable {
    /// `level`, in any letter case; `WARN` and `FATAL` are known too. Default info.
    package var level = Logger.Level.info

    /// `format`. Default text.
    package var format = LoggingFormat.text

    /// Makes a configuration with the defaults of the file.
    package init() {}

    /// Reads the section.
    init(_ section: ConfigurationSection) {
        let names = Logger.Level.names.joined(separator: ", ")
        level = section.value("level", expected: "one of \(names)", parse: Logger.Level.init(parsing:)) ?? level
        format = section.choice("format", of: ["text": .text, "json": .json], default: format)
    }
}
