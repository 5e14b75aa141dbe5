/// An element of an XML document: S3's answers are small trees without attributes that matter.
package struct XMLTree: Sendable, Hashable {
    /// Without the namespace.
    package var name: String
    /// The text directly within it.
    package var text = ""
    package var children: [XMLTree] = []

    package init(name: String) { self.name = name }

    /// The first child of that name.
    package subscript(_ name: String) -> XMLTree? { children.first { $0.name == name } }

    /// The text of the first child of that name.
    package func text(_ name: String) -> String? { self[name]?.text }

    /// The children of that name.
    package func all(_ name: String) -> [XMLTree] { children.filter { $0.name == name } }
}
