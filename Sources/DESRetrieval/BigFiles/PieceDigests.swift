import DESBase
import DESShard

/// What each piece of a big file has to be: taken while all of its bytes were proved by the SHA-256 that is its name, so that a range can be
/// proved as well, at any time later and whatever has become of the file.
final class PieceDigests: Sendable {
    /// Bytes of a piece, but for the last one.
    static let pieceSize: UInt64 = 256 << 10

    /// Of each piece, in order.
    private let pieces: [CRC32]
    /// Of all bytes.
    let whole: CRC32

    init(pieces: [CRC32], whole: CRC32) {
        self.pieces = pieces
        self.whole = whole
    }

    /// Memory in bytes.
    var sizeInBytes: Int { pieces.count * MemoryLayout<CRC32>.stride + 128 }

    /// Where the first wrong piece begins; nil if all bytes are right.
    ///
    /// - Parameter start: of the bytes in the file: that of a piece. They end with a piece, or with the file.
    func firstDamage(in bytes: [UInt8], from start: UInt64) -> UInt64? {
        bytes.withUnsafeBytes { bytes in
            var position = 0
            while position < bytes.count {
                let end = min(position + Int(Self.pieceSize), bytes.count)
                let number = (start + UInt64(position)) / Self.pieceSize
                guard number < UInt64(pieces.count),
                    CRC32(of: UnsafeRawBufferPointer(rebasing: bytes[position..<end])) == pieces[Int(number)]
                else { return start + UInt64(position) }
                position = end
            }
            return nil
        }
    }
}

/// Takes the digests of a big file while its bytes go by, in order.
///
/// Not `Sendable`: one task reads a file.
final class PieceDigestTaker {
    private let proof: BigFileProof
    private var pieces: [CRC32] = []

    /// - Parameters:
    ///   - sha256: the file's name.
    ///   - size: in bytes.
    init(sha256: String, size: UInt64) { proof = BigFileProof(sha256: sha256, size: size) }

    /// - Parameter bytes: whole pieces, but for the end of the file.
    func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            proof.add(bytes)
            var position = 0
            while position < bytes.count {
                let end = min(position + Int(PieceDigests.pieceSize), bytes.count)
                pieces.append(CRC32(of: UnsafeRawBufferPointer(rebasing: bytes[position..<end])))
                position = end
            }
        }
    }

    /// - Returns: the digests, and what is wrong with the bytes that they are of; nil if nothing is.
    func finish() -> (digests: PieceDigests, problem: String?) {
        (PieceDigests(pieces: pieces, whole: proof.crc32), proof.finish())
    }
}
