package import DESRouting

/// Reads settings from environment variables, collecting everything that is wrong with them.
///
/// The schema is what is asked for, as in ``ConfigurationReader``. A variable that is set but empty counts as not set.
/// A method reports a problem and returns the default when the value is wrong; ``finish(_:others:)`` then throws, so that such a
/// stand-in is never used.
package struct EnvironmentReader {
    /// The environment, handed in.
    package let environment: [String: String]
    private var problems: [ConfigurationProblem] = []
    private var warnings: [String] = []
    private var known: [String] = []

    /// Reads nothing yet.
    package init(_ environment: [String: String]) { self.environment = environment }

    /// Whether the variable holds something.
    package mutating func contains(_ variable: String) -> Bool { text(variable) != nil }

    /// Text that is not empty; nil if the variable is not set.
    package mutating func text(_ variable: String) -> String? {
        if !known.contains(variable) { known.append(variable) }
        guard let text = environment[variable]?.trimmingBlanks(), !text.isEmpty else { return nil }
        return text
    }

    /// The value as `parse` reads it; nil when the variable is not set, or wrong, which is reported.
    ///
    /// - Parameters:
    ///   - expected: with its article, such as `a whole number from 4 to 16`.
    ///   - isSecret: whether the value must not stand in messages.
    package mutating func value<Value>(
        _ variable: String, expected: String, isSecret: Bool = false, parse: (String) -> Value?
    ) -> Value? {
        guard let text = text(variable) else { return nil }
        if let value = parse(text) { return value }
        report(variable, "expected \(expected), found \(isSecret ? "something else (not shown)" : Display.value(text))")
        return nil
    }

    /// A whole number.
    package mutating func integer(_ variable: String, in range: ClosedRange<Int>, default fallback: Int) -> Int {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        return value(variable, expected: expected) { text in
            IntegerText.parse(text).flatMap { range.contains($0) ? $0 : nil }
        } ?? fallback
    }

    /// The bits that choose a shard; nil when not set.
    package mutating func shardBits(_ variable: String) -> ShardBits? {
        let range = ShardBits.range
        return value(variable, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            IntegerText.parse(text).flatMap { ShardBits($0) }
        }
    }

    /// A size in bytes, also with a unit such as `256MiB`.
    package mutating func byteCount(_ variable: String, in range: ClosedRange<Int>, default fallback: Int) -> Int {
        let bounds = range.upperBound == .max ? "" : ", at most \(range.upperBound)"
        let expected =
            "a number of bytes of at least \(range.lowerBound)\(bounds) (such as \(ByteCountText.examples))"
        return value(variable, expected: expected) { text in
            ByteCountText.parse(text).flatMap { range.contains($0) ? $0 : nil }
        } ?? fallback
    }

    /// A number of seconds that may have a fraction.
    package mutating func seconds(
        _ variable: String, in range: ClosedRange<Int>, default fallback: Duration
    ) -> Duration {
        let expected = "a number of seconds from \(range.lowerBound) to \(range.upperBound)"
        return value(variable, expected: expected) { text in
            DecimalText.parse(text).flatMap { seconds in
                seconds >= Double(range.lowerBound) && seconds <= Double(range.upperBound) ? .seconds(seconds) : nil
            }
        } ?? fallback
    }

    /// `on off true false yes no 1 0` in any letter case.
    package mutating func boolean(_ variable: String, default fallback: Bool) -> Bool {
        value(variable, expected: "on or off") { text in
            switch text.lowercased() {
            case "true", "yes", "on", "1": true
            case "false", "no", "off", "0": false
            default: nil
            }
        } ?? fallback
    }

    /// One of a few words, in any letter case.
    package mutating func choice<Value>(
        _ variable: String, of choices: KeyValuePairs<String, Value>, default fallback: Value
    ) -> Value {
        let expected = "one of \(choices.map(\.key).joined(separator: ", "))"
        return value(variable, expected: expected) { text in
            choices.first { $0.key == text.lowercased() }?.value
        } ?? fallback
    }

    /// A folder below another one, without a slash at its end.
    package mutating func relativeFolder(_ variable: String, default fallback: String) -> String {
        value(variable, expected: "a relative folder name without . and ..") { WrittenPath($0).relativeFolder }
            ?? fallback
    }

    /// Adds a problem with a variable. The message must not hold a secret.
    package mutating func report(_ variable: String, _ message: String) {
        problems.append(ConfigurationProblem(keyPath: variable, message: message))
    }

    /// Adds the problems of a file that a variable names.
    package mutating func report(_ variable: String, _ error: ConfigurationError) {
        for problem in error.problems { report(variable, "\(error.fileName): \(problem)") }
    }

    /// Adds a warning: something legal that is probably not meant.
    package mutating func warn(_ message: String) { warnings.append(message) }

    /// Ends the reading.
    ///
    /// - Parameters:
    ///   - prefix: variables that begin with it and that nobody asked for are looked at: they may be misspelt.
    ///   - others: variables of other programs, which are not.
    /// - Returns: the warnings.
    /// - Throws: `ConfigurationError` with all problems.
    package consuming func finish(_ prefix: String, others: Set<String>) throws(ConfigurationError) -> [String] {
        var misspelt: [ConfigurationProblem] = []
        for variable in environment.keys.sorted() {
            guard variable.hasPrefix(prefix), !known.contains(variable), !others.contains(variable),
                let nearest = KeySuggestions.nearest(to: variable, in: known)
            else { continue }
            let message = "is not known and ignored; did you mean \(nearest)?"
            misspelt.append(ConfigurationProblem(keyPath: variable, message: message))
            warnings.append("the variable \(variable) \(message)")
        }
        // Beside mistakes it is probably one of their causes: what is missing may be there under a wrong name.
        guard problems.isEmpty else {
            throw ConfigurationError(fileName: "environment", problems: problems + misspelt)
        }
        return warnings
    }
}
