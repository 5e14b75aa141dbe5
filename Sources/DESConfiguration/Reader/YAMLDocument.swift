import Yams

/// Turns the text of a YAML or JSON file into a tree of `SourceNode`.
///
/// JSON is read by the YAML parser, of which it is a subset but for surrogate pairs in escapes; these are rewritten
/// first. A key that stands twice in one mapping does not stop the reading, so that it is reported with all the rest.
struct YAMLDocument {
    /// The root; nil when the file holds nothing but comments.
    let root: SourceNode?

    /// Keys that stand twice, keys that are not text, merges of something that is not a mapping.
    let problems: [ConfigurationProblem]

    /// Parses `text`.
    ///
    /// - Throws: `ConfigurationProblem` with line and column for a syntax error. It never quotes the text.
    init(text: String) throws(ConfigurationProblem) {
        var composer = DuplicateTolerantComposer(text: JSONEscapes.joiningSurrogates(in: text))
        let node = try composer.compose()
        var converter = NodeConverter(renamedKeys: composer.renamedKeys)
        root = node.map { converter.convert($0, path: "") }
        problems = converter.problems
    }
}

/// Composes YAML although Yams refuses duplicate keys: each time it does, the first occurrence is renamed by replacing its first
/// character with one of the private use area, and the text is parsed again.
private struct DuplicateTolerantComposer {
    private var text: String

    /// The original first occurrence of each renamed key, by its new name.
    private(set) var renamedKeys: [String: String] = [:]

    /// Each costs a pass over the text, so that of a large one there are fewer.
    private var mostRenamed: Int { min(200, max(1, (4 << 20) / max(1, text.utf8.count))) }

    init(text: String) {
        self.text = text
    }

    mutating func compose() throws(ConfigurationProblem) -> Node? {
        while true {
            do {
                return try Yams.compose(yaml: text)
            } catch let error as YamlError {
                guard case .duplicatedKeysInMapping(let keys, let context) = error, let key = keys.first,
                    rename(key, at: context.mark)
                else {
                    throw ConfigurationProblem(error, in: text)
                }
            } catch {
                throw ConfigurationProblem(message: "cannot be parsed: \(error)")
            }
        }
    }

    /// False when the key is written in a way that cannot be renamed (empty, tagged, an alias) or there are too many.
    private mutating func rename(_ key: String, at mark: Mark) -> Bool {
        guard renamedKeys.count < mostRenamed, let marker = Unicode.Scalar(0xE000 + UInt32(renamedKeys.count)),
            let first = key.unicodeScalars.first, var index = text.unicodeScalars.index(of: mark)
        else {
            return false
        }
        let quotes: [Unicode.Scalar] = ["\"", "'"]
        if quotes.contains(text.unicodeScalars[index]) {
            index = text.unicodeScalars.index(after: index)
        }
        guard index < text.unicodeScalars.endIndex, text.unicodeScalars[index] == first else {
            return false
        }
        text.unicodeScalars.replaceSubrange(index...index, with: CollectionOfOne(marker))
        var renamed = key.unicodeScalars
        renamed.replaceSubrange(renamed.startIndex...renamed.startIndex, with: CollectionOfOne(marker))
        renamedKeys[String(renamed)] = key
        return true
    }
}

extension String.UnicodeScalarView {
    /// The index of a place that the YAML parser named; nil behind the end.
    fileprivate func index(of mark: Mark) -> Index? {
        var index = startIndex
        var line = 1
        while line < mark.line, index < endIndex {
            let scalar = self[index]
            formIndex(after: &index)
            switch scalar {
            case "\r":
                if index < endIndex, self[index] == "\n" { formIndex(after: &index) }
                line += 1
            case "\n", "\u{85}", "\u{2028}", "\u{2029}":
                line += 1
            default:
                break
            }
        }
        guard let result = self.index(index, offsetBy: mark.column - 1, limitedBy: endIndex), result < endIndex else {
            return nil
        }
        return result
    }
}

extension ConfigurationProblem {
    private static func shown(_ keys: [String]) -> String {
        let names = keys.sorted().prefix(10).map(Display.key).joined(separator: ", ")
        return keys.count > 10 ? "\(names) and \(keys.count - 10) more" : names
    }

    /// A syntax error. Built from the parser's fixed texts and its position only: its own description quotes the line.
    fileprivate init(_ error: YamlError, in text: String) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let origin = context.map { ", \($0.text) that begins in line \($0.mark.line)" } ?? ""
            self.init(line: mark.line, column: mark.column, message: "not valid YAML or JSON: \(problem)\(origin)")
        case .reader(let problem, let offset, _, _):
            let before = text.prefix(offset ?? 0)
            let line = before.count(where: \.isNewline) + 1
            let column = before.reversed().prefix { !$0.isNewline }.count + 1
            self.init(
                line: offset == nil ? nil : line, column: offset == nil ? nil : column,
                message: "not valid YAML or JSON: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            self.init(
                line: context.mark.line, column: context.mark.column,
                message: "the key \(Self.shown(keys)) stands twice in one mapping")
        default:
            self.init(message: "not valid YAML or JSON")
        }
    }
}
