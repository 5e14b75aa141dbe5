import DESBase

/// File names for texts that may be too long for one.
package enum ShortenedName {
    /// Longest name, in bytes, that common file systems hold (255), less room for a suffix.
    package static let longest = 200
    private static let kept = 100

    /// The name itself if it is short enough, else its beginning, a `~`, and the SHA-256 of what it stands for.
    ///
    /// - Parameter whole: what no two names may share.
    package static func fitting(_ name: String, of whole: String) -> String {
        guard name.utf8.count > longest else { return name }
        let hash = SHA256()
        var whole = whole
        whole.withUTF8 { hash.update(UnsafeRawBufferPointer($0)) }
        let bytes = Array(name.utf8)
        var cut = kept
        // Not in the middle of a character.
        while cut > 0 && bytes[cut] & 0xC0 == 0x80 { cut -= 1 }
        return String(decoding: bytes[..<cut], as: UTF8.self) + "~" + hash.finish()
    }
}
