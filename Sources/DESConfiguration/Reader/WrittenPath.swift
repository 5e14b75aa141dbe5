import DESBase

/// What is wrong with the text of a path, a bucket or a prefix that a person wrote: what a shell, a template or another
/// program would have replaced, and DES takes as it stands.
package struct WrittenPath: Sendable {
    /// What a text can be.
    package enum Verdict: Sendable, Equatable {
        /// Nothing is the matter.
        case plain
        /// Legal, but probably not meant; why, as the end of a sentence that begins with the key.
        case doubtful(String)
        /// Never meant; why, and what to write instead.
        case refused(String)
    }

    private let text: String

    /// Looks at a text after `${VAR}` is replaced.
    package init(_ text: String) { self.text = text }

    /// The verdict on the path of a local file or folder.
    package var asPath: Verdict {
        if case .refused(let why) = asName { return .refused(why) }
        if hasPrefix("~") {
            return .refused(
                "DES does not replace ~ by a home folder: write the whole path (./~ for a folder of that name)")
        }
        if hasPrefix("$"), isVariable(at: text.utf8.startIndex) {
            return .refused("DES does not replace $NAME: write ${NAME} (./$ for a folder whose name begins so)")
        }
        if let scheme = URLScheme(beginning: text), scheme.isFollowedBySlashes || scheme.isFile {
            return .refused("a path is expected here, not a URL that begins with \(scheme.name):")
        }
        if case .doubtful(let why) = asName { return .doubtful(why) }
        if let drive = text.utf8.first, isLetter(drive), isDrive {
            return .doubtful(
                "begins like a path of Windows; here it is a folder of that name below the working directory")
        }
        return .plain
    }

    /// The verdict on the beginning of the keys of a store.
    package var asKeyPrefix: Verdict {
        if hasPrefix(URLScheme.s3) { return .refused("expected the beginning of a key, without s3:// and the bucket") }
        if case .refused(let why) = asName { return .refused(why) }
        if hasPrefix("~/") || hasPrefix("$") && isVariable(at: text.utf8.startIndex) {
            return .doubtful("begins with what a shell would replace; DES takes it as it stands")
        }
        return asName
    }

    /// The verdict on the name of a bucket.
    package var asBucket: Verdict {
        if hasPrefix(URLScheme.s3) { return .refused("expected the name of a bucket, without s3://") }
        if case .refused(let why) = asName { return .refused(why) }
        if text.utf8.contains(UInt8(ascii: "/")) {
            return .refused("a bucket has no / in its name; what follows it belongs into prefix")
        }
        guard let strange = text.unicodeScalars.first(where: { !Self.isBucketScalar($0) }) else { return .plain }
        return .refused("a bucket has no \(Display.value(String(strange))) in its name")
    }

    /// The folder below another one that it names, without a slash at its end; nil when it is absolute, empty, leads out of its
    /// folder, or is refused as a path.
    package var relativeFolder: String? {
        if case .refused = asPath { return nil }
        let trimmed = text.hasByteSuffix("/") ? String(decoding: text.utf8.dropLast(), as: UTF8.self) : text
        let components = trimmed.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isUsable = components.allSatisfy { part in !["", ".", ".."].contains { part.elementsEqual($0.utf8) } }
        return isUsable ? trimmed : nil
    }

    /// What counts for each of them.
    private var asName: Verdict {
        if let control = text.unicodeScalars.first(where: { $0.properties.generalCategory == .control }) {
            return .refused(
                "holds the control character \(control.escaped(asASCII: true)) (at its end: a line end of a file?)")
        }
        let ends = [text.unicodeScalars.first, text.unicodeScalars.last].compactMap(\.self)
        if ends.contains(where: { $0.properties.isWhitespace }) { return .refused("begins or ends with a blank") }
        if let first = ends.first, Self.quotes.contains(first) {
            return .refused("begins with a quotation mark, which would be part of the name (./ before it if it is)")
        }
        for mark in ["{{", "{%"] where text.contains(mark) {
            return .refused("holds \(mark), as a template does that nobody has filled in")
        }
        if text.utf8.indices.contains(where: { isVariable(at: $0) }) {
            return .doubtful("holds $NAME, which DES takes as it stands: variables are written ${NAME}")
        }
        if let last = ends.last, Self.quotes.contains(last) {
            return .doubtful("ends with a quotation mark, which is part of the name")
        }
        if let hidden = text.unicodeScalars.first(where: { $0.properties.generalCategory == .format }) {
            return .doubtful("holds the invisible character \(hidden.escaped(asASCII: true))")
        }
        return .plain
    }

    private static let quotes: [Unicode.Scalar] = ["\"", "'", "`", "“", "”", "„", "‘", "’", "«", "»"]

    /// Whether `$NAME`, `$(command)` or `${` begins there.
    private func isVariable(at index: String.UTF8View.Index) -> Bool {
        guard text.utf8[index] == UInt8(ascii: "$"),
            let next = text.utf8[text.utf8.index(after: index)...].first
        else { return false }
        return isLetter(next) || next == UInt8(ascii: "_") || next == UInt8(ascii: "(") || next == UInt8(ascii: "{")
    }

    /// `C:\folder` or `C:/folder`.
    private var isDrive: Bool {
        let start = Array(text.utf8.prefix(3))
        return start.count == 3 && start[1] == UInt8(ascii: ":") && (start[2] == 0x5C || start[2] == UInt8(ascii: "/"))
    }

    private func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }

    private func hasPrefix(_ prefix: String) -> Bool { text.hasBytePrefix(prefix) }

    private static func isBucketScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "-", "_", ":": true
        default: false
        }
    }
}
