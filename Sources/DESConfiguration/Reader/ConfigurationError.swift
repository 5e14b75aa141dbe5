/// One thing that is wrong in a configuration file or in an environment variable that overrides it.
///
/// Holds no value of a setting that may be secret, so it can be logged.
package struct ConfigurationProblem: Error, Sendable, Hashable {
    /// Dotted path of the key, such as `packer.n_bits` or `storage.zones[2].name`; the name of the variable when an
    /// environment variable is wrong; nil when the problem concerns the whole file.
    package var keyPath: String?

    /// Line in the file, from 1; nil when no line can be named (a missing section, an environment variable).
    package var line: Int?

    /// Column in the line, from 1, counted in Unicode scalars.
    package var column: Int?

    /// What was expected and what was found.
    package var message: String

    /// Makes a problem from its parts.
    package init(keyPath: String? = nil, line: Int? = nil, column: Int? = nil, message: String) {
        self.keyPath = keyPath
        self.line = line
        self.column = column
        self.message = message
    }
}

extension ConfigurationProblem: CustomStringConvertible {
    /// `line 12: packer.n_bits: expected …`; the column only where there is no key to point at.
    package var description: String {
        var parts: [String] = []
        if let line {
            if keyPath == nil, let column {
                parts.append("line \(line), column \(column)")
            } else {
                parts.append("line \(line)")
            }
        }
        if let keyPath {
            parts.append(keyPath)
        }
        parts.append(message)
        return parts.joined(separator: ": ")
    }
}

/// Everything that is wrong with a configuration, in the order of the file; problems without a line come last.
package struct ConfigurationError: Error, Sendable, Equatable {
    /// Name of the file as the user gave it.
    package let fileName: String

    /// The problems, at least one.
    package let problems: [ConfigurationProblem]

    /// Makes an error of `problems`, putting them in file order and dropping repetitions.
    package init(fileName: String, problems: [ConfigurationProblem]) {
        self.fileName = fileName
        let ordered = problems.enumerated().sorted { left, right in
            let leftKey = (left.element.line ?? .max, left.element.column ?? 0, left.offset)
            let rightKey = (right.element.line ?? .max, right.element.column ?? 0, right.offset)
            return leftKey < rightKey
        }
        var seen: Set<ConfigurationProblem> = []
        self.problems = ordered.compactMap { seen.insert($0.element).inserted ? $0.element : nil }
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// The most problems that are told one by one.
    private static let mostTold = 1000

    /// One line with the number of problems, then an indented line for each of the first thousand.
    package var description: String {
        let count = problems.count == 1 ? "1 problem" : "\(problems.count) problems"
        var lines = ["\(count) in the configuration \(fileName):"]
        lines += problems.prefix(Self.mostTold).map { "  \($0)" }
        if problems.count > Self.mostTold { lines.append("  and \(problems.count - Self.mostTold) more") }
        return lines.joined(separator: "\n")
    }
}
