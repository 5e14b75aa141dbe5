/// A connection string: pairs of `KEY=value`, with the values that are secret known. Describes itself without them.
package struct ODBCConnectionString: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    /// A key with its plain value.
    package struct Attribute: Sendable, Equatable {
        package let key: String
        package let value: String

        package init(_ key: String, _ value: String) {
            self.key = key
            self.value = value
        }

        /// Whether the value says where the database is; that of any other key may be secret.
        fileprivate var isShown: Bool {
            ["dsn", "driver", "server", "servername", "port", "database", "uid", "user", "dbq", "socket"]
                .contains(key.lowercased())
        }

        /// Whether the value must not show up anywhere, not even in a driver's message.
        fileprivate var isSecret: Bool {
            let name = key.lowercased()
            return ["pwd", "pass", "secret", "token"].contains { name.contains($0) }
        }
    }

    package let attributes: [Attribute]
    /// The string for the driver manager; secret.
    package let text: String

    /// Quotes each value where it needs to be.
    package init(_ attributes: [Attribute]) {
        self.attributes = attributes
        text = attributes.map { "\($0.key)=\(Self.quoted($0.value, key: $0.key))" }.joined(separator: ";")
    }

    /// A string that somebody wrote: used as it is.
    package init(written text: String) {
        self.text = text
        attributes = Self.parse(text)
    }

    /// The values to be hidden in messages.
    package var secrets: [String] { attributes.filter(\.isSecret).map(\.value).filter { !$0.isEmpty } }

    /// The value of a key, whatever its letter case.
    package subscript(key: String) -> String? {
        attributes.first { $0.key.lowercased() == key.lowercased() }?.value
    }

    package var description: String {
        attributes.map { attribute in
            guard attribute.isShown else { return "\(attribute.key)=***" }
            let value = attribute.value
            return "\(attribute.key)=" + (value.contains(";") ? Self.braced(value) : value)
        }.joined(separator: ";")
    }

    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }

    /// A value in braces if it holds what would end it; a brace inside is doubled.
    private static func quoted(_ value: String, key: String) -> String {
        // Beside what ends a value, some drivers decode a percent or plus sign in one without braces.
        let isPlain =
            value.allSatisfy { ($0.isASCII && ($0.isLetter || $0.isNumber)) || "._-/:".contains($0) }
            && key.lowercased() != "driver"
        return isPlain ? value : braced(value)
    }

    private static func braced(_ value: String) -> String { "{\(value.replacing("}", with: "}}"))}" }

    /// The pairs; a semicolon in braces belongs to its value.
    private static func parse(_ text: String) -> [Attribute] {
        var result: [Attribute] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            guard let equals = rest.firstIndex(of: "=") else { break }
            let key = rest[..<equals].drop { $0 == ";" || $0 == " " }
            rest = rest[rest.index(after: equals)...]
            var value = ""
            let isBraced = rest.first == "{"
            if isBraced { rest = rest.dropFirst() }
            while let character = rest.first {
                rest = rest.dropFirst()
                if isBraced {
                    if character == "}" {
                        guard rest.first == "}" else { break }
                        rest = rest.dropFirst()
                    }
                } else if character == ";" {
                    break
                }
                value.append(character)
            }
            if isBraced { rest = rest.drop { $0 != ";" } }
            result.append(Attribute(String(key), value))
        }
        return result
    }
}
