import DESShard

/// Proves, while a big file goes by, that it is what its name and its entry say.
///
/// Not `Sendable`: one task reads a file.
final class BigFileCheck {
    private let file: StoredFile
    private let hash = SHA256()
    private var crc32 = CRC32()

    init(_ file: StoredFile) {
        self.file = file
    }

    func update(_ piece: [UInt8]) {
        piece.withUnsafeBytes { bytes in
            hash.update(bytes)
            if file.entry.meta.crc32 != nil { crc32.update(bytes) }
        }
    }

    /// - Returns: what is wrong, if anything is. Nothing may follow.
    func finish() -> RetrievalError? {
        let digest = hash.finish()
        if case .bigFile(let expected, _) = file.entry.content, digest != expected {
            return RetrievalError(
                .damaged, uid: file.uid, "expected a big file with the SHA-256 \(expected), found \(digest)")
        }
        if let expected = file.entry.meta.crc32, expected != crc32 {
            return RetrievalError(.damaged, uid: file.uid, "expected CRC-32 \(expected), found \(crc32)")
        }
        return nil
    }
}
