import DESConfiguration
import Testing

/// Parses a configuration as if it stood in `config.yaml` and the process ran in `/home/des`.
func parse(_ text: String, environment: [String: String] = [:]) throws -> MigrationConfiguration {
    try MigrationConfiguration.parse(
        text: text, fileName: "config.yaml", environment: environment, workingDirectory: "/home/des")
}

/// A configuration whose only required key is there, with `text` behind it.
func parse(minimalAnd text: String, environment: [String: String] = [:]) throws -> MigrationConfiguration {
    try parse("database: {url: 'sqlite:///c.db'}\n" + text, environment: environment)
}

/// The problems of a configuration that must have some.
func problems(
    in text: String, environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
) throws -> [String] {
    let error = try #require(throws: ConfigurationError.self, sourceLocation: sourceLocation) {
        try parse(text, environment: environment)
    }
    return error.problems.map(\.description)
}

/// The problems of a configuration whose only required key is in line 1, with `text` from line 2 on.
func problems(
    inMinimalAnd text: String, environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
) throws -> [String] {
    try problems(
        in: "database: {url: 'sqlite:///c.db'}\n" + text, environment: environment, sourceLocation: sourceLocation)
}
