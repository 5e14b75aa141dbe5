import DESBase

/// Reads a content-addressed file in pieces and proves that it is what its name says.
package final class BigFileReader {
    package static let pieceSize = 1 << 20

    package let path: String
    private let sha256: String
    private let size: UInt64
    private let crc32: CRC32?
    private let uid: String?

    /// - Parameters:
    ///   - crc32: what an entry says of the content.
    ///   - uid: the entry that errors name, if the file is read for one.
    package init(path: String, sha256: String, size: UInt64, crc32: CRC32? = nil, uid: String? = nil) {
        self.path = path
        self.sha256 = sha256
        self.size = size
        self.crc32 = crc32
        self.uid = uid
    }

    /// Gives the content in pieces; throws at the end if size or digests are not the expected ones.
    package func forEachPiece(
        _ body: (UnsafeRawBufferPointer) throws(ShardError) -> Void
    ) throws(ShardError) {
        let proof = BigFileProof(sha256: sha256, size: size, crc32: crc32)
        var offset: UInt64 = 0
        do {
            let file = try OpenFile(path)
            let status = try file.status()
            guard status.kind == .regular else {
                throw ShardError(
                    .corrupt, file: path, uid: uid, "expected a regular file, found a \(status.kind.rawValue)")
            }
            let found = UInt64(status.size)
            guard found == size else {
                throw ShardError(.corrupt, file: path, uid: uid, "expected \(size) bytes, found \(found)")
            }
            let buffer = ByteBuffer(capacity: Self.pieceSize)
            while offset <= size {
                buffer.removeAll()
                let room = UnsafeMutableRawBufferPointer(
                    rebasing: buffer.reserve(Self.pieceSize).prefix(Self.pieceSize))
                let count = try file.read(into: room, at: Int64(offset))
                guard count > 0 else { break }
                buffer.commit(count)
                proof.add(buffer.bytes)
                offset += UInt64(count)
                try body(buffer.bytes)
            }
        } catch let error as ShardError {
            throw error
        } catch {
            throw ShardError(.bigFileUnavailable, file: path, uid: uid, "\(error)")
        }
        if let problem = proof.finish() { throw ShardError(.corrupt, file: path, uid: uid, problem) }
    }
}
