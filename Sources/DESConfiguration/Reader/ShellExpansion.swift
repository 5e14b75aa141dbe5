/// A form of parameter expansion that shells and Compose know and DES does not (POSIX.1-2024, Shell Command Language, 2.6.2;
/// Bash manual, 3.5.3), with what to write instead.
struct ShellExpansion: Equatable {
    /// What is wrong and what to write, without any value.
    let complaint: String

    /// - Parameters:
    ///   - reference: what stands between `${` and `}`.
    ///   - isName: whether bytes are the name of a variable.
    /// - Returns: nil if it is no such form.
    init?(_ reference: Substring.UTF8View, isName: (Substring.UTF8View) -> Bool) {
        func found(_ form: String, _ advice: String) -> Self {
            Self(complaint: "DES does not know the form \(form) of shells; \(advice)")
        }
        func needed(_ name: String) -> String {
            "write ${\(name)}: a variable that is not set is an error without more words"
        }
        func fallback(_ name: String) -> String { "to give a default, write ${\(name):default}" }

        if let first = reference.first, first == UInt8(ascii: "!") || first == UInt8(ascii: "#") {
            self = found("${\(Unicode.Scalar(first))NAME}", "put the whole value into a variable")
            return
        }
        guard let operation = reference.firstIndex(where: { ":=?+%#/^,@".utf8.contains($0) }) else { return nil }
        let nameBytes = reference[..<operation]
        let isColon = reference[operation] == UInt8(ascii: ":")
        // `${OUT-/srv/out}`: a name may hold a dash here, but none may in a shell.
        let dash = nameBytes.firstIndex(of: UInt8(ascii: "-"))
        if !isColon || !isName(nameBytes), let dash, isName(nameBytes[..<dash]) {
            let name = String(Substring(nameBytes[..<dash]))
            self = found("${\(name)-…}", fallback(name))
            return
        }
        guard isName(nameBytes) else { return nil }
        let name = String(Substring(nameBytes))
        let sign = isColon ? reference[reference.index(after: operation)...].first : reference[operation]
        let form = sign.map { "${\(name)\(isColon ? ":" : "")\(Unicode.Scalar($0))…}" } ?? ""
        switch sign.map({ Unicode.Scalar($0) }) {
        case "-": self = found(form, "\(fallback(name)), and ${\(name): -1} for a negative number")
        case "=": self = found(form, fallback(name))
        case "?": self = found(form, needed(name))
        case "+": self = found(form, "put the whole value into a variable")
        case .some where !isColon: self = found(form, "put the whole value into a variable")
        default: return nil
        }
    }

    private init(complaint: String) { self.complaint = complaint }
}
