import DESBase

/// Proves, while the bytes of a big file go by in order, that they are what its name, and the entry that names it, say: the one
/// way in which all that read big files do it.
///
/// Not `Sendable`: one task reads a file.
package final class BigFileProof {
    private let sha256: String
    private let size: UInt64
    private let expectedCRC32: CRC32?
    private let hash = SHA256()
    private var count: UInt64 = 0
    /// Of what has gone by.
    package private(set) var crc32 = CRC32()

    /// - Parameters:
    ///   - sha256: the name, 64 lower-case hexadecimal digits.
    ///   - size: of the file, in bytes.
    ///   - crc32: what the entry's meta says, if it does.
    package init(sha256: String, size: UInt64, crc32: CRC32? = nil) {
        self.sha256 = sha256
        self.size = size
        expectedCRC32 = crc32
    }

    /// Takes in the bytes that follow.
    package func add(_ piece: UnsafeRawBufferPointer) {
        hash.update(piece)
        crc32.update(piece)
        count += UInt64(piece.count)
    }

    /// Ends the proof.
    ///
    /// - Returns: nil if all of it is right, else what is wrong.
    package func finish() -> String? {
        guard count == size else { return "expected \(size) bytes, found \(count)" }
        let digest = hash.finish()
        guard digest.isByteEqual(to: sha256) else { return "expected SHA-256 \(sha256), found \(digest)" }
        guard let expectedCRC32, crc32 != expectedCRC32 else { return nil }
        return "expected CRC-32 \(expectedCRC32), found \(crc32)"
    }

    /// What is wrong with a big file that is read in pieces only for that; nil if it is right.
    ///
    /// - Parameter read: gives the bytes of a range, fewer if the file ends.
    package static func problem(
        sha256: String, size: UInt64, crc32: CRC32? = nil, read: (Range<UInt64>) async throws -> [UInt8]
    ) async throws -> String? {
        let proof = BigFileProof(sha256: sha256, size: size, crc32: crc32)
        while proof.count < size {
            let piece = try await read(proof.count..<min(proof.count + pieceSize, size))
            guard !piece.isEmpty else { break }
            piece.withUnsafeBytes { proof.add($0) }
        }
        return proof.finish()
    }

    private static let pieceSize: UInt64 = 4 << 20
}
