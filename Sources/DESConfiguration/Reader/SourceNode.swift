/// A value of the configuration file with the place where it stands. Merge keys and aliases are already resolved.
struct SourceNode: Sendable {
    /// What stands there.
    indirect enum Content: Sendable {
        /// Text before variables are replaced; `isPlain` when it stands without quotes, so that `null` means nothing.
        case scalar(String, isPlain: Bool)
        /// The elements in order.
        case list([SourceNode])
        /// The entries in file order, each key once.
        case mapping([SourceEntry])
    }

    /// What stands there.
    var content: Content

    /// Where it begins.
    var position: SourcePosition
}

/// A key of a mapping and its value.
struct SourceEntry: Sendable {
    /// The key's text.
    var key: String

    /// Where the key stands.
    var position: SourcePosition

    /// The value.
    var value: SourceNode
}

/// A place in the file; line and column from 1.
struct SourcePosition: Sendable, Equatable {
    /// Line, from 1.
    var line: Int

    /// Column, from 1, in Unicode scalars.
    var column: Int

    /// The beginning of the file.
    static let start = SourcePosition(line: 1, column: 1)
}

/// Helpers that make the key paths shown in problems.
enum DottedPath {
    /// The path of `key` inside `parent`; `parent` is empty at the top level.
    static func join(_ parent: String, _ key: String) -> String {
        let shown = Display.key(key)
        return parent.isEmpty ? shown : "\(parent).\(shown)"
    }

    /// The path of element `index` (from 0) of the list at `parent`.
    static func join(_ parent: String, index: Int) -> String {
        "\(parent)[\(index)]"
    }

    /// The path with every index replaced by `[]`, the same for all elements of a list.
    static func pattern(_ path: String) -> String {
        var result = ""
        var isInsideIndex = false
        for character in path {
            if character == "]" { isInsideIndex = false }
            if !isInsideIndex { result.append(character) }
            if character == "[" { isInsideIndex = true }
        }
        return result
    }
}

/// How text from the file is shown in a message.
enum Display {
    /// The longest piece of a value that is shown, in characters.
    static let longest = 60

    /// `text` in quotes, shortened, with control characters escaped; a URL is not shown, for it may hold a password.
    static func value(_ text: String) -> String {
        if text.contains("://") {
            return "a URL (not shown)"
        }
        return "\"\(clean(text))\""
    }

    /// A key as it appears in a path: as it is when it is a short word, else cleaned; never a URL.
    static func key(_ text: String) -> String {
        if text.contains("://") || text.contains("@") {
            return "(a URL, not shown)"
        }
        return text.isEmpty ? "\"\"" : clean(text)
    }

    private static func clean(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars.prefix(longest) {
            result += scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return text.unicodeScalars.count > longest ? result + "…" : result
    }
}
