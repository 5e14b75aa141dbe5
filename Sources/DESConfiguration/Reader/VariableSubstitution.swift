/// Replaces `${VAR}` and `${VAR:default}` in the text of a setting by environment variables, byte by byte.
///
/// - A variable that is set but empty counts as set.
/// - The default runs to the next `}` and may be empty; it cannot hold another `${`.
/// - `$${` stands for a literal `${`. Any other `$` is an ordinary character, so that passwords need no escaping.
/// - What a variable holds is not looked at again.
/// - The other forms of shells and of Compose (``ShellExpansion``) are refused: taken for a default, `${OUT:-/srv/out}` would be
///   a folder named `-` below the working directory.
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
        var rest = text.utf8[...]
        while let dollar = rest.firstIndex(of: UInt8(ascii: "$")) {
            result.text += Substring(rest[..<dollar])
            rest = rest[dollar...]
            if rest.starts(with: "$${".utf8) {
                result.text += "${"
                rest = rest.dropFirst(3)
            } else if rest.starts(with: "${".utf8) {
                let body = rest.dropFirst(2)
                guard let end = body.firstIndex(of: UInt8(ascii: "}")) else {
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
        result.text += Substring(rest)
        return result
    }

    private func replace(_ reference: Substring.UTF8View, into result: inout Result) {
        if let expansion = ShellExpansion(reference, isName: Self.isName) {
            result.complaints.append(expansion.complaint)
            return
        }
        let colon = reference.firstIndex(of: UInt8(ascii: ":"))
        let nameBytes = reference[..<(colon ?? reference.endIndex)]
        let fallback = colon.map { reference[reference.index(after: $0)...] }
        guard Self.isName(nameBytes) else {
            result.complaints.append("\"${…}\" does not hold the name of a variable (write $${ for a literal ${)")
            return
        }
        let name = String(Substring(nameBytes))
        if let fallback, Substring(fallback).contains("${") {
            result.complaints.append("the default of ${\(name)} cannot hold another ${…}")
        } else if let value = environment[name] {
            result.text += value
            result.variables.append(name)
        } else if fallback != nil, let dash = nameBytes.firstIndex(of: UInt8(ascii: "-")) {
            // `${HOST-localhost:80}`: a shell reads another variable and another default.
            let start = Substring(nameBytes[..<dash])
            result.complaints.append(
                "the environment variable \(name) is not set; if \(start) is meant, write ${\(start):default}")
        } else if let fallback {
            result.text += Substring(fallback)
        } else {
            result.complaints.append(
                "the environment variable \(name) is not set (to give a default, write ${\(name):default})")
        }
    }

    private static func isName(_ bytes: Substring.UTF8View) -> Bool {
        !bytes.isEmpty
            && bytes.allSatisfy { byte in
                switch Unicode.Scalar(byte) {
                case "a"..."z", "A"..."Z", "0"..."9", "_", ".", "-": true
                default: false
                }
            }
    }
}
