/// Replaces `${VAR}` and `${VAR:default}` in the text of a setting by environment variables.
///
/// - A variable that is set but empty counts as set.
/// - The default runs to the next `}` and may be empty; it cannot hold another `${`.
/// - `$${` stands for a literal `${`. Any other `$` is an ordinary character, so that passwords need no escaping.
/// - What a variable holds is not looked at again.
struct VariableSubstitution: Sendable {
    /// The environment, handed in.
    let environment: [String: String]

    /// The text after replacement.
    struct Result: Sendable, Equatable {
        /// The text.
        var text = ""

        /// Variables whose values stand in `text`: it is not shown in messages, for they may be secret.
        var variables: [String] = []

        /// What is wrong, without any value. When not empty, `text` is incomplete.
        var complaints: [String] = []
    }

    /// Replaces all variables in `text`.
    func expand(_ text: String) -> Result {
        var result = Result()
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result.text += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                result.text += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                let body = rest.dropFirst(2)
                guard let end = body.firstIndex(of: "}") else {
                    result.complaints.append("a \"${\" without its \"}\" (write $${ for a literal ${)")
                    return result
                }
                replace(body[..<end], into: &result)
                rest = body[body.index(after: end)...]
            } else {
                result.text += "$"
                rest = rest.dropFirst()
            }
        }
        result.text += rest
        return result
    }

    private func replace(_ reference: Substring, into result: inout Result) {
        let colon = reference.firstIndex(of: ":")
        let name = String(reference[..<(colon ?? reference.endIndex)])
        let fallback = colon.map { reference[reference.index(after: $0)...] }
        guard !name.isEmpty, name.unicodeScalars.allSatisfy(Self.isNameCharacter) else {
            result.complaints.append("\"${…}\" does not hold the name of a variable (write $${ for a literal ${)")
            return
        }
        if let fallback, fallback.contains("${") {
            result.complaints.append("the default of ${\(name)} cannot hold another ${…}")
        } else if let value = environment[name] {
            result.text += value
            result.variables.append(name)
        } else if let fallback {
            result.text += fallback
        } else {
            result.complaints.append(
                "the environment variable \(name) is not set (to give a default, write ${\(name):default})")
        }
    }

    private static func isNameCharacter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", ".", "-": true
        default: false
        }
    }
}
