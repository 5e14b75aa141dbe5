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
        let proof = BigFileProof(sha256: hash, size: size, crc32: entry.meta.crc32)
        try await part.forEachPiece(of: key, 0..<size, uid: entry.uid) { bytes, _ in
            try bytes.withUnsafeBytes { piece in
                proof.add(piece)
                try body(piece)
            }
        }
        if let problem = proof.finish() { throw damage(problem) }
    }

    private func damage(_ message: String) -> ShardProblem {
        ShardProblem(.damage, file: source.address(of: key), uid: entry.uid, message)
    }
}
