import DESBase

/// Reads a configuration of sections and keys, collecting everything that is wrong with it.
///
/// The schema is what is asked for: a `ConfigurationSection` notes each key that is read from it, and when reading is done every
/// key of the file that nobody asked for is unknown. So a section must ask for all its keys whatever the others hold.
///
/// Methods that read a value report a problem and return the default when the value is wrong; as the result of reading is
/// thrown away when there is any problem, such a stand-in is never seen.
package final class ConfigurationReader {
    /// The environment that replaces `${VAR}` and holds the overrides.
    let substitution: VariableSubstitution

    private var problems: [ConfigurationProblem] = []
    private var warnings: [String] = []
    /// Variables that are ignored and may be misspelt: warnings, or told beside the problems, whose cause they may be.
    private var misspelt: [ConfigurationProblem] = []
    private var openedSections: [ConfigurationSection] = []
    private var knownKeys = KnownKeys()

    private init(environment: [String: String]) {
        substitution = VariableSubstitution(environment: environment)
    }

    /// Reads `text`, YAML or JSON, by handing its top level to `body`.
    ///
    /// - Parameters:
    ///   - text: the whole file; a byte order mark is skipped.
    ///   - fileName: the name that errors carry.
    ///   - environment: the environment variables.
    ///   - body: asks for all keys and makes the result. The reader hands out no section after it returned.
    /// - Returns: the result and the warnings in the order they were made.
    /// - Throws: `ConfigurationError` with all problems.
    package static func read<Result>(
        text: String, fileName: String, environment: [String: String], body: (ConfigurationSection) -> Result
    ) throws(ConfigurationError) -> (result: Result, warnings: [String]) {
        let document: YAMLDocument
        do {
            document = try YAMLDocument(text: text.first == "\u{FEFF}" ? String(text.dropFirst()) : text)
        } catch {
            throw ConfigurationError(fileName: fileName, problems: [error])
        }
        guard let root = document.root, !root.isNull else {
            let message = text.allSatisfy(\.isWhitespace) ? "the file is empty" : "the file holds no settings"
            throw ConfigurationError(fileName: fileName, problems: [ConfigurationProblem(message: message)])
        }
        guard case .mapping(let entries) = root.content else {
            let problem = ConfigurationProblem(
                line: root.position.line, column: root.position.column,
                message: "expected a mapping of sections at the top level, found \(root.kind)")
            throw ConfigurationError(fileName: fileName, problems: document.problems + [problem])
        }
        let reader = ConfigurationReader(environment: environment)
        reader.problems = document.problems
        let result = body(reader.open(path: "", position: root.position, entries: entries, isPresent: true))
        reader.reportUnknownKeys()
        guard reader.problems.isEmpty else {
            throw ConfigurationError(fileName: fileName, problems: reader.problems + reader.misspelt)
        }
        return (result, reader.warnings + reader.misspelt.map(\.description))
    }

    /// Makes a section and remembers it for the search of unknown keys.
    func open(
        path: String, position: SourcePosition?, entries: [SourceEntry], isPresent: Bool
    ) -> ConfigurationSection {
        let section = ConfigurationSection(
            reader: self, path: path, position: position, entries: entries, isPresent: isPresent)
        openedSections.append(section)
        return section
    }

    /// Adds a problem.
    func report(_ problem: ConfigurationProblem) {
        problems.append(problem)
    }

    /// Adds a warning: something legal that is probably not meant.
    func warn(_ message: String) {
        warnings.append(message)
    }

    /// Looks for variables that are not known to any program and were probably meant to be one of those that win over the file.
    func lookForMisspelt(_ known: [String]) {
        for variable in substitution.environment.keys.sorted()
        where variable.hasBytePrefix("DES_") && !known.contains(variable) {
            guard let nearest = KeySuggestions.nearest(to: variable, in: known) else { continue }
            misspelt.append(
                ConfigurationProblem(
                    keyPath: "environment variable \(variable)",
                    message: "is not known and ignored; did you mean \(nearest)?"))
        }
    }

    /// Notes that the section at `path` knows `key`.
    func note(_ key: String, in path: String) {
        knownKeys.note(key, in: path)
    }

    /// More unknown keys than this come without a guess at what was meant.
    private static let mostExplained = 1000

    private func reportUnknownKeys() {
        var count = 0
        for section in openedSections {
            for entry in section.entries where !knownKeys.contains(entry.key, in: section.path) {
                // As in other YAML tools: a place for anchors, and for notes of the user's own.
                if section.path.isEmpty, entry.key.hasPrefix("x-") {
                    continue
                }
                report(
                    ConfigurationProblem(
                        keyPath: DottedPath.join(section.path, entry.key), line: entry.position.line,
                        column: entry.position.column,
                        message: count < Self.mostExplained
                            ? knownKeys.explanation(ofUnknown: entry.key, in: section.path) : "unknown key"))
                count += 1
            }
        }
    }
}

extension SourceNode {
    /// True for `null`, `~` and an empty plain value.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else {
            return false
        }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// The kind of value, for messages.
    var kind: String {
        switch content {
        case .scalar: isNull ? "nothing" : "a single value"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}
