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
                case .keepDoubtful(let text, let why):
                    reader.warn("\(DottedPath.join(DottedPath.join(path, key), index: index)): \(why)")
                    return text
                case .complain(let message):
                    complain(message)
                    return nil
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
        /// It is kept as this text; why it is probably not meant.
        case keepDoubtful(String, String)
        /// It is wrong; how, in a whole sentence.
        case complain(String)
        /// It is wrong; what was expected instead, such as `a name other than crc32`.
        case refuse(String)
    }
}
