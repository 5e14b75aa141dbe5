/// A single value with its variables replaced.
struct ResolvedScalar {
    /// The text.
    var text: String

    /// Whether it stood without quotes.
    var isPlain: Bool

    /// Variables of the environment whose values are part of `text`.
    var variables: [String]

    /// `found "…"` for messages; a value from the environment is not shown, only its variable.
    var found: String {
        guard variables.isEmpty else {
            return "found something else in ${\(variables.joined(separator: "}, ${"))} (value not shown)"
        }
        return text.isEmpty ? "found an empty value" : "found \(Display.value(text))"
    }
}

/// What stands at a key.
enum ScalarLookup {
    /// The key is not in the file.
    case absent
    /// The key is there with nothing in it: `null`, `~` or an empty value.
    case null
    /// Something that is no single value, or a variable that is not set; already reported.
    case wrong
    /// A value.
    case value(ResolvedScalar)
}

extension ConfigurationSection {
    /// Looks up the single value at `key`, reporting a list, a mapping, or a variable that is not set.
    func scalar(_ key: String, expected: String) -> ScalarLookup {
        guard let entry = known(key) else {
            return .absent
        }
        return scalar(entry.value, expected: expected) { report(key, $0) }
    }

    /// The single value of `node`, saying what is wrong with it through `complain`.
    func scalar(_ node: SourceNode, expected: String, complain: (String) -> Void) -> ScalarLookup {
        guard !node.isNull else {
            return .null
        }
        guard case .scalar(let raw, let isPlain) = node.content else {
            complain("expected \(expected), found \(node.kind)")
            return .wrong
        }
        let expanded = reader.substitution.expand(raw)
        guard expanded.complaints.isEmpty else {
            expanded.complaints.forEach(complain)
            return .wrong
        }
        guard !expanded.text.unicodeScalars.contains("\0") else {
            complain("expected \(expected), found text with a NUL character")
            return .wrong
        }
        let isNull = SourceNode(content: .scalar(expanded.text, isPlain: isPlain), position: node.position).isNull
        if isNull {
            return .null
        }
        return .value(ResolvedScalar(text: expanded.text, isPlain: isPlain, variables: expanded.variables))
    }

    /// The value at `key` as `parse` reads it; nil when the key is absent, `null`, empty, or wrong, which is reported.
    ///
    /// - Parameters:
    ///   - key: the key.
    ///   - expected: what is expected, with its article, such as `a whole number from 4 to 16`.
    ///   - parse: the value of the text without blanks around it; nil when the text is wrong.
    package func value<Value>(_ key: String, expected: String, parse: (String) -> Value?) -> Value? {
        guard case .value(let scalar) = scalar(key, expected: expected) else {
            return nil
        }
        let text = scalar.text.trimmingBlanks()
        // An empty value is what `${VAR:}` leaves when nothing is wanted.
        guard !text.isEmpty else {
            return nil
        }
        if let value = parse(text) {
            return value
        }
        report(key, "expected \(expected), \(scalar.found)")
        return nil
    }

    /// Text that may be left out: nil when `key` is absent, `null` or empty.
    package func string(_ key: String, expected: String = "text") -> String? {
        guard case .value(let scalar) = scalar(key, expected: expected), checkIsText(scalar, key, expected) else {
            return nil
        }
        return scalar.text.isEmpty ? nil : scalar.text
    }

    /// Text that is not empty; `fallback` when `key` is absent or `null`.
    package func string(_ key: String, expected: String = "text", default fallback: String) -> String {
        guard case .value(let scalar) = scalar(key, expected: expected), checkIsText(scalar, key, expected) else {
            return fallback
        }
        if scalar.text.isEmpty {
            report(key, "expected \(expected), found an empty value")
        }
        return scalar.text
    }

    /// Text that `null` and the empty value switch off (nil); `fallback` only when `key` is absent.
    package func string(_ key: String, expected: String = "text", defaultUnlessNull fallback: String) -> String? {
        switch scalar(key, expected: expected) {
        case .absent, .wrong: fallback
        case .null: nil
        case .value(let scalar):
            checkIsText(scalar, key, expected) && !scalar.text.isEmpty ? scalar.text : nil
        }
    }

    /// Text that may be secret and must be there; nil when it is missing or wrong, which is reported without the value.
    package func requiredSecret(_ key: String, expected: String) -> String? {
        switch scalar(key, expected: expected) {
        case .absent, .null:
            if !isMalformed {
                report(key, "missing; expected \(expected)")
            }
            return nil
        case .wrong:
            return nil
        case .value(let scalar):
            let text = scalar.text.trimmingBlanks()
            if text.isEmpty {
                report(key, "expected \(expected), found an empty value")
                return nil
            }
            return text
        }
    }

    /// `true false yes no on off 1 0` in any letter case.
    package func boolean(_ key: String, default fallback: Bool) -> Bool {
        value(key, expected: "true or false") { text in
            switch text.lowercased() {
            case "true", "yes", "on", "1": true
            case "false", "no", "off", "0": false
            default: nil
            }
        } ?? fallback
    }

    /// One of a few words, in any letter case.
    package func choice<Value>(
        _ key: String, of choices: KeyValuePairs<String, Value>, default fallback: Value
    ) -> Value {
        let expected = "one of \(choices.map(\.key).joined(separator: ", "))"
        return value(key, expected: expected) { text in
            choices.first { $0.key == text.lowercased() }?.value
        } ?? fallback
    }

    /// Where text is expected, `true` without quotes is a mistake; numbers are taken as they are written.
    private func checkIsText(_ scalar: ResolvedScalar, _ key: String, _ expected: String) -> Bool {
        let isBoolean = scalar.isPlain && ["true", "false"].contains(scalar.text.lowercased())
        if isBoolean {
            report(key, "expected \(expected), \(scalar.found) (put it in quotes if it is meant as text)")
        }
        return !isBoolean
    }
}

extension String {
    /// The text without white space at either end.
    func trimmingBlanks() -> String {
        let start = unicodeScalars.drop { $0.properties.isWhitespace }
        let trailing = start.reversed().prefix { $0.properties.isWhitespace }.count
        return String(start.dropLast(trailing))
    }
}
