/// What all databases write alike.
package enum SQLText {
    /// A name in quotes, with the closing one doubled where the name holds it.
    package static func name(_ name: String, open: Character = "\"", close: Character = "\"") -> String {
        "\(open)\(name.replacing("\(close)", with: "\(close)\(close)"))\(close)"
    }

    /// A text as a value.
    package static func literal(_ text: String) -> String { name(text, open: "'", close: "'") }

    /// Texts as values, for `IN`.
    package static func list(_ texts: [String]) -> String { texts.map(literal).joined(separator: ", ") }
}
