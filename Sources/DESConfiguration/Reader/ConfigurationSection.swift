/// A mapping of the configuration file. A section that the file leaves out is empty: all its keys have their defaults.
///
/// `null` stands for a key that is left out, everywhere but where a method says otherwise.
package struct ConfigurationSection {
    /// Where problems go.
    let reader: ConfigurationReader

    /// Dotted path; empty at the top level.
    package let path: String

    /// Where the section's key, or its beginning, stands; nil when it is not in the file.
    let position: SourcePosition?

    /// What it holds.
    let entries: [SourceEntry]

    /// Whether the file has the section and it is not `null`.
    package let isPresent: Bool

    /// Whether something other than a mapping stands in its place, which is reported: then nothing else is missing.
    var isMalformed = false

    /// Whether the file sets `key` to something other than `null`.
    package func contains(_ key: String) -> Bool {
        entry(key).map { !$0.value.isNull } ?? false
    }

    /// The section at `key`.
    package func section(_ key: String) -> ConfigurationSection {
        guard let entry = known(key), !entry.value.isNull else {
            return reader.open(path: DottedPath.join(path, key), position: nil, entries: [], isPresent: false)
        }
        return section(of: entry.value, at: entry.position, path: DottedPath.join(path, key))
    }

    /// The sections in the list at `key`; empty when there is none.
    package func sections(_ key: String) -> [ConfigurationSection] {
        guard let entry = known(key), !entry.value.isNull else {
            return []
        }
        guard case .list(let elements) = entry.value.content else {
            report(key, "expected a list of mappings, found \(entry.value.kind)")
            return []
        }
        return elements.enumerated().map { index, element in
            let elementPath = DottedPath.join(DottedPath.join(path, key), index: index)
            return section(of: element, at: element.position, path: elementPath)
        }
    }

    private func section(of node: SourceNode, at position: SourcePosition, path: String) -> ConfigurationSection {
        guard case .mapping(let entries) = node.content else {
            reader.report(
                ConfigurationProblem(
                    keyPath: path, line: position.line, column: position.column,
                    message: "expected a mapping, found \(node.kind)"))
            var section = reader.open(path: path, position: position, entries: [], isPresent: true)
            section.isMalformed = true
            return section
        }
        return reader.open(path: path, position: position, entries: entries, isPresent: true)
    }

    /// Reports that the value of `key` is wrong, at the key's line; at the section's when the file does not hold the key.
    package func report(_ key: String, _ message: String) {
        let place = entry(key)?.position ?? position
        reader.report(
            ConfigurationProblem(
                keyPath: DottedPath.join(path, key), line: place?.line, column: place?.column, message: message))
    }

    /// Adds a warning about `key`: something legal that is probably not meant.
    package func warn(_ key: String, _ message: String) {
        reader.warn("\(DottedPath.join(path, key)): \(message)")
    }

    /// The entry of `key`, noting that the key is known.
    func known(_ key: String) -> SourceEntry? {
        reader.note(key, in: path)
        return entry(key)
    }

    private func entry(_ key: String) -> SourceEntry? {
        entries.first { $0.key == key }
    }
}
