/// Names and values of header fields, over their bytes.
package enum FieldText {
    /// Whether two names are the same, whatever the case of the first.
    package static func isSame(_ name: String, _ lowercased: StaticString) -> Bool { isSame(name.utf8, lowercased) }

    static func isSame(_ text: some Collection<UInt8>, _ lowercased: StaticString) -> Bool {
        let expected = UnsafeBufferPointer(start: lowercased.utf8Start, count: lowercased.utf8CodeUnitCount)
        return text.count == expected.count
            && zip(text, expected).allSatisfy { byte, expected in
                ((65...90).contains(byte) ? byte | 0x20 : byte) == expected
            }
    }

    /// A value without the blanks and tabs around it.
    package static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        let start = text.drop { $0 == 0x20 || $0 == 0x09 }
        guard let end = start.lastIndex(where: { $0 != 0x20 && $0 != 0x09 }) else { return start[start.endIndex...] }
        return start[...end]
    }
}
