import Yams

/// Converts the parser's nodes into `SourceNode`, resolving merge keys (`<<`) and reporting keys that stand twice.
struct NodeConverter {
    /// The most values a file may have after its aliases are resolved: a guard against aliases of aliases of aliases.
    private static let mostValues = 100_000

    /// The original name of each key that was renamed because it stands again later in its mapping.
    private let renamedKeys: [String: String]
    private var valueCount = 0

    /// What was found wrong so far.
    private(set) var problems: [ConfigurationProblem] = []

    /// Makes a converter that knows which keys were renamed before parsing.
    init(renamedKeys: [String: String]) {
        self.renamedKeys = renamedKeys
    }

    /// Converts `node`, whose key path is `path`.
    mutating func convert(_ node: Node, path: String) -> SourceNode {
        let position = SourcePosition(node.mark)
        valueCount += 1
        guard valueCount <= Self.mostValues else {
            if valueCount == Self.mostValues + 1 {
                problems.append(
                    ConfigurationProblem(
                        line: position.line, column: position.column,
                        message: "more than \(Self.mostValues) values when all aliases are resolved"))
            }
            return SourceNode(content: .scalar("", isPlain: true), position: position)
        }
        switch node {
        case .scalar(let scalar):
            return SourceNode(content: .scalar(scalar.string, isPlain: scalar.style == .plain), position: position)
        case .sequence(let sequence):
            var elements: [SourceNode] = []
            for (index, element) in sequence.enumerated() {
                elements.append(convert(element, path: DottedPath.join(path, index: index)))
            }
            return SourceNode(content: .list(elements), position: position)
        case .mapping(let mapping):
            return SourceNode(content: .mapping(entries(of: mapping, path: path)), position: position)
        case .alias:
            // The parser puts the aliased node in place; this case is only for trees made to be written.
            return SourceNode(content: .scalar("", isPlain: true), position: position)
        }
    }

    private mutating func entries(of mapping: Node.Mapping, path: String) -> [SourceEntry] {
        var own: [SourceEntry] = []
        var merged: [SourceEntry] = []
        var firstLine: [String: Int] = [:]
        for (keyNode, valueNode) in mapping {
            let position = SourcePosition(keyNode.mark)
            guard case .scalar(let scalar) = keyNode else {
                report("a key must be a word", path: path.isEmpty ? nil : path, at: position)
                continue
            }
            let key = renamedKeys[scalar.string] ?? scalar.string
            if key == "<<", scalar.style == .plain {
                merged += merge(valueNode, path: path, at: position)
                continue
            }
            let entry = SourceEntry(
                key: key, position: position, value: convert(valueNode, path: DottedPath.join(path, key)))
            if let line = firstLine[key] {
                report("duplicate key; already set in line \(line)", path: DottedPath.join(path, key), at: position)
                own.removeAll { $0.key == key }
            } else {
                firstLine[key] = position.line
            }
            own.append(entry)
        }
        for entry in merged where firstLine[entry.key] == nil {
            firstLine[entry.key] = entry.position.line
            own.append(entry)
        }
        return own
    }

    /// The entries that a merge key brings in; of several mappings the earlier wins, as YAML says.
    private mutating func merge(_ node: Node, path: String, at position: SourcePosition) -> [SourceEntry] {
        switch node {
        case .mapping(let mapping):
            return entries(of: mapping, path: path)
        case .sequence(let sequence):
            return sequence.flatMap { merge($0, path: path, at: position) }
        case .scalar, .alias:
            report("expected a mapping or a list of mappings to merge", path: DottedPath.join(path, "<<"), at: position)
            return []
        }
    }

    private mutating func report(_ message: String, path: String?, at position: SourcePosition) {
        problems.append(
            ConfigurationProblem(keyPath: path, line: position.line, column: position.column, message: message))
    }
}

extension SourcePosition {
    /// The parser's mark; the beginning of the file where it gave none.
    fileprivate init(_ mark: Mark?) {
        self.init(line: mark?.line ?? 1, column: mark?.column ?? 1)
    }
}
