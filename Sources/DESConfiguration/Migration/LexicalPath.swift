import DESBase

/// A path compared by its text alone: `.`, `..` and doubled slashes are resolved, symbolic links are not.
struct LexicalPath: Equatable {
    /// The names from the root down.
    private let components: [ByteString]

    /// The path `text`, below `directory` when it is relative.
    init(_ text: String, relativeTo directory: String) {
        let absolute = text.hasBytePrefix("/") ? text : "\(directory)/\(text)"
        components = absolute.utf8.split(separator: UInt8(ascii: "/")).reduce(into: []) { result, part in
            let component = ByteString(Substring(part))
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
