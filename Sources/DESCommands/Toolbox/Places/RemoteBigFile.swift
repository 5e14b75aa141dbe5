import DESBase
import DESShard
import DESStorage

/// A big file in a store. It is not copied but checked while it passes.
struct RemoteBigFile {
    let source: RemoteSource
    /// The shard whose entry names it, by its key.
    let shard: String
    let hash: String
    /// In bytes.
    let size: UInt64
    let entry: ShardEntry

    private var key: String { "\(source.bigFilesPrefix)/\(hash)" }

    /// Gives the content in pieces; a wrong hash is found at the end.
    ///
    /// - Throws: `ShardProblem`: damage when it is not there or not what the entry says; unreadable when nobody knows.
    func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) async throws(ShardProblem) {
        let store = source.store.part(of: shard)
        let part = RemoteSource(
            store: store, address: source.address, bigFilesPrefix: source.bigFilesPrefix,
            temporaryFolder: source.temporaryFolder)
        let attributes: ObjectAttributes?
        do throws(StorageError) { attributes = try await store.attributes(of: key) } catch {
            throw source.unreadable(key, uid: entry.uid, error)
        }
        guard let attributes else { throw damage("there is no such object") }
        guard attributes.size == size else { throw damage("expected \(size) bytes, found \(attributes.size)") }
        let sha256 = SHA256()
        var crc = CRC32()
        try await part.forEachPiece(of: key, 0..<size, uid: entry.uid) { bytes, _ in
            try bytes.withUnsafeBytes { piece in
                sha256.update(piece)
                crc.update(piece)
                try body(piece)
            }
        }
        let digest = sha256.finish()
        guard digest == hash else { throw damage("expected SHA-256 \(hash), found \(digest)") }
        if let expected = entry.meta.crc32, crc != expected {
            throw damage("expected CRC-32 \(expected), found \(crc)")
        }
    }

    private func damage(_ message: String) -> ShardProblem {
        ShardProblem(.damage, file: source.address(of: key), uid: entry.uid, message)
    }
}
