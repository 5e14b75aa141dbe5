extension ConfigurationSection {
    /// A list of texts; nil when `key` is absent or `null`. Each element must be a single value that is not empty.
    ///
    /// - Parameters:
    ///   - key: the key.
    ///   - noun: what the list holds, in the plural, such as `paths`.
    ///   - transform: the element as it is kept, or what is wrong with it.
    package func strings(
        _ key: String, of noun: String, transform: (String) -> ElementResult = { .keep($0) }
    ) -> [String]? {
        guard let entry = known(key), !entry.value.isNull else {
            return nil
        }
        guard case .list(let elements) = entry.value.content else {
            report(key, "expected a list of \(noun), found \(entry.value.kind)")
            return nil
        }
        return elements.enumerated().compactMap { index, element in
            func complain(_ message: String) {
                reader.report(
                    ConfigurationProblem(
                        keyPath: DottedPath.join(DottedPath.join(path, key), index: index), line: element.position.line,
                        column: element.position.column, message: message))
            }
            switch scalar(element, expected: "text", complain: complain) {
            case .absent, .wrong:
                return nil
            case .null:
                complain("expected text, found nothing")
                return nil
            case .value(let scalar):
                guard !scalar.text.isEmpty else {
                    complain("expected text, found an empty value")
                    return nil
                }
                switch transform(scalar.text) {
                case .keep(let text):
                    return text
                case .refuse(let expectation):
                    complain("expected \(expectation), \(scalar.found)")
                    return nil
                }
            }
        }
    }

    /// What becomes of an element of a list.
    package enum ElementResult {
        /// It is kept as this text.
        case keep(String)
        /// It is wrong; what was expected instead, such as `a name other than crc32`.
        case refuse(String)
    }

    /// Whatever stands at `key`, with variables replaced; nil when it is absent or `null`. None of its keys is checked.
    ///
    /// - Parameters:
    ///   - key: the key.
    ///   - kind: what it must be, or nil for anything.
    package func opaque(_ key: String, kind: OpaqueKind? = nil) -> OpaqueValue? {
        guard let entry = known(key), !entry.value.isNull else {
            return nil
        }
        let value = opaque(entry.value, path: DottedPath.join(path, key))
        switch (kind, value) {
        case (nil, _), (.list, .list), (.mapping, .mapping):
            return value
        case (.list, _):
            report(key, "expected a list, found \(entry.value.kind)")
        case (.mapping, _):
            report(key, "expected a mapping, found \(entry.value.kind)")
        }
        return nil
    }

    /// The kinds an opaque value can be asked for.
    package enum OpaqueKind {
        /// A list.
        case list
        /// A mapping.
        case mapping
    }

    private func opaque(_ node: SourceNode, path: String) -> OpaqueValue {
        switch node.content {
        case .list(let elements):
            return .list(
                elements.enumerated().map { opaque($0.element, path: DottedPath.join(path, index: $0.offset)) })
        case .mapping(let entries):
            let pairs = entries.map { ($0.key, opaque($0.value, path: DottedPath.join(path, $0.key))) }
            return .mapping(Dictionary(pairs) { first, _ in first })
        case .scalar:
            let lookup = scalar(node, expected: "a value") { message in
                reader.report(
                    ConfigurationProblem(
                        keyPath: path, line: node.position.line, column: node.position.column, message: message))
            }
            if case .value(let scalar) = lookup {
                return .scalar(scalar.text)
            }
            return .null
        }
    }
}
