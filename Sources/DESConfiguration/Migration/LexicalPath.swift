/// A path compared by its text alone: `.`, `..` and doubled slashes are resolved, symbolic links are not.
struct LexicalPath: Equatable {
    /// The names from the root down.
    private let components: [Substring]

    /// The path `text`, below `directory` when it is relative.
    init(_ text: String, relativeTo directory: String) {
        let absolute = text.hasPrefix("/") ? text : "\(directory)/\(text)"
        components = absolute.split(separator: "/").reduce(into: []) { result, component in
            switch component {
            case ".": break
            case "..": _ = result.popLast()
            default: result.append(component)
            }
        }
    }

    /// Whether `other` is this folder or below it.
    func contains(_ other: LexicalPath) -> Bool {
        other.components.starts(with: components)
    }
}
