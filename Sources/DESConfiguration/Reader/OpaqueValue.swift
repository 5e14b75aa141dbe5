/// A part of the configuration that is carried on without being understood, with variables already replaced.
///
/// May hold passwords: it describes itself by its shape only.
package indirect enum OpaqueValue: Sendable, Equatable {
    /// Nothing: `null`, `~` or an empty value.
    case null
    /// Text, a number or a boolean, as written.
    case scalar(String)
    /// A list.
    case list([OpaqueValue])
    /// A mapping.
    case mapping([String: OpaqueValue])
}

extension OpaqueValue: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The kind and size, never a value.
    package var description: String {
        switch self {
        case .null: "null"
        case .scalar: "a value (not shown)"
        case .list(let elements): "a list of \(elements.count)"
        case .mapping(let entries): "a mapping of \(entries.count)"
        }
    }

    /// The same as `description`.
    package var debugDescription: String { description }

    /// Hides the contents from `dump`.
    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .enum) }
}
