/// Text that is compared, hashed and ordered by its bytes: a location, a path, a key of a store, a uid.
///
/// Swift compares `String` by canonical equivalence, so that two different file names, one with a composed `é` and one with
/// `e` and a combining accent, are equal to it, are one member of a `Set` and one key of a `Dictionary`. To a file system, an
/// object store and a database they are two.
package struct ByteString: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: some StringProtocol) { self.text = String(text) }

    package init(stringLiteral value: String) { text = value }

    package var description: String { text }

    package static func == (left: Self, right: Self) -> Bool { left.text.isByteEqual(to: right.text) }

    package static func < (left: Self, right: Self) -> Bool { left.text.isByteOrdered(before: right.text) }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { bytes in
            hasher.combine(bytes.count)
            hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
        }
    }
}

extension StringProtocol {
    /// Whether both have the same bytes.
    package func isByteEqual(to other: some StringProtocol) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }

    /// Whether it begins with the bytes of another text.
    package func hasBytePrefix(_ prefix: some StringProtocol) -> Bool { utf8.starts(with: prefix.utf8) }

    /// Whether it ends with the bytes of another text.
    package func hasByteSuffix(_ suffix: some StringProtocol) -> Bool {
        utf8.count >= suffix.utf8.count && utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }

    /// Whether its bytes come before those of another text.
    package func isByteOrdered(before other: some StringProtocol) -> Bool {
        utf8.lexicographicallyPrecedes(other.utf8)
    }
}
