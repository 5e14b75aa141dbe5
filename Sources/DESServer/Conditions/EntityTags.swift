/// The list of an `If-Match` or `If-None-Match` header (RFC 9110, section 13.1).
enum EntityTags {
    /// How tags are compared.
    enum Comparison { case strong, weak }

    /// Whether one of the list is the tag of a file.
    ///
    /// - Parameters:
    ///   - list: the header's value: `*`, or tags in quotes with commas between them. A tag without quotes, which some
    ///     clients send, is taken as if it had them.
    ///   - tag: the file's, without quotes; always strong.
    static func list(_ list: String, contains tag: String, _ comparison: Comparison) -> Bool {
        var rest = list.utf8[...]
        while true {
            while let first = rest.first, first == 0x20 || first == 0x09 || first == UInt8(ascii: ",") {
                rest = rest.dropFirst()
            }
            guard !rest.isEmpty else { return false }
            var isWeak = false
            if rest.starts(with: "W/".utf8) {
                isWeak = true
                rest = rest.dropFirst(2)
            }
            let candidate: Substring.UTF8View.SubSequence
            if rest.first == UInt8(ascii: "\"") {
                rest = rest.dropFirst()
                candidate = rest.prefix { $0 != UInt8(ascii: "\"") }
                rest = rest[candidate.endIndex...].dropFirst()
            } else {
                candidate = rest.prefix { $0 != UInt8(ascii: ",") && $0 != 0x20 && $0 != 0x09 }
                rest = rest[candidate.endIndex...]
                if candidate.elementsEqual("*".utf8), !isWeak { return true }
            }
            if candidate.elementsEqual(tag.utf8), !(isWeak && comparison == .strong) { return true }
        }
    }
}
